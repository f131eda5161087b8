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
import { compileException, exceptionProblems } from './exceptions.ts'
import type { Loosening } from './rules.ts'
import { createRuleLookup, loosenings } from './rules.ts'
import type { NamedScope } from './scopes.ts'
import { applyScope, railName, ruleLayers, scopeIssues } from './scopes.ts'
import type { CompiledPolicy, EffectivePolicy, ResolvedRailEntry } from './types.ts'
import { contentVersion } from './version.ts'

export interface CompileOptions {
  /** Time by which exceptions expire. Default: the system's. */
  readonly clock?: Clock
  /** Names a rail may list. Default: not checked here; an unknown guard is an `error` verdict. */
  readonly knownGuards?: ReadonlySet<string>
  /** How pattern exceptions are matched. Without it a policy that has one is refused. */
  readonly compilePattern?: PatternCompiler
  /** Versions of models that judge under it; they end the policy's version, so that every decision names them. */
  readonly models?: readonly string[]
}

/** Effective policies kept: one for each combination of scopes that occurred. */
const KEPT = 1000

const WALL_CLOCK: Clock = { now: () => Date.now(), setTimeout: () => undefined, clearTimeout: () => undefined }

/** Compiles a policy. Throws a `PolicyError` that lists every mistake. */
export function compilePolicy(policy: Policy, options: CompileOptions = {}): CompiledPolicy {
  const issues = [
    ...nameIssues(policy, options.knownGuards),
    ...duplicateIssues(policy),
    ...ruleIssues(policy),
    ...allScopeIssues(policy),
    ...exceptionIssues(policy, options.compilePattern ?? refusePattern),
  ]
  if (issues.length > 0) throw new PolicyError(issues)
  const version = [contentVersion(policy), ...(options.models ?? [])].join('+')
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
    (settings.rails?.[stage] ?? []).map((entry) =>
      resolveEntry(entry, settings, { stage, policy, scopes, deadline: deadlines.guard }),
    )
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
    refusals: refusalsOf(settings.refusals),
    exceptions: (settings.exceptions ?? []).map((exception) =>
      compileException(exception, options.clock ?? WALL_CLOCK, compilePattern),
    ),
    cache: policy.cache === false ? false : { ...DEFAULT_CACHE, ...policy.cache },
  }
}

/** A policy with texts of its own answers in no other words; every language it leaves out gets its `default`. */
function refusalsOf(own: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  if (Object.keys(own).length === 0) return DEFAULT_REFUSALS
  return { default: DEFAULT_REFUSALS['default'] ?? '', ...own }
}

interface EntryPlace {
  readonly stage: Stage
  readonly policy: Policy
  readonly scopes: readonly NamedScope[]
  readonly deadline: number
}

function resolveEntry(
  entry: RailEntry,
  settings: PolicySettings,
  { stage, policy, scopes, deadline }: EntryPlace,
): ResolvedRailEntry {
  const own = typeof entry === 'string' ? { guard: entry } : entry
  const { onError = 'block' } = settings
  return {
    guard: own.guard,
    shadow: own.shadow ?? false,
    onError: own.onError ?? (typeof onError === 'string' ? onError : (onError[stage] ?? 'block')),
    deadline: own.deadline ?? deadline,
    rule: createRuleLookup(ruleLayers(policy, scopes, { stage, guard: own.guard })),
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

/** The policy and its scopes, each with the path its keys begin with. */
function places(policy: Policy): readonly { readonly path: string; readonly scope: PolicySettings }[] {
  return [{ path: '', scope: policy }, ...namedScopes(policy).map(({ key, scope }) => ({ path: `${key}.`, scope }))]
}

function duplicateIssues(policy: Policy): readonly PolicyIssue[] {
  return places(policy).flatMap(({ path, scope }) =>
    STAGES.flatMap((stage) => {
      const names = (scope.rails?.[stage] ?? []).map(railName)
      return names.flatMap((name, index) =>
        names.indexOf(name) === index
          ? []
          : [
              {
                key: `${path}rails.${stage}[${index}]`,
                message: `${name} is already in this rail`,
                remedy: 'Remove one of the two, or define a second guard under another name.',
              },
            ],
      )
    }),
  )
}

/** Combinations of an application and a user that are checked one by one; beyond them the hard rule holds without a message. */
const PAIRS = 10_000

/** Rules of a rail or a narrower scope that are weaker than a hard rule of a wider one. */
function ruleIssues(policy: Policy): readonly PolicyIssue[] {
  const all = namedScopes(policy)
  const common = all.filter(({ key }) => key === 'scopes.organisation')
  const applications = all.filter(({ key }) => key.startsWith('scopes.applications.'))
  const users = all.filter(({ key }) => key.startsWith('scopes.users.'))
  const chains = [
    common,
    ...applications.map((scope) => [...common, scope]),
    ...users.map((scope) => [...common, scope]),
  ]
  if (applications.length * users.length <= PAIRS) {
    for (const application of applications) {
      for (const user of users) chains.push([...common, application, user])
    }
  }
  const found = new Map<string, PolicyIssue>()
  for (const chain of chains) {
    for (const { key, label, field } of chainLoosenings(policy, chain)) {
      if (found.has(key)) continue
      found.set(key, {
        key,
        message: `its ${field} loosens the rule for ${label}, which is hard`,
        remedy: `Make it at least as strict as the wider rule, or take hard away there.`,
      })
    }
  }
  return [...found.values()]
}

function chainLoosenings(policy: Policy, chain: readonly NamedScope[]): readonly Loosening[] {
  const guards = new Map<string, { stage: Stage; guard: string }>()
  for (const scope of [policy, ...chain.map((named) => named.scope)]) {
    for (const stage of STAGES) {
      for (const entry of scope.rails?.[stage] ?? []) {
        if (typeof entry !== 'string' && entry.actions !== undefined) {
          guards.set(`${stage} ${entry.guard}`, { stage, guard: entry.guard })
        }
      }
    }
  }
  return [undefined, ...guards.values()].flatMap((place) => loosenings(ruleLayers(policy, chain, place)))
}

function exceptionIssues(policy: Policy, compilePattern: PatternCompiler): readonly PolicyIssue[] {
  const ids = new Map<string, string>()
  return places(policy).flatMap(({ path, scope }) =>
    (scope.exceptions ?? []).flatMap((exception, index) => {
      const key = `${path}exceptions[${index}]`
      const issues: PolicyIssue[] = exceptionProblems(exception, compilePattern).map(({ field, message, remedy }) => ({
        key: field === '' ? key : `${key}.${field}`,
        message,
        remedy,
      }))
      const first = ids.get(exception.id)
      if (first !== undefined) {
        issues.push({
          key: `${key}.id`,
          message: `${first} has the same id`,
          remedy: 'Give each exception its own: they are counted by it.',
        })
      }
      ids.set(exception.id, first ?? key)
      return issues
    }),
  )
}

function refusePattern(): never {
  throw new TypeError('exceptions by pattern need a linear-time matcher, and none was handed in')
}
