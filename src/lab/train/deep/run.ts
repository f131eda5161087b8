/**
 * A whole training run: examples → plan → fine-tuning → int8 file → calibration and figures on held-out rows.
 *
 * It reads no data files; `main.ts` does. In its folder it keeps the checkpoint only.
 */
import { join } from 'node:path'
import type { EncoderConfig } from '../../../nn/encoder/config.ts'
import { exportEncoder } from '../../../nn/encoder/export.ts'
import {
  type Coverage,
  type GuardEncoderData,
  type GuardInput,
  encodeGuardInput,
  writeGuardEncoder,
} from '../../../nn/encoder/guard-encoder.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import { UnigramTokenizer } from '../../../nn/tokenizer/unigram.ts'
import type { Example } from '../examples.ts'
import { type LabelledLogit, calibrationByLanguage } from './calibration.ts'
import { logitsOf } from './evaluate.ts'
import { guardText } from './examples.ts'
import { BUCKETS, type Bucket, byGroup, groupShare, planBatches, planOrder } from './plan.ts'
import { type HeadFigures, headFigures } from './report.ts'
import { type DeepProgress, trainDeep } from './train.ts'
import type { Pieces } from './vocabulary.ts'

export interface DeepRunOptions {
  readonly runtime: OnnxRuntime
  /** Name and version of the model. */
  readonly id: string
  readonly heads: readonly string[]
  readonly config: EncoderConfig
  /** Where training starts; changed in place. */
  readonly parameters: ParameterValues
  readonly pieces: Pieces
  readonly reserved: number
  readonly examples: readonly Example[]
  /** Examples to learn from, repeats counted. */
  readonly rows: number
  readonly seed: number
  /** Folder of the checkpoint; must exist. */
  readonly folder: string
  /** Go on from the checkpoint, if there is one. */
  readonly resume?: boolean
  /** Steps between checkpoints; 200 if absent. */
  readonly checkpointEvery?: number
  /** 1 if absent. */
  readonly threads?: number
  /** As in `TrainDeepOptions`. */
  readonly learningRate?: number
  readonly embeddingRate?: number
  /** Sizes of the training graphs; the longest must hold `config.maxLength`. `BUCKETS` if absent. */
  readonly buckets?: readonly Bucket[]
  readonly onProgress?: (progress: DeepProgress) => void
  readonly progressEvery?: number
  readonly signal?: AbortSignal
}

export interface DeepRunResult {
  readonly file: Uint8Array<ArrayBuffer>
  readonly figures: readonly HeadFigures[]
  readonly steps: number
  /** Examples learnt from at least once, and examples held out. */
  readonly learnt: number
  readonly heldOut: number
}

/** One text in so many is held out, with everything that was said about it. */
const HELD_OUT = 20
/** Most held-out examples that are evaluated. */
const MOST_HELD_OUT = 20_000
/** Texts that were labelled for toxicity are many, and more rude than dangerous. */
const TOXICITY_FACTOR = 0.6
/** Rows of either label in a language from which a head counts as trained there. */
const ENOUGH = 200

export async function runDeepTraining(options: DeepRunOptions): Promise<DeepRunResult> {
  const { config, pieces, reserved, examples, parameters, heads, folder } = options
  const tokenizer = new UnigramTokenizer({ pieces, reserved })
  const encodeExample = (example: Example): GuardInput =>
    encodeGuardInput(tokenizer, guardText(example), config.maxLength)
  const training = examples.filter((example) => !isHeldOut(example))
  const held = thinned(examples.filter(isHeldOut), MOST_HELD_OUT)

  const { used, places } = drawn(training, options)
  const rows = used.map((example) => ({
    input: encodeExample(example),
    targets: example.targets,
    weight: example.weight,
  }))
  const batches = planBatches(places, (place) => rows[place]?.input.ids.length ?? 0, options.buckets ?? BUCKETS)
  const { checkpointEvery = 200, resume = false } = options
  const { steps } = await trainDeep({
    ...options,
    ...{ rows, batches },
    checkpoint: { path: join(folder, 'checkpoint.bin'), every: checkpointEvery, resume },
  })

  const inputs = held.map(encodeExample)
  const onnx = exportEncoder(config, parameters, { precision: 'int8' })
  const int8 = await logitsOf({ ...options, inputs, onnx })
  const float32 = await logitsOf({ ...options, inputs, onnx: exportEncoder(config, parameters) })
  const data: GuardEncoderData = {
    ...{ id: options.id, heads, maxTokens: config.maxLength, pieces, reserved, onnx },
    calibration: calibrationOf(heads, held, int8),
    coverage: coverageOf(heads, used),
  }
  return {
    file: writeGuardEncoder(data),
    figures: headFigures(data, held, float32, int8),
    ...{ steps, learnt: used.length, heldOut: held.length },
  }
}

/** The examples the plan draws, each once, and their places in the order of learning. */
function drawn(
  training: readonly Example[],
  { rows, seed }: DeepRunOptions,
): { readonly used: readonly Example[]; readonly places: Int32Array } {
  const groups = training.map(({ group }) => group)
  const toxicity = toxicityGroups(training)
  const factor = (group: string): number => (toxicity.has(group) ? TOXICITY_FACTOR : 1)
  const order = planOrder(groups, { rows, seed, factor })
  const places = new Map<number, number>()
  for (const place of order) if (!places.has(place)) places.set(place, places.size)
  return {
    used: [...places.keys()].map((place) => training[place] as Example),
    places: order.map((place) => places.get(place) as number),
  }
}

/** Groups whose rows were labelled for toxicity: such rows name no hazards, which all others that speak of toxicity do. */
function toxicityGroups(examples: readonly Example[]): ReadonlySet<string> {
  const groups = new Map<string, boolean>()
  for (const { group, targets } of examples) {
    const only = 'toxicity' in targets && !Object.keys(targets).some((head) => /^S\d/.test(head))
    groups.set(group, only && (groups.get(group) ?? true))
  }
  return new Set([...groups].flatMap(([group, only]) => (only ? [group] : [])))
}

/** By the text itself, so that an example and its copies, or a prompt and the answers to it, stay on one side. */
function isHeldOut({ text, prompt, response }: Example): boolean {
  const named = text ?? (prompt === undefined || prompt === '' ? (response ?? '') : prompt)
  let hash = 0x811c9dc5
  for (let index = 0; index < named.length; index += 1) hash = Math.imul(hash ^ named.charCodeAt(index), 0x01000193)
  return ((hash ^ (hash >>> 15)) >>> 0) % HELD_OUT === 0
}

function thinned<T>(list: readonly T[], most: number): readonly T[] {
  const stride = Math.ceil(list.length / most)
  return list.filter((_, index) => index % stride === 0)
}

/** Groups count as they do in training, so that probabilities are those of its mixture. */
function calibrationOf(
  heads: readonly string[],
  held: readonly Example[],
  logits: readonly Float32Array[],
): GuardEncoderData['calibration'] {
  const members = byGroup(held.map(({ group }) => group))
  const weightOf = (group: string): number => {
    const size = members.get(group)?.length ?? 1
    return groupShare(size) / size
  }
  return Object.fromEntries(
    heads.map((head, column) => {
      const rows = held.flatMap(({ targets, group, language }, index): LabelledLogit[] => {
        const label = targets[head]
        if (label === undefined) return []
        return [{ label, language, logit: logits[index]?.[column] ?? 0, weight: weightOf(group) }]
      })
      return [head, calibrationByLanguage(rows)]
    }),
  )
}

function coverageOf(heads: readonly string[], examples: readonly Example[]): GuardEncoderData['coverage'] {
  const languages = [...new Set(examples.flatMap(({ language }) => language ?? []))].toSorted()
  return Object.fromEntries(
    heads.map((head) => {
      const counts = new Map(languages.map((language) => [language, [0, 0] as [number, number]]))
      for (const { targets, language } of examples) {
        const label = targets[head]
        const pair = language === undefined ? undefined : counts.get(language)
        if (label !== undefined && pair !== undefined) pair[label] += 1
      }
      return [head, Object.fromEntries([...counts].map(([language, pair]) => [language, coverage(...pair)]))]
    }),
  )
}

function coverage(negatives: number, positives: number): Coverage {
  if (negatives >= ENOUGH && positives >= ENOUGH) return 'trained'
  return negatives + positives > 0 ? 'transferred' : 'untested'
}
