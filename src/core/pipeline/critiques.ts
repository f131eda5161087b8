/**
 * How the reasons of guards travel from verdicts to the record: as questions that nobody has asked yet. Nothing is asked here, and no
 * decision waits for an answer or depends on one.
 */
import type { AskCritiques, CritiqueSource, Guard, GuardReport } from '../../spec/index.ts'
import type { TextOutcome } from './result.ts'

/** Questions kept of one verdict, and of one decision: an answer of very many pieces must not hold them all. */
export const MOST_CRITIQUES = 64

/** The question for the reasons of a report; null where there are none to be asked for. */
export function askCritiques(guard: Guard | undefined, report: GuardReport): readonly AskCritiques[] | null {
  if (guard?.critiques === undefined || report.findings.length === 0) return null
  return [async (options) => (await guard.critiques?.(report, options)) ?? []]
}

/** The questions of all verdicts. */
export function critiqueSources(outcomes: readonly TextOutcome[]): readonly CritiqueSource[] {
  const sources: CritiqueSource[] = []
  for (const { field, message, verdicts } of outcomes) {
    for (const verdict of verdicts) {
      if (verdict.status !== 'judged' || verdict.critiques === undefined) continue
      const { guard, stage, critiques } = verdict
      for (const ask of critiques)
        if (sources.length < MOST_CRITIQUES)
          sources.push({ guard, stage, field, ...(message === undefined ? {} : { message }), ask })
    }
  }
  return sources
}
