/**
 * Scopes: organisation, then application, then user. A narrower one may tighten anything, and loosen only what is not hard.
 *
 * Loosening something hard is a mistake in the policy and found when it is compiled, not when somebody asks.
 */
import type {
  HardSetting,
  Policy,
  PolicyIssue,
  PolicySettings,
  RailEntry,
  ScopePolicy,
  Stage,
} from '../../spec/index.ts'
import { STAGES } from '../../spec/index.ts'
import { DEFAULT_CONVERSATION, DEFAULT_HARD, DEFAULT_RECORD, DEFAULT_STREAM } from './defaults.ts'
import type { RuleLayer } from './rules.ts'

/** A scope and where it stands in the policy, for messages. */
export interface NamedScope {
  readonly key: string
  readonly scope: ScopePolicy
}

/** Settings with one more scope applied. Rules by label are not merged here: see `ruleLayers`. */
export function applyScope(wide: PolicySettings, { without = [], ...scope }: ScopePolicy): PolicySettings {
  return {
    ...wide,
    ...scope,
    onError: mergeOnError(wide.onError, scope.onError),
    deadlines: { ...wide.deadlines, ...scope.deadlines },
    conversation: { ...wide.conversation, ...scope.conversation },
    stream: { ...wide.stream, ...scope.stream },
    record: { ...wide.record, ...scope.record },
    refusals: { ...wide.refusals, ...scope.refusals },
    rails: mergeRails(wide.rails, scope.rails, without),
    actions: { ...wide.actions, ...scope.actions },
    exceptions: [...(wide.exceptions ?? []), ...(scope.exceptions ?? [])],
  }
}

type OnError = NonNullable<PolicySettings['onError']>

function mergeOnError(wide: OnError | undefined, narrow: OnError | undefined): OnError {
  return { ...perStage(wide), ...(narrow === undefined ? {} : perStage(narrow, false)) }
}

function perStage(onError: OnError | undefined, fill = true): Partial<Record<Stage, 'block' | 'pass'>> {
  if (typeof onError === 'string') return Object.fromEntries(STAGES.map((stage) => [stage, onError]))
  const blank = fill ? Object.fromEntries(STAGES.map((stage) => [stage, 'block' as const])) : {}
  return { ...blank, ...onError }
}

export function railName(entry: RailEntry): string {
  return typeof entry === 'string' ? entry : entry.guard
}

type Rails = NonNullable<PolicySettings['rails']>

/**
 * A guard that the narrower scope names again keeps the settings that scope does not mention; other guards are added; `without`
 * takes out.
 */
function mergeRails(wide: Rails = {}, narrow: Rails = {}, without: readonly string[]): Rails {
  const merged: Partial<Record<Stage, readonly RailEntry[]>> = {}
  for (const stage of STAGES) {
    const entries = new Map((wide[stage] ?? []).map((entry) => [railName(entry), entry]))
    for (const name of without) entries.delete(name)
    for (const entry of narrow[stage] ?? []) {
      const known = entries.get(railName(entry))
      entries.set(railName(entry), known === undefined ? entry : mergeEntry(known, entry))
    }
    merged[stage] = [...entries.values()]
  }
  return merged
}

function mergeEntry(wide: RailEntry, narrow: RailEntry): RailEntry {
  if (typeof narrow === 'string') return wide
  return typeof wide === 'string' ? narrow : { ...wide, ...narrow }
}

/** The tables that hold for one guard of one rail, broad to narrow; without a guard, those that hold for every guard. */
export function ruleLayers(
  policy: Policy,
  scopes: readonly NamedScope[],
  place?: { readonly stage: Stage; readonly guard: string },
): readonly RuleLayer[] {
  return [{ key: '', scope: policy as PolicySettings }, ...scopes].flatMap(({ key, scope }, level) => {
    const path = key === '' ? '' : `${key}.`
    const layers: RuleLayer[] = []
    if (scope.actions !== undefined) layers.push({ key: `${path}actions`, level, actions: scope.actions })
    if (place !== undefined) {
      scope.rails?.[place.stage]?.forEach((entry, index) => {
        if (typeof entry === 'string' || entry.guard !== place.guard || entry.actions === undefined) return
        layers.push({ key: `${path}rails.${place.stage}[${index}].actions`, level, actions: entry.actions })
      })
    }
    return layers
  })
}

/** What of a scope loosens something hard. */
export function scopeIssues(policy: Policy, wide: PolicySettings, { key, scope }: NamedScope): readonly PolicyIssue[] {
  const hard = policy.hard ?? DEFAULT_HARD
  const issues: PolicyIssue[] = []
  const add = (path: string, message: string): void => {
    const remedy = 'Tighten it instead, or make the wider setting soft.'
    issues.push({ key: `${key}.${path}`, message: `${message}, which a narrower scope may not do`, remedy })
  }
  for (const name of scope.without ?? []) {
    if (policy.guards?.[name]?.hard === true) add('without', `drops the hard guard ${name}`)
  }
  for (const setting of hard) {
    if (loosensSetting(setting, wide, scope)) add(setting, `loosens ${setting}`)
  }
  issues.push(...railIssues(policy, hard, wide, { key, scope }))
  return issues
}

function railIssues(
  policy: Policy,
  hard: readonly HardSetting[],
  wide: PolicySettings,
  { key, scope }: NamedScope,
): readonly PolicyIssue[] {
  const issues: PolicyIssue[] = []
  for (const stage of STAGES) {
    scope.rails?.[stage]?.forEach((entry, index) => {
      if (typeof entry === 'string') return
      const path = `${key}.rails.${stage}[${index}]`
      const hardGuard = policy.guards?.[entry.guard]?.hard === true
      const add = (field: string, message: string): void => {
        issues.push({
          key: `${path}.${field}`,
          message: `${message}, which a narrower scope may not do`,
          remedy: 'Leave it out or tighten it.',
        })
      }
      const known = wide.rails?.[stage]?.find((item) => railName(item) === entry.guard)
      // A guard that this scope adds loosens nothing, whatever its settings.
      if (known === undefined) return
      const before = typeof known === 'string' ? { guard: known } : known
      if (
        entry.shadow === true &&
        before.shadow !== true &&
        wide.shadow !== true &&
        (hardGuard || hard.includes('shadow'))
      ) {
        add('shadow', `puts ${entry.guard} in shadow`)
      }
      if (
        entry.onError === 'pass' &&
        (before.onError ?? perStage(wide.onError)[stage]) !== 'pass' &&
        (hardGuard || hard.includes('onError'))
      ) {
        add('onError', `lets failures of ${entry.guard} pass`)
      }
    })
  }
  return issues
}

const CAPTURE = ['none', 'redacted', 'full']
const MEDIA = ['pass', 'flag', 'block']

function loosensSetting(setting: HardSetting, wide: PolicySettings, scope: ScopePolicy): boolean {
  switch (setting) {
    case 'onError': {
      const before = perStage(wide.onError)
      return Object.entries(scope.onError === undefined ? {} : perStage(scope.onError, false)).some(
        ([stage, value]) => value === 'pass' && before[stage as Stage] !== 'pass',
      )
    }
    case 'stream': {
      const before = { ...DEFAULT_STREAM, ...wide.stream }
      return (
        (scope.stream?.mode === 'after' && before.mode === 'before') ||
        (scope.stream?.window ?? Infinity) < before.window
      )
    }
    case 'shadow':
      return scope.shadow === true && wide.shadow !== true
    case 'media':
      return scope.media !== undefined && MEDIA.indexOf(scope.media) < MEDIA.indexOf(wide.media ?? 'block')
    case 'conversation': {
      const before = { ...DEFAULT_CONVERSATION, ...wide.conversation }
      const { messages, roles } = scope.conversation ?? {}
      const fewer =
        messages !== undefined && messages !== 'all' && (before.messages === 'all' || messages < before.messages)
      return fewer || (roles !== undefined && before.roles.some((role) => !roles.includes(role)))
    }
    case 'record': {
      const before = { ...DEFAULT_RECORD, ...wide.record }
      const { capture, retention, mode, whenFull } = scope.record ?? {}
      return (
        (mode === 'async' && before.mode === 'sync') ||
        (whenFull === 'drop' && before.whenFull === 'refuse') ||
        (capture !== undefined && CAPTURE.indexOf(capture) > CAPTURE.indexOf(before.capture)) ||
        (retention ?? 0) > before.retention
      )
    }
    default:
      return setting satisfies never
  }
}
