/**
 * Thresholds and actions per label, over the layers in which they are written: the policy, its rail entry, then each scope and
 * that scope's rail entry, from broad to narrow.
 *
 * The longest dotted prefix wins; of equal prefixes the narrower layer wins; a field that a rule leaves out comes from the next
 * shorter prefix. A hard rule holds downwards: it overrules longer prefixes of broader layers, and what a narrower layer says is
 * raised to it (compiling reports the attempt). `core/pipeline/decide` asks; this file decides nothing about a text.
 */
import type { Action, ActionRule, Finding, StageDecision } from '../../spec/index.ts'
import { SEVERITY } from '../../spec/index.ts'
import { DEFAULT_THRESHOLD } from './defaults.ts'
import type { ResolvedRule } from './types.ts'

export type ActionTable = Readonly<Record<string, ActionRule>>

/** Rules as one place of a policy writes them. */
export interface RuleLayer {
  /** Path of the table, for messages. */
  readonly key: string
  /** The policy itself is 0; each scope has a number of its own. */
  readonly level: number
  readonly actions: ActionTable
}

const OPEN: ResolvedRule = { threshold: DEFAULT_THRESHOLD, action: null, hard: false }

/** How severe an action is; larger is stricter. */
export function severity(action: StageDecision): number {
  return SEVERITY.indexOf(action)
}

/** `pii.email.work`, then `pii.email`, then `pii`. */
function prefixesOf(label: string): readonly string[] {
  const prefixes = [label]
  for (let dot = label.lastIndexOf('.'); dot > 0; dot = label.lastIndexOf('.', dot - 1)) {
    prefixes.push(label.slice(0, dot))
  }
  return prefixes
}

/** What layers say of a label, before hard rules are enforced. */
interface Said {
  threshold: number | undefined
  action: Action | undefined
  hard: boolean | undefined
}

function lookUp(prefixes: readonly string[], layers: readonly RuleLayer[]): Said {
  const said: Said = { threshold: undefined, action: undefined, hard: undefined }
  for (const prefix of prefixes) {
    for (const { actions } of layers.toReversed()) {
      const rule = Object.hasOwn(actions, prefix) ? actions[prefix] : undefined
      said.threshold ??= rule?.threshold
      said.action ??= rule?.action
      said.hard ??= rule?.hard
    }
  }
  return said
}

/** One step of a label's way through the layers. */
interface RuleStep {
  readonly layer: RuleLayer
  /** What holds after this layer. */
  readonly holds: ResolvedRule
  /** What this layer tried to loosen although it is hard. */
  readonly loosened: 'threshold' | 'action' | 'hard' | null
}

/** Walks a label through the layers, broad to narrow. */
function trace(label: string, layers: readonly RuleLayer[]): readonly RuleStep[] {
  const prefixes = prefixesOf(label)
  let before = OPEN
  return layers.map((layer, index) => {
    const all = lookUp(prefixes, layers.slice(0, index + 1))
    const own = lookUp(prefixes, [layer])
    const asked: ResolvedRule = {
      threshold: all.threshold ?? DEFAULT_THRESHOLD,
      action: all.action ?? null,
      hard: all.hard ?? false,
    }
    let holds = asked
    if (own.hard === true) {
      const floor = { threshold: own.threshold ?? before.threshold, action: own.action ?? before.action, hard: true }
      holds = stricterRule(holds, floor)
    }
    if (before.hard) holds = stricterRule(holds, before)
    const step = { layer, holds, loosened: before.hard ? loosenedField(own, asked, before) : null }
    before = holds
    return step
  })
}

/**
 * What a layer is to blame for. Both the outcome and the layer's own words must be looser, so that neither a longer prefix of a
 * broader layer, nor a word that such a prefix overrules anyway, is held against it.
 */
function loosenedField(own: Said, asked: ResolvedRule, before: ResolvedRule): RuleStep['loosened'] {
  if (own.hard === false) return 'hard'
  if ((own.threshold ?? 0) > before.threshold && asked.threshold > before.threshold) return 'threshold'
  if (own.action !== undefined && isWeaker(own.action, before.action) && isWeaker(asked.action, before.action)) {
    return 'action'
  }
  return null
}

/** Whether an action stops less. No action leaves it to the guard, which may ask for anything up to `block`. */
function isWeaker(next: Action | null, before: Action | null): boolean {
  return next !== before && severity(next ?? 'block') < severity(before ?? 'block')
}

/** The stricter of two actions. Against none at all only `block` is sure to be as strict. */
function stricterAction(left: Action | null, right: Action | null): Action | null {
  if (left === null || right === null) return left === 'block' || right === 'block' ? 'block' : null
  return severity(right) > severity(left) ? right : left
}

function stricterRule(left: ResolvedRule, right: ResolvedRule): ResolvedRule {
  return {
    threshold: Math.min(left.threshold, right.threshold),
    action: stricterAction(left.action, right.action),
    hard: left.hard || right.hard,
  }
}

/** A place where a layer is weaker than a hard rule of a broader one. */
export interface Loosening {
  /** Path of the rule to correct. */
  readonly key: string
  /** Number of the level in which it stands. */
  readonly level: number
  /** Label whose hard rule it loosens. */
  readonly label: string
  readonly field: 'threshold' | 'action' | 'hard'
}

/** Every such place. Labels that no layer names fall under one that is named, so these are all. */
export function loosenings(layers: readonly RuleLayer[]): readonly Loosening[] {
  const labels = new Set(layers.flatMap(({ actions }) => Object.keys(actions)))
  const found = new Map<string, Loosening>()
  for (const label of labels) {
    for (const { layer, loosened } of trace(label, layers)) {
      if (loosened === null) continue
      const blamed = prefixesOf(label).find(
        (prefix) => Object.hasOwn(layer.actions, prefix) && layer.actions[prefix]?.[loosened] !== undefined,
      )
      const key = `${layer.key}.${blamed ?? label}.${loosened}`
      if (!found.has(key)) found.set(key, { key, level: layer.level, label, field: loosened })
    }
  }
  return [...found.values()]
}

/** Labels come from guards and configuration; more than this many are not remembered. */
const KEPT = 1024

/** Looks labels up for one rail entry, remembering the answers. */
export function createRuleLookup(
  layers: readonly RuleLayer[],
): (label: string, finding?: Pick<Finding, 'hard' | 'action'>) => ResolvedRule {
  const known = new Map<string, readonly RuleStep[]>()
  return (label, finding) => {
    let steps = known.get(label)
    if (steps === undefined) {
      steps = trace(label, layers)
      if (known.size < KEPT) known.set(label, steps)
    }
    const last = steps.at(-1)?.holds ?? OPEN
    return finding?.hard === true ? unloosened(steps, last, finding.action) : last
  }
}

/** For a finding that is hard by itself: the strictest of what the policy said and what each scope made of it. */
function unloosened(steps: readonly RuleStep[], last: ResolvedRule, own: Action | undefined): ResolvedRule {
  const perLevel = new Map(steps.map(({ layer, holds }) => [layer.level, holds]))
  if (!perLevel.has(0)) perLevel.set(0, OPEN)
  const withOwn = (rule: ResolvedRule): ResolvedRule => ({ ...rule, action: rule.action ?? own ?? null })
  let result: ResolvedRule = { ...withOwn(last), hard: true }
  for (const rule of perLevel.values()) result = stricterRule(result, withOwn(rule))
  return result
}
