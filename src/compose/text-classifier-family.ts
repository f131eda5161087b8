/**
 * The `text-classifier` family of a policy: its options, how a model's folder is found, and how both become a guard. Files that change
 * on the disk are seen when the process starts again.
 */
import { resolve } from 'node:path'
import { z } from 'zod'
import type { ModelSettings } from '../guards/text-classifier/index.ts'
import {
  TEXT_CLASSIFIER_PRESETS,
  createSimilarityGuard,
  createTextClassifierGuard,
  textClassifierPreset,
} from '../guards/text-classifier/index.ts'
import type { Guard } from '../spec/index.ts'
import { ParapetError, PolicyError } from '../spec/index.ts'
import type { TextModels } from './text-models.ts'

/** A preset beside those of the guard: it is over an encoder, not a classifier. */
const SIMILARITY = 'off-topic-similarity'

const positive = z.int('Write a whole number above 0.').positive('Write a whole number above 0.').exactOptional()
const whole = z.int('Write a whole number.').min(0, 'Write a whole number.').exactOptional()
const BETWEEN = 'Write a number between 0 and 1.'
const share = z.number(BETWEEN).gt(0, BETWEEN).lt(1, BETWEEN)
const stage = z.enum(['input', 'retrieval', 'tool_call', 'tool_result', 'output'])
const name = z.string().min(1)
const meaning = z.union([name, z.strictObject({ label: name, stages: z.array(stage).nonempty() })])

/** How the folder is loaded. */
const model = z.strictObject({
  file: name.exactOptional(),
  precision: z.enum(['fp32', 'fp16', 'q8', 'int8', 'uint8', 'q4', 'q4f16', 'bnb4']).exactOptional(),
  labels: z.array(name).nonempty().exactOptional(),
  activation: z.enum(['softmax', 'sigmoid']).exactOptional(),
  first: z.enum(['context', 'text']).exactOptional(),
  pooling: z.enum(['mean', 'cls']).exactOptional(),
  maxTokens: positive,
  overlap: whole,
  padTo: positive,
  runTokens: positive,
  threads: positive,
  concurrency: positive,
  queue: whole,
})

export const textClassifierOptions = z
  .strictObject({
    folder: name,
    preset: z.enum([...TEXT_CLASSIFIER_PRESETS, SIMILARITY]).exactOptional(),
    model: model.exactOptional(),
    labels: z.record(name, z.union([meaning.transform((one) => [one]), z.array(meaning)])).exactOptional(),
    sees: z.enum(['text', 'joined', 'prompt', 'system']).exactOptional(),
    threshold: share.exactOptional(),
    thresholds: z.record(name, share).exactOptional(),
    stages: z.array(stage).nonempty().exactOptional(),
    system: name.exactOptional(),
    window: positive,
    hop: positive,
    longest: positive,
  })
  .refine(({ preset, labels }) => preset !== undefined || labels !== undefined, {
    path: ['labels'],
    message: 'Say what each label of the model means, or name a preset.',
  })
  .refine(({ preset, threshold }) => preset !== SIMILARITY || threshold !== undefined, {
    path: ['threshold'],
    message: 'Write the cosine below which a text is off topic.',
  })
  .refine(
    ({ preset, labels, sees, thresholds }) =>
      preset !== SIMILARITY || [labels, sees, thresholds].every((option) => option === undefined),
    { path: ['preset'], message: `${SIMILARITY} takes neither labels nor sees nor thresholds.` },
  )

type Options = z.infer<typeof textClassifierOptions>

/**
 * @param base where a path in the policy begins
 * @throws PolicyError with the mistake, where the folder or the options are wrong
 */
export async function createPolicyTextClassifier(
  id: string,
  options: Options,
  models: TextModels,
  base: string,
): Promise<Guard> {
  try {
    return await create(id, options, models, resolve(base, options.folder))
  } catch (cause) {
    if (!ParapetError.isInstance(cause) || (cause.code !== 'engine_unavailable' && cause.code !== 'configuration'))
      throw cause
    const ofFolder = cause.code === 'engine_unavailable'
    const key = `guards.${id}${ofFolder ? '.folder' : ''}`
    const remedy = `${ofFolder ? 'Paths begin at the folder of the policy; see' : 'See'} docs/guides/onnx-classifiers.md.`
    throw new PolicyError([{ key, message: cause.message.replace(/\.$/, ''), remedy }])
  }
}

async function create(id: string, options: Options, models: TextModels, folder: string): Promise<Guard> {
  const { preset, model: given = {}, folder: _folder, threshold, ...rest } = options
  const { pooling, labels: names, activation, first, ...shared } = given
  if (preset === SIMILARITY) {
    if ([names, activation, first].some((option) => option !== undefined))
      throw new ParapetError(
        'configuration',
        `${SIMILARITY} is over an encoder, which has no labels, activation, first.`,
      )
    const engine = await models.encoder(folder, { ...shared, ...(pooling === undefined ? {} : { pooling }) })
    const { labels: _labels, sees: _sees, thresholds: _thresholds, ...sizes } = rest
    return createSimilarityGuard({ id, engine, threshold: threshold ?? 0.5, ...sizes })
  }
  if (pooling !== undefined)
    throw new ParapetError('configuration', 'pooling is for encoders; a classifier pools in its graph. Leave it out.')
  const usual: ModelSettings = preset === undefined ? {} : textClassifierPreset(preset).model
  const engine = await models.classifier(folder, {
    ...{ ...usual, ...shared },
    ...(names === undefined ? {} : { labels: names }),
    ...(activation === undefined ? {} : { activation }),
    ...(first === undefined ? {} : { first }),
  })
  return createTextClassifierGuard({
    ...{ id, engine, ...rest },
    ...(preset === undefined ? {} : { preset }),
    ...(threshold === undefined ? {} : { threshold }),
  })
}
