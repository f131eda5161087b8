/** The `classifier` family of a policy: the shipped model, or the current version of a folder of `parapet improve`. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { createClassifierGuard } from '../guards/classifier/index.ts'
import { createLanguageDetector } from '../guards/limits/index.ts'
import type { ClassifierEngine, Guard } from '../spec/index.ts'
import { ParapetError, PolicyError } from '../spec/index.ts'
import type { GuardParts } from './registry.ts'

const positive = z.int().positive().exactOptional()

export const classifierOptions = z.strictObject({
  stages: z
    .array(z.enum(['input', 'retrieval', 'tool_call', 'tool_result', 'output']))
    .nonempty()
    .exactOptional(),
  window: positive,
  hop: positive,
  deep: z.enum(['auto', 'off', 'required']).exactOptional(),
  /** Folder of `parapet improve`, whose current version judges; the shipped model if absent. */
  versions: z.string().min(1).exactOptional(),
})

/**
 * @param base where a path in the policy begins
 * @throws PolicyError with the mistake, where the folder has no whole current version
 */
export async function createPolicyClassifier(
  id: string,
  { deep = 'auto', versions, ...options }: z.infer<typeof classifierOptions>,
  parts: Pick<GuardParts, 'classifier' | 'version'>,
  base: string,
): Promise<Guard> {
  const open = async (): Promise<ClassifierEngine> =>
    versions === undefined ? parts.classifier(deep) : (await parts.version(resolve(base, versions), deep)).engine
  try {
    return createClassifierGuard({ id, engine: await open(), language: await createLanguageDetector(), ...options })
  } catch (cause) {
    if (versions === undefined || !ParapetError.isInstance(cause) || cause.code !== 'engine_unavailable') throw cause
    const remedy = 'Paths begin at the folder of the policy; see docs/guides/improve.md.'
    throw new PolicyError([{ key: `guards.${id}.versions`, message: cause.message.replace(/\.$/, ''), remedy }])
  }
}
