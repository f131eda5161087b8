/** The reasons of several broken clauses as one reading. Each was checked against the texts by its own clause; nothing is judged again. */
import type { CompletionOptions } from '../../../spec/index.ts'
import type { JudgeAnswer } from '../ask-judge.ts'
import type { CritiqueReading, QuotedSpans } from '../formats/critique.ts'

/** Asks the clauses one after another. Null where none has reasons. Rejects as the engine does. */
export async function togetherCritiques(
  answers: readonly JudgeAnswer[],
  options: CompletionOptions,
): Promise<CritiqueReading | null> {
  const readings: CritiqueReading[] = []
  for (const answer of answers) {
    const reading = await answer.critique(options)
    if (reading !== null) readings.push(reading)
  }
  const responses = readings.flatMap(({ response }) => response ?? [])
  if (readings.length === 0) return null
  return {
    text: readings.map(({ text }) => text).join('\n\n'),
    clauses: [...new Set(readings.flatMap(({ clauses }) => clauses))],
    silent: readings.some(({ silent }) => silent),
    prompt: together(readings.map(({ prompt }) => prompt)),
    response: responses.length === 0 ? null : together(responses),
    invented: [...new Set(readings.flatMap(({ invented }) => invented))],
    contradicts: readings.some(({ contradicts }) => contradicts),
  }
}

/** Each quote once. */
function together(spans: readonly QuotedSpans[]): QuotedSpans {
  const found = new Map(spans.flatMap((one) => one.found.map((span) => [span.quote, span] as const)))
  return { found: [...found.values()], missing: [...new Set(spans.flatMap(({ missing }) => missing))] }
}
