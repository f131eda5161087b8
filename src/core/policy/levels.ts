/**
 * The levels of a policy, from broad to narrow: the policy, its organisation, one application, one user. What a level may not do
 * is reported here in one wording.
 */
import type { HardSetting, Policy, PolicySettings, ScopePolicy } from '../../spec/index.ts'
import type { KeyPath, PolicyProblem } from './problem.ts'
import { DEFAULT_HARD } from './defaults.ts'

/** One level with its settings. */
export interface Level {
  /** 0 policy, 1 organisation, 2 application, 3 user. */
  readonly number: number
  readonly path: KeyPath
  /** As messages call it: `scope users.mia`. */
  readonly title: string
  readonly settings: PolicySettings
  readonly without: readonly string[] | undefined
}

/** What merging needs to know beside the levels. */
export interface MergeContext {
  readonly hard: ReadonlySet<HardSetting>
  isHardGuard(guard: string): boolean
  report(problem: PolicyProblem): void
  reportLoosened(level: Level, path: KeyPath, setting: HardSetting, keep: string): void
}

/** Levels that hold for everybody: the policy and its organisation. */
export function commonLevels(policy: Policy): readonly Level[] {
  const base: Level = { number: 0, path: [], title: 'the policy', settings: policy, without: undefined }
  const organisation = policy.scopes?.organisation
  return organisation === undefined ? [base] : [base, scopeLevel(1, ['organisation'], organisation)]
}

/** The level of an application, if the policy has one. */
export function applicationLevel(policy: Policy, name: string | undefined): Level | undefined {
  const scope = own(policy.scopes?.applications, name)
  return scope === undefined || name === undefined ? undefined : scopeLevel(2, ['applications', name], scope)
}

/** The level of a user, if the policy has one. */
export function userLevel(policy: Policy, name: string | undefined): Level | undefined {
  const scope = own(policy.scopes?.users, name)
  return scope === undefined || name === undefined ? undefined : scopeLevel(3, ['users', name], scope)
}

/** A context that hands problems to `report`. */
export function createMergeContext(policy: Policy, report: (problem: PolicyProblem) => void): MergeContext {
  const hard = new Set(policy.hard ?? DEFAULT_HARD)
  return {
    hard,
    isHardGuard: (guard) => own(policy.guards, guard)?.hard === true,
    report,
    reportLoosened(level, path, setting, keep) {
      report({
        path,
        message: `${level.title} loosens '${setting}', which is hard`,
        remedy: `Write \`${keep}\` or leave the key out; to allow this, take '${setting}' out of \`hard\` in the policy`,
      })
    },
  }
}

function scopeLevel(number: number, path: readonly string[], scope: ScopePolicy): Level {
  return { number, path: ['scopes', ...path], title: `scope ${path.join('.')}`, settings: scope, without: scope.without }
}

/** A member that the object itself has: names of users come from outside and may be `constructor`. */
function own<T>(table: Readonly<Record<string, T>> | undefined, name: string | undefined): T | undefined {
  return table !== undefined && name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined
}
