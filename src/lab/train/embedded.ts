/**
 * Trains the embedded classifier: records and invented text → features → linear models → calibration → one file.
 *
 * Seeded: the same data, options and engine version give the same bytes. Development sets only calibrate.
 */
import type { EmbeddedModelData } from '../../nn/embedded-model.ts'
import { ALONE, EmbeddedModel, writeEmbeddedModel } from '../../nn/embedded-model.ts'
import { HashedFeatures } from '../../nn/hashed-features.ts'
import { createRandom } from '../../nn/random.ts'
import type { Calibration } from '../../nn/embedded-model.ts'
import type { CalibrationRow } from './calibrate.ts'
import { calibrate } from './calibrate.ts'
import type { Example } from './examples.ts'
import { RESPONSE_OUTPUTS, TEXT_OUTPUTS, toExamples, withJailbreakHarm } from './examples.ts'
import type { LinearExample } from './linear-trainer.ts'
import { trainLinear } from './linear-trainer.ts'
import type { RecordFile } from './records.ts'
import { syntheticFrom } from './synthetic.ts'

export interface TrainEmbeddedOptions {
  readonly files: readonly RecordFile[]
  /** Sets that only calibrate. */
  readonly calibration: readonly RecordFile[]
  readonly seed: number
  /** log2 of the buckets. Default 18. */
  readonly bits?: number
  readonly epochs?: number
  readonly rate?: number
  readonly decay?: number
  /** Invented examples of each kind. Default 12,000. */
  readonly synthetic?: number
  /** Share of harmless calibration texts above 0.5. Default 0.05. */
  readonly falsePositiveRate?: number
  readonly onProgress?: (message: string) => void
}

/** Beginning of a text that training looks at. */
const LONGEST = 3000
/** Targets are pulled in by this much: many labels are wrong. */
const SMOOTHING = 0.02
/** A group of this many examples has weight 1; smaller ones count more for each, larger ones less. */
const GROUP_SIZE = 1500
const GROUP_POWER = 0.7
/** One in so many examples is held out for calibration. */
const HELD_OUT = 20
const OUTPUTS: readonly string[] = [...TEXT_OUTPUTS, ...RESPONSE_OUTPUTS]

export interface TrainedModel {
  readonly model: EmbeddedModel
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Examples learnt from, by group. */
  readonly groups: ReadonlyMap<string, number>
}

/** Trains and calibrates. */
export function trainEmbedded(options: TrainEmbeddedOptions): TrainedModel {
  const { bits = 18, epochs = 4, rate = 0.3, decay = 1e-6, seed, onProgress = (): void => undefined } = options
  const features = new HashedFeatures(bits)
  const examples = gatherExamples(options)
  const groups = countBy(examples, ({ group }) => group)
  const held: Example[] = []
  const learnt: LinearExample[] = []
  examples.forEach((example, index) => {
    if (index % HELD_OUT === HELD_OUT - 1) held.push(example)
    else {
      const size = groups.get(example.group) ?? 1
      learnt.push(toLinear(example, features, size))
      // An answer must be judged rightly without its prompt too.
      if (example.response !== undefined && index % 2 === 0)
        learnt.push(toLinear({ ...example, prompt: '' }, features, size))
    }
  })
  onProgress(`${learnt.length} examples to learn from, ${held.length} held out`)
  const text = TEXT_OUTPUTS.map((_, index) => index)
  const response = RESPONSE_OUTPUTS.map((_, index) => TEXT_OUTPUTS.length + index)
  const parts = [
    { bits, outputs: text },
    { bits, outputs: response },
    { bits, outputs: response.slice(0, 1) },
  ]
  const onEpoch = (epoch: number, loss: number): void => onProgress(`epoch ${epoch + 1}: loss ${loss.toFixed(4)}`)
  const [textPart, responsePart, contextPart] = trainLinear(learnt, {
    outputs: OUTPUTS,
    parts,
    epochs,
    rate,
    decay,
    seed,
    onEpoch,
  })
  if (textPart === undefined || responsePart === undefined || contextPart === undefined)
    throw new RangeError('three parts were trained')
  const data: EmbeddedModelData = {
    id: 'parapet-embedded-1',
    parts: { text: textPart, response: responsePart, context: contextPart },
    calibration: {},
    coverage: coverageOf(options.files),
  }
  const calibration = calibrateAll(new EmbeddedModel(data, ''), held, options)
  const bytes = writeEmbeddedModel({ ...data, calibration })
  return { model: EmbeddedModel.read(bytes, 'trained'), bytes, groups }
}

function gatherExamples({ files, seed, synthetic = 12_000 }: TrainEmbeddedOptions): readonly Example[] {
  const real = files.flatMap(({ name, records }) => records.flatMap((record) => toExamples(record, name)))
  return [...real.map(withJailbreakHarm), ...syntheticFrom(files, createRandom(seed + 6), synthetic)]
}

function toLinear(example: Example, features: HashedFeatures, groupSize: number): LinearExample {
  const bucketsOf = (text: string): Int32Array => {
    features.extract(text, 0, Math.min(text.length, LONGEST))
    return features.buckets.slice(0, features.count)
  }
  const segments =
    example.text === undefined
      ? [
          { part: 1, buckets: bucketsOf(example.response ?? '') },
          { part: 2, buckets: bucketsOf(example.prompt ?? '') },
        ]
      : [{ part: 0, buckets: bucketsOf(example.text) }]
  const targets = Object.entries(example.targets).map(
    ([head, target]) => [OUTPUTS.indexOf(head), target === 1 ? 1 - SMOOTHING : SMOOTHING] as const,
  )
  return { segments, targets, weight: example.weight * Math.min(4, (GROUP_SIZE / groupSize) ** GROUP_POWER) }
}

function calibrateAll(
  model: EmbeddedModel,
  held: readonly Example[],
  options: TrainEmbeddedOptions,
): Readonly<Record<string, Calibration>> {
  const { falsePositiveRate = 0.05 } = options
  const rows = new Map<string, CalibrationRow[]>([...OUTPUTS, ALONE].map((output) => [output, []]))
  const add = (
    example: Pick<Example, 'text' | 'response' | 'targets'> & { readonly prompt?: string | undefined },
    set: string,
  ): void => {
    if (example.response !== undefined && example.prompt !== undefined && set === 'held-out')
      add({ ...example, prompt: undefined }, 'held-out, no prompt')
    const scores =
      example.text === undefined
        ? model.scoreResponse(example.response ?? '', example.prompt)
        : model.scoreText(example.text)
    const alone = example.response !== undefined && (example.prompt ?? '') === ''
    for (const [target, label] of Object.entries(example.targets)) {
      const head = alone && target === 'response_harm' ? ALONE : target
      rows.get(head)?.push({ logit: logitOf(scores[head] ?? 0.5), label, set })
    }
  }
  for (const example of held) add(example, 'held-out')
  for (const { name, records } of options.calibration) {
    for (const record of records) for (const example of toExamples(record, name)) add(example, name)
  }
  return Object.fromEntries(
    [...rows].map(([head, list]) => [
      head,
      calibrate(list, STRICT.includes(head) ? falsePositiveRate / 2 : falsePositiveRate),
    ]),
  )
}

/** Heads whose sets hold few everyday texts: half the rate there is about the whole rate in use. */
const STRICT: readonly string[] = ['response_harm', ALONE]

function logitOf(probability: number): number {
  const bounded = Math.min(1 - 1e-12, Math.max(1e-12, probability))
  return Math.log(bounded / (1 - bounded))
}

/** Rows of both labels in a language from which a head counts as trained there. */
const ENOUGH = 200

function coverageOf(files: readonly RecordFile[]): EmbeddedModelData['coverage'] {
  const counts = new Map<string, Map<string, [number, number]>>()
  for (const { name, records } of files) {
    for (const record of records) {
      for (const { targets } of toExamples(record, name)) {
        for (const [head, label] of Object.entries(targets)) {
          const languages = counts.get(head) ?? new Map<string, [number, number]>()
          const pair = languages.get(record.lang) ?? [0, 0]
          pair[label]++
          counts.set(head, languages.set(record.lang, pair))
        }
      }
    }
  }
  return Object.fromEntries(
    [...counts].map(([head, languages]) => [
      head,
      Object.fromEntries(
        [...languages].map(([lang, [none, some]]) => [
          lang,
          none >= ENOUGH && some >= ENOUGH ? 'trained' : none + some > 0 ? 'transferred' : 'untested',
        ]),
      ),
    ]),
  )
}

function countBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1)
  return counts
}
