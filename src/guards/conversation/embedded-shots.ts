/**
 * Faux dialogues inside one text: its question-answer pairs, and the text around them that is the real request. Offsets point into the
 * text given. Legitimate examples (few-shot prompts, pasted chats) are found as well: what is in them decides, not that they are there.
 */
import type { Notation } from './dialogue-markers.ts'
import { dialogueMarkers } from './dialogue-markers.ts'

export interface TextRange {
  readonly start: number
  readonly end: number
}

export interface EmbeddedShot {
  readonly question: TextRange
  readonly answer: TextRange
}

export interface EmbeddedDialogue {
  readonly notation: Notation
  /** At least one. */
  readonly shots: readonly EmbeddedShot[]
  /** What stands before the dialogue, and the question at its end that nobody answered. Empty ranges left out. */
  readonly rest: readonly TextRange[]
}

/** The dialogue in a text, or null. Time is linear in its length. */
export function embeddedDialogue(text: string): EmbeddedDialogue | null {
  const markers = dialogueMarkers(text)
  const shots: EmbeddedShot[] = []
  let open: TextRange | null = null
  for (const [index, { speaker, end: from }] of markers.entries()) {
    const range = trimmed(text, from, markers[index + 1]?.start ?? text.length)
    if (speaker === 'asks') open = open === null ? range : { start: open.start, end: range.end }
    else if (open !== null) {
      if (range.end > range.start) {
        shots.push({ question: open, answer: range })
        open = null
      }
    } else if (shots.length > 0) {
      const last = shots.pop() as EmbeddedShot
      shots.push({ question: last.question, answer: { start: last.answer.start, end: range.end } })
    }
  }
  const [first] = markers
  if (first === undefined || shots.length === 0) return null
  const rest = [trimmed(text, 0, first.start), ...(open === null ? [] : [open])].filter(({ start, end }) => end > start)
  return { notation: first.notation, shots, rest }
}

/** A range without the white space and the punctuation of notations around it. */
function trimmed(text: string, start: number, end: number): TextRange {
  let from = start
  let to = end
  while (from < to && EDGE.has(text[from] as string)) from += 1
  while (to > from && EDGE.has(text[to - 1] as string)) to -= 1
  return { start: from, end: to }
}

const EDGE: ReadonlySet<string> = new Set(' \t\r\n\u3000,{}[]"\'*_#>|')
