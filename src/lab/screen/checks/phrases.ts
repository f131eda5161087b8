/** Phrases looked for in turns of certain roles: the first place where one stands. Every pattern is linear in the text. */
import type { NamedMeasure, TurnRole } from '../row.ts'
import { placeOf, type RowView, stretchStarts } from './row-view.ts'

export interface PhraseCheck {
  readonly check: string
  /** Each with the roles it counts in. */
  readonly phrases: readonly { readonly roles: readonly TurnRole[]; readonly pattern: RegExp }[]
}

/** Characters of a turn that are looked at in one go, and those that neighbouring stretches share. */
const [REACH, SHARED] = [8192, 400] as const

/** Score 1 where a phrase stands, else 0. */
export function findPhrase({ check, phrases }: PhraseCheck, view: RowView): NamedMeasure {
  for (const [turn, { role }] of view.row.turns.entries()) {
    const text = view.views[turn]?.normalised ?? ''
    for (const from of stretchStarts(text.length, REACH, SHARED)) {
      const part = text.slice(from, from + REACH)
      for (const { roles, pattern } of phrases) {
        if (!roles.includes(role)) continue
        const match = pattern.exec(part)
        if (match === null) continue
        const start = from + match.index
        return [check, { score: 1, place: placeOf(view, turn, start, start + match[0].length) }]
      }
    }
  }
  return [check, { score: 0 }]
}
