/**
 * Compiles a policy: checks what a schema cannot (names, hardness, expiry), fills in defaults and merges scopes per caller.
 */
import type { Caller, Clock, Policy, PolicyIssue, PolicySettings, RailEntry, Stage } from '../../spec/index.ts'
import { PolicyError, STAGES } from '../../spec/index.ts'
import {
  DEFAULT_CACHE,
  DEFAULT_CONVERSATION,
  DEFAULT_DEADLINES,
  DEFAULT_RECORD,
  DEFAULT_REFUSALS,
  DEFAULT_RETRIES,
  DEFAULT_STREAM,
} from './defaults.ts'
import type { PatternCompiler } from './exceptions.ts'
import { compileException } from './exceptions.ts'
import { createRuleLookup, loosenings } from './rules.ts'
import type { NamedScope } from './scopes.ts'
import { applyScope, railName, scopeIssues } from './scopes.ts'
import type { CompiledPolicy, EffectivePolicy, ResolvedRailEntry } from './types.ts'
import { contentVersion } from './version.ts'

export interface CompileOptions {
  /** Time by which exceptions expire. Default: the system's. */
  readonly clock?: Clock
  /** Names a rail may list. Default: not checked here; an unknown guard is an `error` verdict. */
  readonly knownGuards?: ReadonlySet<string>
  /** How pattern exceptions are matched. Without it a policy that has one is refused. */
  readonly compilePattern?: PatternCompiler
}

/** Effective policies kept: one for each combination of scopes that occurred. */
const KEPT = 1000

const WALL_CLOCK: Clock = { now: () => Date.now(), setTimeout: () => undefined, clearTimeout: () => undefined }

/** Compiles a policy. Throws a `PolicyError` that lists every mistake. */
export function compilePolicy(policy: Policy, options: CompileOptions = {}): CompiledPolicy {
  const issues = [
    ...nameIssues(policy, options.knownGuards),
    ...entryIssues(policy),
    ...allScopeIssues(policy),
    ...patternIssues(policy, options),
  ]
  if (issues.length > 0) throw new PolicyError(issues)
  const version = contentVersion(policy)
  const kept = new Map<string, EffectivePolicy>()
  return {
    version,
    policy,
    scope(caller) {
      const scopes = scopesOf(policy, caller)
      const key = scopes.map((scope) => scope.key).join('\n')
      let effective = kept.get(key)
      if (effective === undefined) {
        effective = resolve(
          policy,
          scopes,
          key === '' ? version : `${version}.${contentVersion(key).slice(0, 6)}`,
          options,
        )
        if (kept.size >= KEPT) kept.clear()
        kept.set(key, effective)
      }
      return effective
    },
  }
}

/** The scopes that apply to a caller, widest first. */
function scopesOf(policy: Policy, caller: Caller): readonly NamedScope[] {
  const { organisation, applications = {}, users = {} } = policy.scopes ?? {}
  const scopes: NamedScope[] = []
  if (organisation !== undefined) scopes.push({ key: 'scopes.organisation', scope: organisation })
  const application =
    caller.application !== undefined && Object.hasOwn(applications, caller.application)
      ? applications[caller.application]
      : undefined
  if (application !== undefined) scopes.push({ key: `scopes.applications.${caller.application}`, scope: application })
  const user = caller.user !== undefined && Object.hasOwn(users, caller.user) ? users[caller.user] : undefined
  if (user !== undefined) scopes.push({ key: `scopes.users.${caller.user}`, scope: user })
  return scopes
}

function resolve(
  policy: Policy,
  scopes: readonly NamedScope[],
  version: string,
  options: CompileOptions,
): EffectivePolicy {
  const settings = scopes.reduce<PolicySettings>((wide, { scope }) => applyScope(wide, scope), policy)
  const deadlines = { ...DEFAULT_DEADLINES, ...settings.deadlines }
  const compilePattern = options.compilePattern ?? refusePattern
  const rail = (stage: Stage): readonly ResolvedRailEntry[] =>
    (settings.rails?.[stage] ?? []).map((entry) => resolveEntry(entry, stage, policy, settings, deadlines.guard))
  return {
    version,
    name: policy.name ?? 'parapet',
    rails: {
      input: rail('input'),
      retrieval: rail('retrieval'),
      tool_call: rail('tool_call'),
      tool_result: rail('tool_result'),
      output: rail('output'),
    },
    deadlines,
    conversation: { ...DEFAULT_CONVERSATION, ...settings.conversation },
    stream: { ...DEFAULT_STREAM, ...settings.stream },
    shadow: settings.shadow ?? false,
    speculative: settings.speculative ?? false,
    record: { ...DEFAULT_RECORD, ...settings.record },
    media: settings.media ?? 'block',
    retries: settings.retries ?? DEFAULT_RETRIES,
    refusals: { ...DEFAULT_REFUSALS, ...settings.refusals },
    exceptions: (settings.exceptions ?? []).map((exception) =>
      compileException(exception, options.clock ?? WALL_CLOCK, compilePattern),
    ),
    cache: policy.cache === false ? false : { ...DEFAULT_CACHE, ...policy.cache },
  }
}

function resolveEntry(
  entry: RailEntry,
  stage: Stage,
  policy: Policy,
  settings: PolicySettings,
  deadline: number,
): ResolvedRailEntry {
  const own = typeof entry === 'string' ? { guard: entry } : entry
  const { onError = 'block' } = settings
  return {
    guard: own.guard,
    shadow: own.shadow ?? false,
    onError: own.onError ?? (typeof onError === 'string' ? onError : (onError[stage] ?? 'block')),
    deadline: own.deadline ?? deadline,
    rule: createRuleLookup({ policy: policy.actions ?? {}, scoped: settings.actions ?? {}, entry: own.actions ?? {} }),
  }
}

function namedScopes(policy: Policy): readonly NamedScope[] {
  const { organisation, applications = {}, users = {} } = policy.scopes ?? {}
  return [
    ...(organisation === undefined ? [] : [{ key: 'scopes.organisation', scope: organisation }]),
    ...Object.entries(applications).map(([name, scope]) => ({ key: `scopes.applications.${name}`, scope })),
    ...Object.entries(users).map(([name, scope]) => ({ key: `scopes.users.${name}`, scope })),
  ]
}

/** A user's scope is checked against every application it can meet: which one it will be is known only per request. */
function allScopeIssues(policy: Policy): readonly PolicyIssue[] {
  const { organisation, applications = {} } = policy.scopes ?? {}
  const base = organisation === undefined ? policy : applyScope(policy, organisation)
  const widths = [base, ...Object.values(applications).map((scope) => applyScope(base, scope))]
  const seen = new Set<string>()
  return namedScopes(policy).flatMap((named) => {
    const wides =
      named.key === 'scopes.organisation' ? [policy] : named.key.startsWith('scopes.users.') ? widths : [base]
    return wides
      .flatMap((wide) => scopeIssues(policy, wide, named))
      .filter(({ key, message }) => !seen.has(key + message) && seen.add(key + message))
  })
}

function nameIssues(policy: Policy, known: ReadonlySet<string> | undefined): readonly PolicyIssue[] {
  if (known === undefined) return []
  return [{ key: '', scope: policy as PolicySettings }, ...namedScopes(policy)].flatMap(({ key, scope }) =>
    STAGES.flatMap((stage) =>
      (scope.rails?.[stage] ?? []).flatMap((entry, index) => {
        const name = railName(entry)
        if (known.has(name)) return []
        const path = `${key === '' ? '' : `${key}.`}rails.${stage}[${index}]`
        return [
          {
            key: path,
            message: `there is no guard named ${name}`,
            remedy: `Define it under guards, or use one of ${[...known].join(', ')}.`,
          },
        ]
      }),
    ),
  )
}

/** A rail's own settings may not be weaker than a hard rule of the same policy. */
function entryIssues(policy: Policy): readonly PolicyIssue[] {
  return STAGES.flatMap((stage) =>
    (policy.rails?.[stage] ?? []).flatMap((entry, index) =>
      typeof entry === 'string'
        ? []
        : loosenings(policy.actions ?? {}, entry.actions).map(({ label, field, hardLabel }) => ({
            key: `rails.${stage}[${index}].actions.${label}.${field}`,
            message: `loosens the hard rule ${hardLabel}`,
            remedy: `Make it at least as strict as actions.${hardLabel}, or drop hard there.`,
          })),
    ),
  )
}

function patternIssues(policy: Policy, options: CompileOptions): readonly PolicyIssue[] {
  return [{ key: '', scope: policy as PolicySettings }, ...namedScopes(policy)].flatMap(({ key, scope }) =>
    (scope.exceptions ?? []).flatMap((exception, index) => {
      if (exception.pattern === undefined) return []
      try {
        ;(options.compilePattern ?? refusePattern)(exception.pattern)
        return []
      } catch (cause) {
        const path = `${key === '' ? '' : `${key}.`}exceptions[${index}].pattern`
        return [
          {
            key: path,
            message: cause instanceof Error ? cause.message : 'it is not a pattern',
            remedy: 'Write it in RE2 syntax: no look-around, no back-references.',
          },
        ]
      }
    }),
  )
}

function refusePattern(): never {
  throw new TypeError('exceptions by pattern need a linear-time matcher, and none was handed in')
}
