/**
 * Rules by label: the longest dotted prefix wins, narrower scopes override, and what is hard cannot be loosened.
 *
 * `core/pipeline/decide` asks; this file decides nothing about a text.
 */
import type { Action, ActionRule, Finding, StageDecision } from '../../spec/index.ts'
import { SEVERITY } from '../../spec/index.ts'
import { DEFAULT_THRESHOLD } from './defaults.ts'
import type { ResolvedRule } from './types.ts'

export type ActionTable = Readonly<Record<string, ActionRule>>

/** How severe an action is; larger is stricter. */
export function severity(action: StageDecision): number {
  return SEVERITY.indexOf(action)
}

/** The label of the table's entry for a label, by the longest dotted prefix that `counts`. */
function longestPrefix(
  table: ActionTable,
  label: string,
  counts: (rule: ActionRule) => boolean = () => true,
): string | null {
  let prefix = label
  for (;;) {
    const rule = Object.hasOwn(table, prefix) ? table[prefix] : undefined
    if (rule !== undefined && counts(rule)) return prefix
    const dot = prefix.lastIndexOf('.')
    if (dot < 0) return null
    prefix = prefix.slice(0, dot)
  }
}

function ruleFor(table: ActionTable, label: string): ActionRule {
  const prefix = longestPrefix(table, label)
  return prefix === null ? {} : (table[prefix] ?? {})
}

function hardPrefix(table: ActionTable, label: string): string | null {
  return longestPrefix(table, label, (rule) => rule.hard === true)
}

/** `narrow` over `wide`: the same label's fields are overridden, `hard` stays. */
export function mergeTables(wide: ActionTable, narrow: ActionTable | undefined): ActionTable {
  if (narrow === undefined) return wide
  const merged: Record<string, ActionRule> = { ...wide }
  for (const [label, rule] of Object.entries(narrow)) {
    const base = Object.hasOwn(wide, label) ? wide[label] : undefined
    merged[label] = { ...base, ...rule, ...(base?.hard === true ? { hard: true } : {}) }
  }
  return merged
}

/** A label of `narrow` that loosens a hard rule of `wide`, with what it loosens. */
export interface Loosening {
  readonly label: string
  readonly field: 'threshold' | 'action'
  readonly hardLabel: string
}

/** Every place where `narrow` is weaker than a hard rule of `wide` for the same or a more special label. */
export function loosenings(wide: ActionTable, narrow: ActionTable | undefined): readonly Loosening[] {
  return Object.entries(narrow ?? {}).flatMap(([label, rule]) => {
    const hardLabel = hardPrefix(wide, label)
    if (hardLabel === null) return []
    const hard = wide[hardLabel] ?? {}
    const found: Loosening[] = []
    if (rule.threshold !== undefined && rule.threshold > (hard.threshold ?? DEFAULT_THRESHOLD)) {
      found.push({ label, field: 'threshold', hardLabel })
    }
    // A hard rule without an action leaves it to the guard, which may ask for anything up to block.
    if (rule.action !== undefined && severity(rule.action) < severity(hard.action ?? 'block')) {
      found.push({ label, field: 'action', hardLabel })
    }
    return found
  })
}

/** Looks labels up for one rail entry, remembering the answers. */
export function createRuleLookup(tables: {
  readonly policy: ActionTable
  readonly scoped: ActionTable
  readonly entry: ActionTable
}): (label: string, finding?: Pick<Finding, 'hard' | 'action'>) => ResolvedRule {
  const known = new Map<string, ResolvedRule>()
  const resolve = (label: string): ResolvedRule => {
    const scoped = ruleFor(tables.scoped, label)
    const own = ruleFor(tables.entry, label)
    return {
      threshold: own.threshold ?? scoped.threshold ?? DEFAULT_THRESHOLD,
      action: own.action ?? scoped.action ?? null,
      hard: own.hard === true || hardPrefix(tables.scoped, label) !== null,
    }
  }
  return (label, finding) => {
    let rule = known.get(label)
    if (rule === undefined) {
      rule = resolve(label)
      known.set(label, rule)
    }
    return finding?.hard === true ? stricter(rule, ruleFor(tables.policy, label), finding.action) : rule
  }
}

/** For a finding that is hard by itself: nothing a scope or rail said may be weaker than the policy's own rule. */
function stricter(rule: ResolvedRule, base: ActionRule, own: Action | undefined): ResolvedRule {
  const threshold = Math.min(rule.threshold, base.threshold ?? DEFAULT_THRESHOLD)
  const floor = base.action ?? own
  const weaker = rule.action !== null && floor !== undefined && severity(rule.action) < severity(floor)
  return { threshold, action: weaker ? floor : rule.action, hard: true }
}
