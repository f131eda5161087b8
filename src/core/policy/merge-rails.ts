/**
 * Rails over the levels of a policy. A narrower level adds guards and changes the settings of those it names again; it takes
 * guards out only by `without`. So a scope that forgets a guard does not lose it.
 */
import type { ErrorPolicy, RailEntry, Stage } from '../../spec/index.ts'
import { STAGES } from '../../spec/index.ts'
import type { Level, MergeContext } from './levels.ts'
import type { KeyPath } from './problem.ts'
import type { RuleLayer } from './rules.ts'

/** A guard in a rail while levels are merged. What is undefined follows the stage or the policy. */
export interface MergedEntry {
  readonly guard: string
  readonly shadow: boolean
  readonly onError: ErrorPolicy | undefined
  readonly deadline: number | undefined
  readonly layers: readonly RuleLayer[]
}

export type MergedRails = Readonly<Record<Stage, readonly MergedEntry[]>>

type Settings = Exclude<RailEntry, string>

/** Applies one level to the rails of the levels above it. */
export function mergeRails(
  before: MergedRails,
  level: Level,
  onError: Readonly<Record<Stage, ErrorPolicy>>,
  context: MergeContext,
): MergedRails {
  const after: Record<Stage, MergedEntry[]> = { ...before } as Record<Stage, MergedEntry[]>
  for (const stage of STAGES) {
    const entries = level.settings.rails?.[stage]
    const merged = [...before[stage]]
    const seen = new Set<string>()
    for (const [index, entry] of (entries ?? []).entries()) {
      const settings: Settings = typeof entry === 'string' ? { guard: entry } : entry
      const path = [...level.path, 'rails', stage, index]
      if (seen.has(settings.guard)) {
        context.report({
          path,
          message: `guard '${settings.guard}' is already in this rail`,
          remedy: 'Remove one of the two entries; define a second guard under another name for other options',
        })
        continue
      }
      seen.add(settings.guard)
      const at = merged.findIndex(({ guard }) => guard === settings.guard)
      const known = at < 0 ? undefined : merged[at]
      const next = mergeEntry(known, settings, { level, path, inherited: onError[stage], context })
      if (at < 0) merged.push(next)
      else merged[at] = next
    }
    after[stage] = merged
  }
  return dropGuards(after, level, context)
}

interface EntryPlace {
  readonly level: Level
  readonly path: KeyPath
  /** What a failure means in this stage where the entry says nothing. */
  readonly inherited: ErrorPolicy
  readonly context: MergeContext
}

function mergeEntry(known: MergedEntry | undefined, settings: Settings, place: EntryPlace): MergedEntry {
  const { level, path, inherited, context } = place
  const layer: RuleLayer[] =
    settings.actions === undefined ? [] : [{ path: [...path, 'actions'], level: level.number, actions: settings.actions }]
  if (known === undefined) {
    return {
      guard: settings.guard,
      shadow: settings.shadow ?? false,
      onError: settings.onError,
      deadline: settings.deadline,
      layers: layer,
    }
  }
  let { shadow, onError } = known
  if (settings.shadow !== undefined) {
    const looser = settings.shadow && !known.shadow
    if (looser && context.hard.has('shadow')) context.reportLoosened(level, [...path, 'shadow'], 'shadow', 'shadow: false')
    else shadow = settings.shadow
  }
  if (settings.onError !== undefined) {
    const looser = settings.onError === 'pass' && (known.onError ?? inherited) === 'block'
    if (looser && context.hard.has('onError')) context.reportLoosened(level, [...path, 'onError'], 'onError', 'onError: block')
    else onError = settings.onError
  }
  return { guard: known.guard, shadow, onError, deadline: settings.deadline ?? known.deadline, layers: [...known.layers, ...layer] }
}

function dropGuards(rails: MergedRails, level: Level, context: MergeContext): MergedRails {
  const dropped = new Set<string>()
  for (const [index, guard] of (level.without ?? []).entries()) {
    const path = [...level.path, 'without', index]
    const standing = STAGES.some((stage) => rails[stage].some((entry) => entry.guard === guard))
    if (!standing) {
      context.report({
        path,
        message: `guard '${guard}' is in no rail of ${level.title}`,
        remedy: 'Remove it from `without`, or correct its name',
      })
    } else if (context.isHardGuard(guard)) {
      context.report({
        path,
        message: `${level.title} takes out guard '${guard}', which is hard`,
        remedy: `Remove it from \`without\`, or set guards.${guard}.hard to false in the policy`,
      })
    } else {
      dropped.add(guard)
    }
  }
  if (dropped.size === 0) return rails
  return Object.fromEntries(
    STAGES.map((stage) => [stage, rails[stage].filter(({ guard }) => !dropped.has(guard))]),
  ) as unknown as MergedRails
}
