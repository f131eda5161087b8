/** The `topic` family of a policy: an off-topic model by its path, or the general one of the package. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { createTopicGuard, TOPIC_THRESHOLDS } from '../guards/topic/index.ts'
import type { Guard } from '../spec/index.ts'
import { ParapetError, PolicyError } from '../spec/index.ts'
import type { TextModels } from './text-models.ts'

const positive = z.int('Write a whole number above 0.').positive('Write a whole number above 0.').exactOptional()
const name = z.string().min(1)
const RANGE = 'Write a number from 0.4 to 0.6.'

export const topicOptions = z.strictObject({
  /** File that `parapet develop` wrote; the general model of the package if absent. */
  model: name.exactOptional(),
  threshold: z.number(RANGE).min(TOPIC_THRESHOLDS.lowest, RANGE).max(TOPIC_THRESHOLDS.highest, RANGE).exactOptional(),
  system: name.exactOptional(),
  stages: z
    .array(z.enum(['input', 'retrieval', 'tool_call', 'tool_result', 'output']))
    .nonempty()
    .exactOptional(),
  window: positive,
  hop: positive,
  longest: positive,
  /** Languages in which the model was shown to work; `en` if absent. */
  languages: z
    .array(z.string().regex(/^[a-z]{2,3}$/, 'Write language codes such as en.'))
    .nonempty()
    .exactOptional(),
})

/**
 * @param base where a path in the policy begins
 * @throws PolicyError with the mistake, where the file or the options are wrong
 */
export async function createPolicyTopic(
  id: string,
  { model, ...options }: z.infer<typeof topicOptions>,
  models: TextModels,
  base: string,
): Promise<Guard> {
  try {
    return createTopicGuard({ id, engine: await models.topic(model && resolve(base, model)), ...options })
  } catch (cause) {
    if (!ParapetError.isInstance(cause) || (cause.code !== 'engine_unavailable' && cause.code !== 'configuration'))
      throw cause
    const key = `guards.${id}${cause.code === 'engine_unavailable' ? '.model' : ''}`
    const remedy = 'Paths begin at the folder of the policy; see docs/guides/develop.md.'
    throw new PolicyError([{ key, message: cause.message.replace(/\.$/, ''), remedy }])
  }
}
