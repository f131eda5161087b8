/**
 * Trains the passage model: examples → features → one linear output. Which passages there are is `passage-examples.ts`'s matter.
 *
 * A pair has the features of both units, those they share twice: that is how `nn/passage-model.ts` reads it.
 */
import { HashedFeatures } from '../../nn/hashed-features.ts'
import { PASSAGE_OUTPUT } from '../../nn/embedded-model.ts'
import type { PassageModelData } from '../../nn/passage-model.ts'
import { trainLinear, type LinearExample } from './linear-trainer.ts'
import type { PassageExample } from './passage-examples.ts'

export interface TrainPassagesOptions {
  readonly examples: readonly PassageExample[]
  readonly bits: number
  readonly seed: number
  readonly onProgress?: (message: string) => void
}

const EPOCHS = 4
const RATE = 0.3
const DECAY = 1e-6
/** Many labels are wrong: a question may well stand in a document. */
const SMOOTHING = 0.02
/** A group of this many passages has weight 1; smaller ones count more for each, larger ones less. */
const GROUP_SIZE = 3000
const GROUP_POWER = 0.5
const MOST = 3
/** The best of some twenty on the sets that calibrate; documents of the bench were among those looked at (bench/LOG.md). */
const TERMS = { context: 0.5, length: 0.6 } as const

/** Null where one label is missing. */
export function trainPassages({ examples, bits, seed, onProgress }: TrainPassagesOptions): PassageModelData | null {
  if (new Set(examples.map(({ label }) => label)).size < 2) return null
  const features = new HashedFeatures(bits)
  const sizes = new Map<string, number>()
  for (const { group } of examples) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  const rows = examples.map((example): LinearExample => {
    const share = (GROUP_SIZE / (sizes.get(example.group) ?? 1)) ** GROUP_POWER
    return {
      segments: [{ part: 0, buckets: bucketsOf(example, features) }],
      targets: [[0, example.label === 1 ? 1 - SMOOTHING : SMOOTHING]],
      weight: Math.min(MOST, share),
    }
  })
  onProgress?.(`${rows.length} passages to learn from`)
  const [linear] = trainLinear(rows, {
    ...{ outputs: [PASSAGE_OUTPUT], parts: [{ bits, outputs: [0] }], epochs: EPOCHS, rate: RATE, decay: DECAY, seed },
    onEpoch: (epoch, loss) => onProgress?.(`passages, epoch ${epoch + 1}: loss ${loss.toFixed(4)}`),
  })
  return linear === undefined ? null : { linear, ...TERMS }
}

function bucketsOf({ text, start, ends }: PassageExample, features: HashedFeatures): Int32Array {
  const units = ends.map((end, index) => {
    features.extract(text, index === 0 ? start : (ends[index - 1] ?? start), end)
    return features.buckets.slice(0, features.count)
  })
  const joined = new Int32Array(units.reduce((sum, unit) => sum + unit.length, 0))
  let at = 0
  for (const unit of units) {
    joined.set(unit, at)
    at += unit.length
  }
  return joined
}
