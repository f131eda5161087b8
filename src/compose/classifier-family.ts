/**
 * The `classifier` family of a policy: the shipped model, or the current version of a folder of `parapet improve`. And which of them
 * guards of other families are given.
 */
import { resolve } from 'node:path'
import { z } from 'zod'
import { createClassifierGuard } from '../guards/classifier/index.ts'
import { createLanguageDetector } from '../guards/limits/index.ts'
import type { ClassifierEngine, Guard, Policy } from '../spec/index.ts'
import { ParapetError, PolicyError } from '../spec/index.ts'
import type { DeepSetting, GuardParts } from './registry.ts'

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
  const engine = await (versions === undefined ? parts.classifier(deep) : openVersion(id, versions, deep, parts, base))
  return createClassifierGuard({ id, engine, language: await createLanguageDetector(), ...options })
}

/**
 * What guards of other families ask where they want a classifier: one policy has one opinion of a text. That is the policy's guard
 * `classifier`, whose scores every row carries; a classifier under another name stands for itself.
 *
 * @param base where a path in the policy begins
 */
export function judgingClassifier(
  { guards = {} }: Policy,
  parts: Pick<GuardParts, 'classifier' | 'version'>,
  base: string,
): GuardParts['judging'] {
  const folder = versionsOf(guards, 'classifier')
  return folder === null ? parts.classifier : (deep) => openVersion('classifier', folder, deep, parts, base)
}

/** The folder that a guard of this family takes its model from; null where it has the shipped one, or is of another family. */
export function versionsOf(guards: NonNullable<Policy['guards']>, name: string): string | null {
  const definition = Object.hasOwn(guards, name) ? guards[name] : undefined
  if (definition?.use !== 'classifier') return null
  const { versions } = definition
  return typeof versions === 'string' ? versions : null
}

async function openVersion(
  id: string,
  versions: string,
  deep: DeepSetting,
  parts: Pick<GuardParts, 'version'>,
  base: string,
): Promise<ClassifierEngine> {
  try {
    const { engine } = await parts.version(resolve(base, versions), deep)
    return engine
  } catch (cause) {
    if (!ParapetError.isInstance(cause) || cause.code !== 'engine_unavailable') throw cause
    const remedy = 'Paths begin at the folder of the policy; see docs/guides/improve.md.'
    throw new PolicyError([{ key: `guards.${id}.versions`, message: cause.message.replace(/\.$/, ''), remedy }])
  }
}
