/**
 * One policy with everything built for it: compiled rules, guards, judge. A change of policy makes a new generation; requests that
 * have begun keep theirs.
 */
import { compilePolicy } from '../core/policy/index.ts'
import type { Judge, PipelineParts } from '../core/pipeline/index.ts'
import { createJudge } from '../core/pipeline/index.ts'
import type { Guard, Policy, Router } from '../spec/index.ts'
import { PolicyError } from '../spec/index.ts'
import { compileLinearTest } from '../guards/rules/index.ts'
import { judgingClassifier } from './classifier-family.ts'
import type { JudgingVersion } from './guard-versions.ts'
import type { SharedParts } from './registry.ts'
import { BUILTIN_GUARDS, buildGuard, guardProblems } from './registry.ts'
import { policyRouter } from './steering.ts'

export interface Generation {
  readonly policy: Policy
  /** Hash of the policy, then the versions of `versions`: `0f3a…+v2`. */
  readonly version: string
  readonly judge: Judge
  readonly guards: ReadonlyMap<string, Guard>
  /** Guards whose model is a version of a folder of `parapet improve`. */
  readonly versions: readonly JudgingVersion[]
  /** The policy's; null where it has none. */
  readonly router: Router | null
}

/** What does not change with the policy. */
export interface GenerationContext extends Omit<PipelineParts, 'policy' | 'guards' | 'scorer'> {
  readonly parts: SharedParts
  /** Guards handed to `createParapet`, by id. */
  readonly own: ReadonlyMap<string, Guard>
  /** Where paths in the policy begin. Default: the process's folder. */
  readonly folder?: string
}

/** Builds a generation, or throws a `PolicyError` that names everything that is wrong. */
export async function createGeneration(policy: Policy, context: GenerationContext): Promise<Generation> {
  const named = [...guardNames(policy)].filter((name) => BUILTIN_GUARDS.includes(name) && !context.own.has(name))
  const definitions = { ...Object.fromEntries(named.map((name) => [name, { use: name }])), ...policy.guards }
  const issues = Object.entries(definitions).flatMap(([name, definition]) =>
    context.own.has(definition.use)
      ? []
      : guardProblems(definition).map((problem) => ({ ...problem, key: `guards.${name}${problem.key}` })),
  )
  if (issues.length > 0) throw new PolicyError(issues)
  const knownGuards = new Set([...context.own.keys(), ...BUILTIN_GUARDS, ...Object.keys(policy.guards ?? {})])
  const options = { clock: context.clock, knownGuards, compilePattern: compileLinearTest }
  // Before a model is loaded: a policy that is none needs none.
  compilePolicy(policy, options)
  const guards = new Map<string, Guard>()
  const versions: JudgingVersion[] = []
  for (const name of guardNames(policy)) guards.set(name, await makeGuard(name, policy, context, versions))
  // One version behind several guards is one model.
  const models = new Map(versions.map(({ folder, version }) => [`${version} ${folder}`, version])).values()
  const compiled = compilePolicy(policy, { ...options, models: [...models] })
  const judge = createJudge({ ...context, policy: () => compiled, guards, scorer: 'classifier' })
  const router = await policyRouter(policy, context.parts.completion, context.folder)
  return { policy, version: compiled.version, judge, guards, versions, router }
}

/** Names in any rail of any scope, and the classifier, whose scores every row carries. */
function guardNames(policy: Policy): ReadonlySet<string> {
  const { organisation, applications = {}, users = {} } = policy.scopes ?? {}
  const settings = [policy, organisation, ...Object.values(applications), ...Object.values(users)]
  const names = settings
    .flatMap((scope) => Object.values(scope?.rails ?? {}).flat())
    .map((entry) => (typeof entry === 'string' ? entry : entry.guard))
  return new Set([...names, 'classifier'])
}

async function makeGuard(
  name: string,
  policy: Policy,
  context: GenerationContext,
  versions: JudgingVersion[],
): Promise<Guard> {
  const definition = policy.guards?.[name] ?? { use: name }
  const own = context.own.get(definition.use)
  if (own !== undefined) return name === own.id ? own : Object.create(own, { id: { value: name, enumerable: true } })
  const version: SharedParts['version'] = async (folder, deep) => {
    const opened = await context.parts.version(folder, deep)
    const { engine: _, ...facts } = opened
    versions.push({ guard: name, ...facts })
    return opened
  }
  const parts = { ...context.parts, version }
  const judging = judgingClassifier(policy, parts, context.folder ?? '.')
  return buildGuard(name, definition, { ...parts, judging }, context.folder)
}
