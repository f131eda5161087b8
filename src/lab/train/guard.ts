/**
 * From a training set to both tiers of the guard model: heads on the encoder's vectors, what they say of the training texts, the fast
 * tier distilled from that, and the deep tier that blends both.
 *
 * It reads no files; `main.ts` and the command do. Without an encoder there is a fast tier only.
 */
import { ParapetError } from '../../spec/index.ts'
import type { OnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { TEXT_OUTPUTS } from './examples.ts'
import type { FalsePositiveLimits } from './calibrate.ts'
import { buildDeepTier, encodeTexts, thinCalibration, type Bands } from './deep/deep-tier.ts'
import type { ReadyEncoder } from './deep/encoder.ts'
import { headLogits, trainHeads } from './deep/heads.ts'
import { sampleExamples } from './deep/sample.ts'
import { trainEmbedded, type TrainedModel } from './embedded.ts'
import type { Example } from './examples.ts'
import type { TrainingSet } from './training-set.ts'
import type { VectorCache } from './vector-cache.ts'

export interface TrainGuardOptions {
  readonly ids: { readonly fast: string; readonly deep: string }
  readonly set: TrainingSet
  readonly seed: number
  readonly limits: Readonly<Record<string, FalsePositiveLimits>>
  /** log2 of the fast tier's buckets. Default 18. */
  readonly bits?: number
  readonly epochs?: number
  readonly deep?: {
    readonly runtime: OnnxRuntime
    readonly encoder: ReadyEncoder
    readonly bands: Bands
    /** Factor of the number of texts that are encoded; 1 if absent. */
    readonly scale?: number
    readonly threads?: number
    readonly hidden?: readonly [number, number]
    readonly members?: readonly [number, number]
    /** Vectors by text of this encoder; new ones are added. */
    readonly vectors: VectorCache
  }
  readonly onProgress?: (message: string) => void
  readonly signal?: AbortSignal
}

export interface TrainedGuard {
  readonly fast: TrainedModel
  /** The deep tier's file; absent without an encoder. */
  readonly deep?: Uint8Array<ArrayBuffer>
  /** What the fast tier learnt from: the given set, with the opinion of the heads where there are any. */
  readonly set: TrainingSet
}

/** Heads whose opinion every text teaches, labelled or not. */
const TAUGHT: readonly string[] = ['prompt_harm', 'toxicity', 'injection_direct']
/** In documents the fast tier finds attacks better than its teacher. */
const NOT_TAUGHT = 'injection_indirect'

const KINDS = { text: 'prompt to learn from', response: 'answer to learn from (response_harm, refusal)' } as const

export async function trainGuard(options: TrainGuardOptions): Promise<TrainedGuard> {
  const { ids, set, deep, limits } = options
  if (deep === undefined) return { fast: trainFast(options, set), set }
  const note = options.onProgress ?? ((): void => undefined)
  const { runtime, encoder, scale = 1, threads = 1, vectors } = deep
  for (const part of ['text', 'response'] as const)
    if (!set.learnt.some((example) => example[part] !== undefined))
      throw new ParapetError('input_invalid', `The deep tier needs rows of both kinds: there is no ${KINDS[part]}.`)
  const calibration = thinCalibration(set.calibration)
  const sample = sampleExamples(set.learnt, scale)
  const texts = [
    ...sample.flatMap(({ place }) => textsOf(set.learnt[place] as Example)),
    ...calibration.flatMap(({ example }) => textsOf(example)),
  ].filter((text) => vectors.get(text) === undefined)
  note(`${sample.length} examples for the heads, ${new Set(texts).size} texts to encode`)
  const encoded = await encodeTexts(runtime, encoder, texts, {
    threads,
    onProgress: (done) => note(`${done} texts encoded`),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  for (const [text, vector] of encoded) vectors.set(text, vector)
  vectors.save()
  const vectorOf = (text: string): Float32Array => {
    const vector = vectors.get(text)
    if (vector === undefined) throw new RangeError('a text was not encoded')
    return vector
  }
  const heads = await trainHeads({
    ...{ runtime, vectorOf, seed: options.seed, onNote: note },
    examples: sample.map(({ place, weight }) => {
      const example = set.learnt[place] as Example
      return { example, weight: weight * example.weight }
    }),
    ...(deep.hidden === undefined ? {} : { hidden: deep.hidden }),
    ...(deep.members === undefined ? {} : { members: deep.members }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const taught = await withTeacher(
    set,
    sample.map(({ place }) => place),
    (chosen) => headLogits(runtime, heads.text, chosen.map(vectorOf)),
  )
  const fast = trainFast(options, taught)
  const file = await buildDeepTier({
    ...{ runtime, id: ids.deep, encoder, heads, fast: fast.model, calibration, vectorOf },
    ...{ coverage: set.coverage, limits, bands: deep.bands },
  })
  return { fast, deep: file, set: taught }
}

function trainFast({ ids, seed, limits, bits, epochs, onProgress }: TrainGuardOptions, set: TrainingSet): TrainedModel {
  return trainEmbedded({
    ...{ id: ids.fast, set, seed, limits },
    ...(bits === undefined ? {} : { bits }),
    ...(epochs === undefined ? {} : { epochs }),
    ...(onProgress === undefined ? {} : { onProgress }),
  })
}

/** Texts that are encoded for an example; the empty one has no vector. */
function textsOf({ text, response, prompt }: Example): readonly string[] {
  return text === undefined ? [response ?? '', ...(prompt === undefined || prompt === '' ? [] : [prompt])] : [text]
}

/** The set with what the heads say of the sampled texts. */
async function withTeacher(
  set: TrainingSet,
  places: readonly number[],
  logitsOf: (texts: readonly string[]) => Promise<readonly Float32Array[]>,
): Promise<TrainingSet> {
  const chosen = places.filter((place) => set.learnt[place]?.text !== undefined)
  const logits = await logitsOf(chosen.map((place) => set.learnt[place]?.text ?? ''))
  const learnt = [...set.learnt]
  chosen.forEach((place, index) => {
    const example = learnt[place] as Example
    const opinions = TEXT_OUTPUTS.flatMap((output, column): [string, number][] =>
      output !== NOT_TAUGHT && (TAUGHT.includes(output) || output in example.targets)
        ? [[output, 1 / (1 + Math.exp(-(logits[index]?.[column] ?? 0)))]]
        : [],
    )
    learnt[place] = { ...example, teacher: Object.fromEntries(opinions) }
  })
  return { ...set, learnt }
}
