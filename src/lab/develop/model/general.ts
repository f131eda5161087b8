/**
 * The general model: off-topic detection learnt once, from the library and from labelled rows of public sets, so that an application needs
 * few samples of its own. Scopes to calibrate on are held out by domain, as an application is one the model has not seen.
 */
import type { GuardEncoderData } from '../../../nn/encoder/guard-encoder.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { encoderMark, topicLogit, type TopicModelData } from '../../../nn/topic-model.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { calibrate } from '../../train/calibrate.ts'
import type { RecordFile } from '../../train/records.ts'
import { placeOf } from '../generate/draw.ts'
import { librarySamples } from '../generate/library-samples.ts'
import { LIBRARY } from '../library/index.ts'
import type { TopicSample } from '../sample.ts'
import { addPairs, backgroundOf, createEncoderOfTexts, type EncoderOfTexts, FeatureMaker, shownOf } from './encode.ts'
import { trainNetwork } from './train-network.ts'

/** A labelled row of a public set, or one of the library. */
export interface DomainSample extends TopicSample {
  readonly set: string
  /** Scopes of one domain are held out together. */
  readonly domain: string
}

export interface GeneralOptions {
  readonly id: string
  readonly deep: GuardEncoderData
  readonly runtime: OnnxRuntime
  /** Rows beside the library's; none for a model of invented text alone. */
  readonly public: readonly DomainSample[]
  readonly seed: number
  /** System prompts of each scope of the library. Default 10. */
  readonly perScope?: number
  /** Shared with other trainings: each text is encoded once. */
  readonly encoder?: EncoderOfTexts
  /** What the file says of its making. */
  readonly made?: Readonly<Record<string, unknown>>
  readonly onProgress?: (message: string) => void
  readonly signal?: AbortSignal
}

const LIBRARY_SET = 'library'
const PER_SCOPE = 10
const EPOCHS = 3
const LEARNING_RATE = 1e-3
/** Share of domains that only calibrate. */
const HELD_OUT = 0.15
/** On-topic messages above one half, all sets together, at most. */
const FALSE_ALARMS = 0.1

/** Rows of the off-topic sets in the record form; each file is a set, its second category the domain. */
export function publicSamples(files: readonly RecordFile[]): readonly DomainSample[] {
  return files.flatMap(({ name, records }) =>
    records.flatMap(({ task, system, prompt, label, lang, categories }): readonly DomainSample[] => {
      if (task !== 'offtopic' || system === null) return []
      const domain = `${name} ${(categories[1] ?? '').replace(/_\d+$/, '')}`
      const slice = label === 1 ? 'other scope' : 'request'
      return [{ system, prompt, label, slice, language: lang, set: name, domain }]
    }),
  )
}

export async function trainGeneral(options: GeneralOptions): Promise<TopicModelData> {
  const { id, deep, runtime, seed, perScope = PER_SCOPE, made, signal, onProgress = () => undefined } = options
  const encoder = options.encoder ?? createEncoderOfTexts(deep, runtime)
  const samples = [...libraryDomains(seed, perScope), ...options.public]
  const topics = LIBRARY.flatMap((scope) => scope.topics.map(({ name }) => name))
  onProgress(`encoding ${samples.length} pairs`)
  await addPairs(encoder, samples, signal)
  await encoder.add(topics, signal)
  const background = backgroundOf(encoder, topics)
  const maker = new FeatureMaker(encoder, background)
  const held = samples.filter(({ domain }) => placeOf(domain, seed) < HELD_OUT)
  // Courtesies and what belongs nowhere are the same for every scope of the library; its own requests are what must be new.
  const asked = new Set(
    held.filter(({ set, slice }) => set !== LIBRARY_SET || slice === 'request').map(({ prompt }) => prompt),
  )
  const taught = samples.filter(({ domain, prompt }) => placeOf(domain, seed) >= HELD_OUT && !asked.has(prompt))
  if (held.length === 0 || taught.length === 0)
    throw new ParapetError('input_invalid', 'There are too few domains to hold some out for calibration.')
  onProgress(`training on ${taught.length} pairs, calibrating on ${held.length}`)
  const network = await trainNetwork({
    ...{ runtime, seed, rows: shownOf(maker, taught), epochs: EPOCHS, learningRate: LEARNING_RATE },
    ...(signal === undefined ? {} : { signal }),
  })
  const calibration = calibrate(
    held.map((sample) => ({
      ...{ logit: topicLogit(network, maker.of(sample)), label: sample.label, set: sample.set },
    })),
    { '*': FALSE_ALARMS },
  )
  return {
    ...{ id, encoder: encoderMark(deep.encoder), network, background, calibration },
    ...(made === undefined ? {} : { made }),
  }
}

function libraryDomains(seed: number, perScope: number): readonly DomainSample[] {
  return librarySamples({ seed, perScope }).map((sample) => ({ ...sample, set: LIBRARY_SET, domain: sample.scope }))
}
