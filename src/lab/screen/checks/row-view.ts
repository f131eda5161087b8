/** What checks look at: the turns in their normalised form, and every answer with what came before it. Made once a row. */
import { createTextView } from '../../../core/text/index.ts'
import type { TextView } from '../../../spec/text.ts'
import type { DataRow, Place } from '../row.ts'

export interface Exchange {
  /** The user's last words, or '' where there are none. */
  readonly asked: string
  /** All that was said before the answer, the system text among it. */
  readonly before: string
  /** The answer, or a stretch of a long one. */
  readonly answer: string
  /** Where in the turn's normalised text it begins. */
  readonly from: number
  /** Place of the answer among the turns. */
  readonly turn: number
}

export interface RowView {
  readonly row: DataRow
  readonly views: readonly TextView[]
  readonly exchanges: readonly Exchange[]
}

/** Longer answers are judged stretch by stretch; of what comes before an answer, this much of its end. */
const LONGEST = 20_000
/** Shared by neighbouring stretches, so that nothing hides on an edge. */
const SHARED = 1000

export function viewRow(row: DataRow): RowView {
  const views = row.turns.map(({ text }) => createTextView(text))
  const exchanges: Exchange[] = []
  let asked = ''
  const before: string[] = []
  row.turns.forEach(({ role }, turn) => {
    const whole = views[turn]?.normalised ?? ''
    const text = whole.slice(0, LONGEST)
    if (role === 'assistant') {
      const context = before.join('\n').slice(-LONGEST)
      for (const from of stretchStarts(whole.length, LONGEST, SHARED))
        exchanges.push({ asked, before: context, answer: whole.slice(from, from + LONGEST), from, turn })
    } else if (role === 'user') asked = text
    before.push(text)
  })
  return { row, views, exchanges }
}

/** Where stretches of a text begin that cover all of it; one for a short text. */
export function stretchStarts(length: number, stretch: number, shared: number): readonly number[] {
  const starts = [0]
  for (let end = stretch; end < length; end += stretch - shared) starts.push(end - shared)
  return starts
}

/** A range of a turn's normalised text as a place in the row. */
export function placeOf({ views }: RowView, turn: number, start: number, end: number): Place {
  const range = views[turn]?.toOriginal(start, end) ?? [start, end]
  return { turn, start: range[0], end: range[1] }
}
