/**
 * The guard of one application: the general model, taught on with the application's samples and as many of the library, so that it does not
 * forget. Calibrated on system prompts it was not taught with. Where teaching made it no better there, the general network is kept.
 */
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { topicLogit, type TopicModelData, type TopicNetwork } from '../../../nn/topic-model.ts'
import { rankingMetrics } from '../../eval/metrics/ranking.ts'
import { calibrate } from '../../train/calibrate.ts'
import { sourceKey } from '../generate/clean.ts'
import { librarySamples } from '../generate/library-samples.ts'
import { pickMany } from '../generate/draw.ts'
import { createRandom } from '../../../nn/random.ts'
import type { Split } from '../sample.ts'
import { addPairs, type EncoderOfTexts, FeatureMaker, shownOf } from './encode.ts'
import { trainNetwork } from './train-network.ts'

export interface SpecialiseOptions {
  readonly general: TopicModelData
  readonly runtime: OnnxRuntime
  readonly encoder: EncoderOfTexts
  readonly split: Split
  readonly id: string
  readonly seed: number
  /** Share of on-topic messages that may be flagged when calibrating. */
  readonly falseAlarms: number
  readonly made?: Readonly<Record<string, unknown>>
  readonly signal?: AbortSignal
}

export interface Specialised {
  readonly model: TopicModelData
  /** Area under ROC on the calibration part, before and after teaching. */
  readonly before: number | null
  readonly after: number | null
  readonly kept: 'general' | 'taught'
}

const EPOCHS = 4
/** Lower than at first: it knows most already. */
const LEARNING_RATE = 3e-4
const PER_SCOPE = 3

export async function specialise(options: SpecialiseOptions): Promise<Specialised> {
  const { general, runtime, encoder, split, id, seed, falseAlarms, made, signal } = options
  // What is measured or calibrated on is never taught, not even beside another system prompt.
  const kept = new Set([...split.calibrate, ...split.test].map(sourceKey))
  const reminders = pickMany(
    librarySamples({ seed, perScope: PER_SCOPE }).filter((sample) => !kept.has(sourceKey(sample))),
    split.train.length,
    createRandom(seed),
  )
  await addPairs(encoder, [...split.train, ...split.calibrate, ...reminders], signal)
  const maker = new FeatureMaker(encoder, general.background)
  const taught = await trainNetwork({
    ...{ runtime, seed, rows: shownOf(maker, [...split.train, ...reminders]), epochs: EPOCHS },
    ...{ learningRate: LEARNING_RATE, start: general.network },
    ...(signal === undefined ? {} : { signal }),
  })
  const rows = (network: TopicNetwork): { readonly label: 0 | 1; readonly score: number }[] =>
    split.calibrate.map((sample) => ({ label: sample.label, score: topicLogit(network, maker.of(sample)) }))
  const [before, after] = [general.network, taught].map((network) => rankingMetrics(rows(network)).areaUnderRoc)
  const better = (after ?? 0) >= (before ?? 0)
  const network = better ? taught : general.network
  const calibration = calibrate(
    rows(network).map(({ label, score }) => ({ label, logit: score, set: 'application' })),
    { '*': falseAlarms },
  )
  return {
    model: { ...general, id, network, calibration, ...(made === undefined ? {} : { made }) },
    ...{ before: before ?? null, after: after ?? null, kept: better ? 'taught' : 'general' },
  }
}
