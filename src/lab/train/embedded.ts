/**
 * Trains the fast tier: examples → features → linear models, and passages → the passage model → calibration → one file.
 *
 * Seeded: the same examples and options give the same bytes. Where an example says what the deep tier makes of it, half of each target
 * is that (Hinton, Vinyals & Dean 2015, "Distilling the knowledge in a neural network", §2), and heads without a label learn from it
 * alone.
 */
import type { EmbeddedModelData } from '../../nn/embedded-model.ts'
import { ALONE, ANY_LANGUAGE, EmbeddedModel, writeEmbeddedModel } from '../../nn/embedded-model.ts'
import { HashedFeatures } from '../../nn/hashed-features.ts'
import { spokenLanguage } from '../../nn/spoken-language.ts'
import type { FalsePositiveLimits } from './calibrate.ts'
import { calibrate } from './calibrate.ts'
import { calibrateLanguages, type SpokenRow } from './calibrate-languages.ts'
import type { Example } from './examples.ts'
import { RESPONSE_OUTPUTS, TEXT_OUTPUTS } from './examples.ts'
import { exampleWeights } from './example-weights.ts'
import type { LinearExample } from './linear-trainer.ts'
import { trainLinear } from './linear-trainer.ts'
import { trainPassages } from './passages.ts'
import type { CalibrationExample, TrainingSet } from './training-set.ts'
import { HELD_OUT_SET } from './training-set.ts'

export interface TrainEmbeddedOptions {
  readonly id: string
  readonly set: TrainingSet
  readonly seed: number
  /** log2 of the buckets. Default 18. */
  readonly bits?: number
  readonly epochs?: number
  readonly rate?: number
  readonly decay?: number
  /** Output to the most harmless texts above 0.5, by set. */
  readonly limits: Readonly<Record<string, FalsePositiveLimits>>
  readonly onProgress?: (message: string) => void
}

/** Beginning of a text that training looks at. */
const LONGEST = 3000
/** Targets are pulled in by this much: many labels are wrong. */
const SMOOTHING = 0.02
/** Share of the deep tier's opinion in a target that has a label. */
const TEACHER = 0.5
const OUTPUTS: readonly string[] = [...TEXT_OUTPUTS, ...RESPONSE_OUTPUTS]

export interface TrainedModel {
  readonly model: EmbeddedModel
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Trains and calibrates. */
export function trainEmbedded(options: TrainEmbeddedOptions): TrainedModel {
  const { id, set, bits = 18, epochs = 4, rate = 0.3, decay = 1e-6, seed, onProgress = (): void => undefined } = options
  const features = new HashedFeatures(bits)
  const weights = exampleWeights(set.learnt)
  const learnt = set.learnt.flatMap((example, index): readonly LinearExample[] => {
    const row = toLinear(example, features, weights[index] ?? 0)
    // An answer must be judged rightly without its prompt too.
    return example.response !== undefined && index % 2 === 0
      ? [row, toLinear({ ...example, prompt: '' }, features, weights[index] ?? 0)]
      : [row]
  })
  onProgress(`${learnt.length} examples to learn from, ${set.calibration.length} to calibrate with`)
  const text = TEXT_OUTPUTS.map((_, index) => index)
  const response = RESPONSE_OUTPUTS.map((_, index) => TEXT_OUTPUTS.length + index)
  const parts = [
    { bits, outputs: text },
    { bits, outputs: response },
    { bits, outputs: response.slice(0, 1) },
  ]
  const onEpoch = (epoch: number, loss: number): void => onProgress(`epoch ${epoch + 1}: loss ${loss.toFixed(4)}`)
  const [textPart, responsePart, contextPart] = trainLinear(learnt, {
    ...{ outputs: OUTPUTS, parts, epochs, rate, decay, seed, onEpoch },
  })
  if (textPart === undefined || responsePart === undefined || contextPart === undefined)
    throw new RangeError('three parts were trained')
  const passage = trainPassages({ examples: set.passages ?? [], bits, seed, onProgress })
  const data: EmbeddedModelData = {
    id,
    parts: { text: textPart, response: responsePart, context: contextPart },
    ...(passage === null ? {} : { passage }),
    calibration: {},
    coverage: set.coverage,
  }
  const calibration = calibrateAll(new EmbeddedModel(data, ''), set.calibration, options.limits)
  const bytes = writeEmbeddedModel({ ...data, calibration })
  return { model: EmbeddedModel.read(bytes, 'trained'), bytes }
}

function toLinear(example: Example, features: HashedFeatures, weight: number): LinearExample {
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
  return { segments, targets: targetsOf(example), weight }
}

function targetsOf({ targets, teacher = {} }: Example): LinearExample['targets'] {
  const outputs = [...new Set([...Object.keys(targets), ...Object.keys(teacher)])]
  return outputs.map((output) => {
    const [label, opinion] = [targets[output], teacher[output]]
    if (label === undefined) return [OUTPUTS.indexOf(output), opinion ?? 0] as const
    const smooth = label === 1 ? 1 - SMOOTHING : SMOOTHING
    return [
      OUTPUTS.indexOf(output),
      opinion === undefined ? smooth : (1 - TEACHER) * smooth + TEACHER * opinion,
    ] as const
  })
}

function calibrateAll(
  model: EmbeddedModel,
  examples: readonly CalibrationExample[],
  limits: TrainEmbeddedOptions['limits'],
): EmbeddedModelData['calibration'] {
  return Object.fromEntries(
    [...calibrationRows(model, examples)].map(([output, rows]) => {
      const general = calibrate(rows, limits[output] ?? {})
      return [output, { [ANY_LANGUAGE]: general, ...calibrateLanguages(rows, general) }]
    }),
  )
}

/** By output: what a model without a calibration says of every labelled text. Held-out answers count without their prompts too. */
export function calibrationRows(
  model: EmbeddedModel,
  examples: readonly CalibrationExample[],
): ReadonlyMap<string, readonly SpokenRow[]> {
  const rows = new Map<string, SpokenRow[]>([...OUTPUTS, ALONE].map((output) => [output, []]))
  for (const { example, set } of examples) {
    add(rows, model, example, set)
    if (example.response !== undefined && (example.prompt ?? '') !== '' && set === HELD_OUT_SET)
      add(rows, model, { ...example, prompt: '' }, `${set}, no prompt`)
  }
  return rows
}

function add(rows: ReadonlyMap<string, SpokenRow[]>, model: EmbeddedModel, example: Example, set: string): void {
  const { text, response = '', prompt, targets } = example
  const scores = text === undefined ? model.scoreResponse(response, prompt) : model.scoreText(text)
  const alone = text === undefined && (prompt ?? '') === ''
  // The engine goes by what it finds, so the fit does too, whatever a row says of itself.
  const language = spokenLanguage(text ?? response)
  for (const [target, label] of Object.entries(targets)) {
    const head = alone && target === 'response_harm' ? ALONE : target
    rows.get(head)?.push({ logit: logitOf(scores[target] ?? 0.5), label, set, language })
  }
}

/** Bounded, so that a probability of 0 or 1 has one too. */
export function logitOf(probability: number): number {
  const bounded = Math.min(1 - 1e-12, Math.max(1e-12, probability))
  return Math.log(bounded / (1 - bounded))
}
