/**
 * Makes the subjects of `parapet bench`. Policies are composed by the runtime and handed to the lab as functions.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { EvaluationTask, Subject } from '../lab/eval/index.ts'
import { readHashLines } from '../lab/eval/hash-list.ts'
import {
  createGatewaySubject,
  createJudgeSubject,
  createModerationSubject,
  createOpenAiJudge,
  createPipelineSubject,
  loadEmbeddedSubject,
  PIPELINE_TASKS,
  RIVALS,
  shippedTrainingHashes,
  type PipelineSubjectOptions,
} from '../lab/eval/subjects/index.ts'
import { parseKeys, type SubjectSpec } from './bench-settings.ts'
import { usageError } from './exit.ts'
import { findPolicy } from './find-policy.ts'
import type { CliIo } from './io.ts'
import type { Checker, Runtime } from './runtime.ts'

/** Of a policy with a guard of the scope. */
const SCOPE_TASKS: readonly EvaluationTask[] = [...PIPELINE_TASKS, 'offtopic']
/** The built-in rules do not claim to see harm. */
const RULES_TASKS: readonly EvaluationTask[] = ['injection', 'pii']

export interface SubjectSettings {
  /** As given with `--api-key-env`. */
  readonly keys: readonly string[]
  /** Tasks whose label is what judges call harm; by default those of that name. */
  readonly harm: readonly EvaluationTask[] | undefined
}

/** All subjects, in order; those already made are closed when one cannot be made. */
export async function openSubjects(
  io: CliIo,
  runtime: Runtime,
  specs: readonly SubjectSpec[],
  { keys: keyOptions, harm }: SubjectSettings,
): Promise<readonly Subject[]> {
  const hosts = [...new Set(specs.flatMap((spec) => ('url' in spec ? [hostOf(spec.url)] : [])))]
  const keys = parseKeys(io, keyOptions, hosts)
  const subjects: Subject[] = []
  try {
    for (const spec of specs) subjects.push(await openSubject(io, runtime, spec, { keys, harm }))
    return subjects
  } catch (error) {
    await closeSubjects(subjects)
    throw error
  }
}

export async function closeSubjects(subjects: readonly Subject[]): Promise<void> {
  for (const subject of subjects) await subject.close?.()
}

async function openSubject(
  io: CliIo,
  runtime: Runtime,
  spec: SubjectSpec,
  { keys, harm }: { readonly keys: ReadonlyMap<string, string>; readonly harm: SubjectSettings['harm'] },
): Promise<Subject> {
  const labels = harm === undefined ? {} : { harm }
  if ('url' in spec) {
    const apiKey = keys.get(hostOf(spec.url))
    const common = { url: spec.url, ...(apiKey === undefined ? {} : { apiKey }) }
    if (spec.kind === 'judge')
      return createOpenAiJudge({ ...common, ...labels, model: spec.model, format: spec.format })
    if (spec.kind === 'remote') return createGatewaySubject(common)
    return createModerationSubject(spec.model === undefined ? common : { ...common, model: spec.model })
  }
  switch (spec.kind) {
    case 'embedded':
      if (spec.value === '') return loadEmbeddedSubject()
      if (spec.value === 'fast' || spec.value === 'deep') return loadEmbeddedSubject(undefined, { tiers: spec.value })
      return trainedSubject(io, spec.value)
    case 'policy': {
      const policy = spec.value === '' ? null : findPolicy(io, spec.value)
      const name = spec.value === '' ? 'built-in policy' : `policy ${spec.value}`
      const checker = await runtime.openChecker(policy?.path ?? null)
      const scope = policy !== null && (await checker.judgesScope?.()) === true ? { tasks: SCOPE_TASKS } : {}
      try {
        return pipelineSubject(name, checker, { ...scope, ...(await trainingOf(checker)) })
      } catch (error) {
        await checker.close()
        throw error
      }
    }
    case 'policy-judge': {
      const path = findPolicy(io, spec.value)?.path ?? spec.value
      const judge = await runtime.openJudge(path, spec.guard, io.env)
      return createJudgeSubject({ ...judge, ...labels, name: `judge ${spec.value}#${spec.guard}` })
    }
    case 'rules':
      return pipelineSubject('rules', await runtime.openRules(), { tasks: RULES_TASKS, scored: false })
    case 'rival': {
      const rival = RIVALS.find(({ name }) => name === spec.value)
      if (rival === undefined) throw usageError(`there is no subject "${spec.value}".`)
      return rival.load(io.cwd)
    }
    default:
      return spec satisfies never
  }
}

function pipelineSubject(
  name: string,
  checker: Checker,
  rest: Pick<PipelineSubjectOptions, 'tasks' | 'scored' | 'trainingHashes' | 'trainingPartlyKnown'> = {},
): Subject {
  return createPipelineSubject({
    name,
    version: checker.policyVersion,
    check: (input, options) => checker.check(input, options),
    close: () => checker.close(),
    ...rest,
  })
}

/** What the shipped models among a policy's guards learnt from; nothing is said of any others. */
async function trainingOf(
  checker: Checker,
): Promise<Pick<PipelineSubjectOptions, 'trainingHashes' | 'trainingPartlyKnown'>> {
  const { shipped, other } = (await checker.models?.()) ?? { shipped: false, other: false }
  const trainingHashes = shipped ? await shippedTrainingHashes() : null
  return trainingHashes === null ? {} : { trainingHashes, trainingPartlyKnown: other }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}

/** What `parapet lab train` wrote: both tiers where there are two, and the hashes of the texts it learnt from. */
function trainedSubject(io: CliIo, name: string): Promise<Subject> {
  const folder = resolve(io.cwd, name)
  const hashes = join(folder, 'run', 'training-hashes.txt')
  return loadEmbeddedSubject(join(folder, 'classifier.bin'), {
    name: `embedded:${name}`,
    deepPath: join(folder, 'deep.bin'),
    ...(existsSync(hashes) ? { trainingHashes: readHashLines(readFileSync(hashes, 'utf8'), hashes) } : {}),
  })
}
