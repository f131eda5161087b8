/**
 * Merges the levels of a policy into the settings that hold for a caller. Where a level loosens something hard, the stricter
 * value is kept and the attempt reported: compiling turns reports into an error, and a combination of scopes that was never
 * compiled is strict all the same.
 */
import type { ConversationPolicy, ErrorPolicy, PolicyException, RecordPolicy, Stage, StreamPolicy } from '../../spec/index.ts'
import { STAGES } from '../../spec/index.ts'
import { DEFAULTS, forEachStage } from './defaults.ts'
import type { Level, MergeContext } from './levels.ts'
import type { MergedRails } from './merge-rails.ts'
import { mergeRails } from './merge-rails.ts'
import type { KeyPath } from './problem.ts'
import type { RuleLayer } from './rules.ts'
import { isLooserConversation, isLooserMedia, isLooserRecord, isLooserStream } from './strictness.ts'

/** An exception with the place where it is written. */
export interface PlacedException {
  readonly exception: PolicyException
  readonly path: KeyPath
}

/** Settings after some levels. */
export interface MergedSettings {
  readonly onError: Readonly<Record<Stage, ErrorPolicy>>
  readonly deadlines: { readonly stage: number; readonly guard: number }
  readonly conversation: Required<ConversationPolicy>
  readonly stream: Required<StreamPolicy>
  readonly shadow: boolean
  readonly speculative: boolean
  readonly record: Required<RecordPolicy>
  readonly media: 'block' | 'flag' | 'pass'
  readonly retries: number
  /** Undefined while no level has any. */
  readonly refusals: Readonly<Record<string, string>> | undefined
  readonly exceptions: readonly PlacedException[]
  readonly actions: readonly RuleLayer[]
  readonly rails: MergedRails
}

const START: MergedSettings = {
  ...DEFAULTS,
  refusals: undefined,
  onError: forEachStage(() => 'block'),
  exceptions: [],
  actions: [],
  rails: forEachStage(() => []),
}

/** Merges levels, broad to narrow. */
export function mergeLevels(levels: readonly Level[], context: MergeContext): MergedSettings {
  let merged = START
  for (const level of levels) merged = mergeLevel(merged, level, context)
  return merged
}

/** Applies one level to what holds above it. */
export function mergeLevel(before: MergedSettings, level: Level, context: MergeContext): MergedSettings {
  const { settings } = level
  const onError = mergeOnError(before.onError, level, context)
  return {
    onError,
    deadlines: { ...before.deadlines, ...settings.deadlines },
    conversation: guarded('conversation', { ...before.conversation, ...settings.conversation }, before.conversation),
    stream: guarded('stream', { ...before.stream, ...settings.stream }, before.stream),
    shadow: guarded('shadow', settings.shadow ?? before.shadow, before.shadow),
    speculative: settings.speculative ?? before.speculative,
    record: guarded('record', { ...before.record, ...settings.record }, before.record),
    media: guarded('media', settings.media ?? before.media, before.media),
    retries: settings.retries ?? before.retries,
    refusals: settings.refusals === undefined ? before.refusals : { ...before.refusals, ...settings.refusals },
    exceptions: [...before.exceptions, ...placed(level)],
    actions:
      settings.actions === undefined
        ? before.actions
        : [...before.actions, { path: [...level.path, 'actions'], level: level.number, actions: settings.actions }],
    rails: mergeRails(before.rails, level, onError, context),
  }

  /** The new value, unless it loosens a hard setting of a broader level. */
  function guarded<K extends keyof typeof LOOSER>(setting: K, next: MergedSettings[K], old: MergedSettings[K]): MergedSettings[K] {
    if (level.number === 0 || !context.hard.has(setting) || !LOOSER[setting](next, old)) return next
    context.reportLoosened(level, [...level.path, setting], setting, `${setting}: ${describe(old)}`)
    return old
  }
}

const LOOSER: {
  readonly [K in 'conversation' | 'stream' | 'shadow' | 'record' | 'media']: (
    next: MergedSettings[K],
    before: MergedSettings[K],
  ) => boolean
} = {
  conversation: isLooserConversation,
  stream: isLooserStream,
  shadow: (next, before) => next && !before,
  record: isLooserRecord,
  media: isLooserMedia,
}

/** A value as YAML would write it on one line. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(describe).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  return `{ ${Object.entries(value)
    .map(([key, member]) => `${key}: ${describe(member)}`)
    .join(', ')} }`
}

function mergeOnError(
  before: Readonly<Record<Stage, ErrorPolicy>>,
  level: Level,
  context: MergeContext,
): Readonly<Record<Stage, ErrorPolicy>> {
  const asked = level.settings.onError
  if (asked === undefined) return before
  const next = { ...before }
  for (const stage of STAGES) {
    const value = typeof asked === 'string' ? asked : asked[stage]
    if (value === undefined) continue
    const looser = value === 'pass' && before[stage] === 'block'
    if (looser && level.number > 0 && context.hard.has('onError')) {
      const path = [...level.path, 'onError', ...(typeof asked === 'string' ? [] : [stage])]
      context.reportLoosened(level, path, 'onError', typeof asked === 'string' ? 'onError: block' : `${stage}: block`)
      if (typeof asked === 'string') return before
    } else {
      next[stage] = value
    }
  }
  return next
}

function placed(level: Level): readonly PlacedException[] {
  return (level.settings.exceptions ?? []).map((exception, index) => ({
    exception,
    path: [...level.path, 'exceptions', index],
  }))
}
