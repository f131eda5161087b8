/**
 * Outcomes of the channels of one answer, put together per stage, so that an answer of many choices, tool calls and files has
 * one line for each guard and its report does not grow with its length.
 */
import type { GuardReport, Verdict } from '../../spec/index.ts'
import { moreSevere } from '../../spec/index.ts'
import { MOST_CRITIQUES } from '../pipeline/critiques.ts'
import type { TextOutcome } from '../pipeline/result.ts'

const MOST_RULED = 10_000
const STATUS_ORDER: readonly Verdict['status'][] = ['cancelled', 'judged', 'timeout', 'error']

/** Outcomes with those of the same stage and field merged. */
export function mergeOutcomes(outcomes: readonly TextOutcome[]): readonly TextOutcome[] {
  const merged = new Map<string, TextOutcome>()
  for (const outcome of outcomes) {
    const key = `${outcome.verdicts[0]?.stage ?? ''}:${outcome.verdicts[0]?.guard === 'media'}:${outcome.field}`
    const before = merged.get(key)
    merged.set(key, before === undefined ? outcome : mergeTwo(before, outcome))
  }
  return [...merged.values()]
}

/** Not every guard judges both a text and a file, so each side may have guards of its own. */
function mergeTwo(left: TextOutcome, right: TextOutcome): TextOutcome {
  const verdicts = left.verdicts.map((verdict) => {
    const other = right.verdicts.find((candidate) => candidate.guard === verdict.guard)
    return other === undefined ? verdict : mergeVerdicts(verdict, other)
  })
  return {
    ...left,
    entries: union(left.entries, right.entries),
    verdicts: union(verdicts, right.verdicts),
    ruled: left.ruled.length + right.ruled.length > MOST_RULED ? bounded(left, right) : [...left.ruled, ...right.ruled],
    decision: moreSevere(left.decision, right.decision),
    shadowDecision: moreSevere(left.shadowDecision, right.shadowDecision),
  }
}

function union<T extends { readonly guard: string }>(left: readonly T[], right: readonly T[]): readonly T[] {
  const own = right.filter((item) => left.every(({ guard }) => guard !== item.guard))
  return own.length === 0 ? left : [...left, ...own]
}

function bounded(left: TextOutcome, right: TextOutcome): TextOutcome['ruled'] {
  return [...right.ruled.filter((item) => item.action === right.decision), ...left.ruled, ...right.ruled].slice(
    0,
    MOST_RULED,
  )
}

function mergeVerdicts(left: Verdict, right: Verdict): Verdict {
  const times = { ms: left.ms + right.ms, ...span(left, right) }
  if (left.status === 'judged' && right.status === 'judged') {
    const critiques = [...(left.critiques ?? []), ...(right.critiques ?? [])].slice(0, MOST_CRITIQUES)
    const report = mergeReports(left.report, right.report)
    return { ...left, ...times, report, ...(critiques.length === 0 ? {} : { critiques }) }
  }
  const worse = STATUS_ORDER.indexOf(right.status) > STATUS_ORDER.indexOf(left.status) ? right : left
  return { ...worse, ...times }
}

/** From the first question to the last answer of both. */
function span(left: Verdict, right: Verdict): Pick<Verdict, 'startedAt' | 'endedAt'> {
  const startedAt = Math.min(left.startedAt ?? Infinity, right.startedAt ?? Infinity)
  const endedAt = Math.max(left.endedAt ?? -Infinity, right.endedAt ?? -Infinity)
  return startedAt === Infinity || endedAt === -Infinity ? {} : { startedAt, endedAt }
}

function mergeReports(left: GuardReport, right: GuardReport): GuardReport {
  const scores = largest(left.scores, right.scores)
  const categories = largest(left.categories, right.categories)
  const highlights = [...(left.highlights ?? []), ...(right.highlights ?? [])].slice(0, MOST_RULED)
  const untested = [...new Set([...(left.untested ?? []), ...(right.untested ?? [])])]
  return {
    findings: [...left.findings, ...right.findings].slice(0, MOST_RULED),
    ...(scores === undefined ? {} : { scores }),
    ...(categories === undefined ? {} : { categories }),
    ...(highlights.length === 0 ? {} : { highlights }),
    ...(untested.length === 0 ? {} : { untested }),
  } as GuardReport
}

type Numbers = Readonly<Record<string, number | null>>

function largest(left: object | undefined, right: object | undefined): Numbers | undefined {
  if (left === undefined || right === undefined) return (left ?? right) as Numbers | undefined
  const merged: Record<string, number | null> = { ...(left as Numbers) }
  for (const [key, value] of Object.entries(right as Numbers)) {
    const before = merged[key] ?? null
    merged[key] = before === null || value === null ? (before ?? value) : Math.max(before, value)
  }
  return merged
}
