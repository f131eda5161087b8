/**
 * Which guards made a decision what it is, and the guards of a decision put in order for reading. Works on what the gateway
 * told; nothing is decided here.
 */
import type { Decision, GuardResult } from '../../data/words.ts'
import { DECISIONS } from '../../ui/vocabulary.ts'

/** One guard at one stage; a conversation has several texts, so one guard may have run several times. */
export interface GuardGroup {
  readonly guard: string
  readonly stage: GuardResult['stage']
  readonly status: GuardResult['status']
  readonly decision: GuardResult['decision']
  readonly labels: readonly string[]
  /** Of the run that decided, else of the slowest. */
  readonly ms: number
  readonly runs: number
  /** All runs were answered from the cache. */
  readonly cached: boolean
  readonly shadow: boolean
  readonly decided: boolean
  readonly error: string | null
}

/** The results that made the decision, fastest first. Empty when nothing was found. */
export function decidersOf(decision: Decision, guards: readonly GuardResult[]): readonly GuardResult[] {
  if (decision === 'pass') return []
  const acting = guards.filter((result) => !result.shadow)
  const own = acting.filter((result) => result.decision === decision)
  // Without a model to ask again, `retry` becomes a block.
  const found = own.length === 0 && decision === 'block' ? acting.filter(({ decision }) => decision === 'retry') : own
  return found.toSorted((left, right) => left.ms - right.ms)
}

/** Guards by name and stage: who decided first, then the more severe, then the slower. */
export function groupGuards(decision: Decision, guards: readonly GuardResult[]): readonly GuardGroup[] {
  const deciders = new Set(decidersOf(decision, guards))
  const groups = new Map<string, GuardResult[]>()
  for (const result of guards) {
    const key = JSON.stringify([result.guard, result.stage, result.shadow])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [result])
    else group.push(result)
  }
  return [...groups.values()]
    .map((results) => toGroup(results, deciders))
    .toSorted(
      (left, right) =>
        Number(right.decided) - Number(left.decided) || severity(right) - severity(left) || right.ms - left.ms,
    )
}

function toGroup(results: readonly GuardResult[], deciders: ReadonlySet<GuardResult>): GuardGroup {
  const ranked = results.toSorted(
    (left, right) =>
      Number(deciders.has(right)) - Number(deciders.has(left)) ||
      severity(right) - severity(left) ||
      right.ms - left.ms,
  )
  const [first] = ranked as [GuardResult]
  const decided = deciders.has(first)
  return {
    guard: first.guard,
    stage: first.stage,
    status: first.status,
    decision: first.decision,
    labels: [...new Set(ranked.flatMap(({ labels }) => labels))],
    ms: decided ? first.ms : Math.max(...results.map(({ ms }) => ms)),
    runs: results.length,
    cached: results.every(({ cached }) => cached),
    shadow: first.shadow,
    decided,
    error: first.error?.message ?? null,
  }
}

/** A failure that was let pass still ranks above a plain pass. */
function severity({ decision, status }: Pick<GuardResult, 'decision' | 'status'>): number {
  if (decision === 'retry') return DECISIONS.indexOf('modify') + 0.5
  if (decision === 'pass' && (status === 'error' || status === 'timeout')) return 0.5
  return DECISIONS.indexOf(decision)
}
