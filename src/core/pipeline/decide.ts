/**
 * From what guards found to what happens: thresholds, actions, exceptions and shadow are applied here and nowhere else.
 *
 * Guards never decide; doors never interpret findings. What an error means is decided in `stageDecision`, from the rail entry's
 * `onError`.
 */
import type { Action, Caller, ErrorPolicy, Finding, StageDecision, TextView, Verdict } from '../../spec/index.ts'
import { moreSevere } from '../../spec/index.ts'
import type { EffectivePolicy, ResolvedRailEntry } from '../policy/types.ts'

/** A finding with what the policy makes of it. `action` is `pass` when it is below its threshold or silenced. */
export interface RuledFinding {
  readonly finding: Finding
  readonly guard: string
  readonly action: Action
  /** Observed only: never applied. */
  readonly shadow: boolean
  /** Id of the exception that silenced it. */
  readonly exception?: string
}

/** What ruling on a finding needs beside the finding. */
export interface RuleContext {
  readonly policy: EffectivePolicy
  readonly text: TextView
  readonly caller: Caller
  /** SHA-256 of the text, for exceptions by hash; worked out at most once. */
  readonly textHash: () => Promise<string>
}

/** Actions of labels for which neither the policy nor the guard says anything. */
const DEFAULT_ACTIONS: readonly (readonly [prefix: string, action: Action])[] = [
  ['toxicity', 'flag'],
  ['refusal', 'pass'],
  ['pii', 'modify'],
  ['unicode', 'modify'],
  ['structured', 'retry'],
]

/** The built-in action of a label. Hazard categories alone decide nothing: the head they belong to does. */
export function defaultAction(label: string): Action {
  if (/^S\d{1,2}$/.test(label)) return 'pass'
  for (const [prefix, action] of DEFAULT_ACTIONS) {
    if (label === prefix || label.startsWith(`${prefix}.`)) return action
  }
  return 'block'
}

/**
 * Applies threshold, action, exceptions and shadow of one rail entry to one finding. Synchronous unless an exception has to
 * hash the text.
 */
export function ruleFinding(
  entry: ResolvedRailEntry,
  finding: Finding,
  context: RuleContext,
): RuledFinding | Promise<RuledFinding> {
  const rule = entry.rule(finding.label, finding)
  const shadow = entry.shadow || context.policy.shadow
  const { guard } = entry
  if (!(finding.score > rule.threshold)) return { finding, guard, shadow, action: 'pass' }
  const action = rule.action ?? finding.action ?? defaultAction(finding.label)
  if (action === 'pass' || finding.hard === true || rule.hard || context.policy.exceptions.length === 0) {
    return { finding, guard, shadow, action }
  }
  const exempt = firstException(finding, context, 0)
  const base = { finding, guard, shadow }
  if (exempt instanceof Promise) return exempt.then((id) => silence(base, action, id))
  return silence(base, action, exempt)
}

function silence(base: Omit<RuledFinding, 'action'>, action: Action, exception: string | null): RuledFinding {
  return exception === null ? { action, ...base } : { action: 'pass', exception, ...base }
}

function firstException(finding: Finding, context: RuleContext, from: number): string | null | Promise<string | null> {
  const { exceptions } = context.policy
  for (let index = from; index < exceptions.length; index++) {
    const exception = exceptions[index]
    if (exception === undefined) continue
    const matches = exception.matches({ ...context, finding })
    if (matches instanceof Promise) {
      return matches.then((yes) => (yes ? exception.id : firstException(finding, context, index + 1)))
    }
    if (matches) return exception.id
  }
  return null
}

/** Rules on all findings of one verdict. */
export function ruleFindings(
  entry: ResolvedRailEntry,
  findings: readonly Finding[],
  context: RuleContext,
): readonly RuledFinding[] | Promise<readonly RuledFinding[]> {
  const ruled = findings.map((finding) => ruleFinding(entry, finding, context))
  const ready = ruled.filter((item): item is RuledFinding => !(item instanceof Promise))
  return ready.length === ruled.length ? ready : Promise.all(ruled.map((item) => Promise.resolve(item)))
}

/** What one guard's failure means for the stage. */
export function failureDecision(status: 'error' | 'timeout', onError: ErrorPolicy): StageDecision {
  return onError === 'block' ? status : 'pass'
}

/**
 * The outcome of a stage. With `includeShadow`, what it would have been had nothing been in shadow.
 */
export function stageDecision(
  ruled: readonly RuledFinding[],
  verdicts: readonly Verdict[],
  entries: readonly ResolvedRailEntry[],
  includeShadow = false,
): StageDecision {
  let decision: StageDecision = 'pass'
  for (const item of ruled) {
    if (item.shadow && !includeShadow) continue
    decision = moreSevere(decision, item.action)
  }
  for (const verdict of verdicts) {
    if (verdict.status !== 'error' && verdict.status !== 'timeout') continue
    if (verdict.shadow && !includeShadow) continue
    const onError = entries.find((entry) => entry.guard === verdict.guard)?.onError ?? 'block'
    decision = moreSevere(decision, failureDecision(verdict.status, onError))
  }
  return decision
}

/** A replaced range: where it was in the original, and what stands there now. */
export interface Replacement {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** What a span becomes when its guard did not say: its label, for example `[PII.EMAIL]`. */
export function defaultReplacement(finding: Finding): string {
  return `[${finding.label.toUpperCase()}]`
}

/**
 * The ranges that `modify` replaces, in order, overlaps merged: a group of overlapping spans becomes one range with the
 * replacement of the span that begins first (the longest of those). A finding without a span means the whole text.
 * @param length length of the text, UTF-16 units
 */
export function replacementsOf(ruled: readonly RuledFinding[], length: number): readonly Replacement[] {
  const spans = ruled
    .filter((item) => item.action === 'modify' && !item.shadow)
    .map(({ finding }) => ({
      start: finding.span?.start ?? 0,
      end: finding.span?.end ?? length,
      text: finding.replacement ?? defaultReplacement(finding),
    }))
    .toSorted((left, right) => left.start - right.start || right.end - left.end)
  const merged: { start: number; end: number; text: string }[] = []
  for (const span of spans) {
    const last = merged.at(-1)
    if (last !== undefined && span.start < last.end) last.end = Math.max(last.end, span.end)
    else merged.push({ ...span })
  }
  return merged
}

/** The text with every `modify` span replaced. */
export function applyModifications(text: string, ruled: readonly RuledFinding[]): string {
  const replacements = replacementsOf(ruled, text.length)
  if (replacements.length === 0) return text
  let result = ''
  let from = 0
  for (const { start, end, text: replacement } of replacements) {
    result += text.slice(from, start) + replacement
    from = end
  }
  return result + text.slice(from)
}

/** What to tell the model when it is asked again: the reasons of the findings that asked for it. */
export function retryFeedback(ruled: readonly RuledFinding[]): string | undefined {
  const reasons = ruled
    .filter((item) => item.action === 'retry' && !item.shadow)
    .map(({ finding }) => finding.reason ?? `The answer was rejected (${finding.label}).`)
  return reasons.length === 0 ? undefined : [...new Set(reasons)].join('\n')
}
