/** The surprise of a row against its set, as two checks: on the whole, and where it is greatest. In deviations above the set's median. */
import type { SurprisalModel } from '../surprisal/surprisal.ts'
import type { NamedMeasure } from '../row.ts'
import type { RowView } from './row-view.ts'

export function createSurprisalChecks(model: SurprisalModel): (view: RowView) => readonly NamedMeasure[] {
  return ({ row }) => {
    const { mean, peak, at } = model.measure(surprisalTexts(row))
    const turns = row.turns.flatMap(({ role }, turn) => (counts(role) ? [turn] : []))
    const place = { turn: turns[at.turn] ?? 0, start: at.start, end: at.end }
    return [
      ['surprisal', { score: mean }],
      ['surprisal-peak', { score: peak, place }],
    ]
  }
}

const counts = (role: string): boolean => role === 'user' || role === 'assistant'

/** What the user and the assistant say; system texts repeat too often to be surprising. */
export function surprisalTexts(row: {
  readonly turns: readonly { readonly role: string; readonly text: string }[]
}): readonly string[] {
  return row.turns.filter(({ role }) => counts(role)).map(({ text }) => text)
}
