/**
 * A conversation as a row of exchanges: each question with what was answered to it, whether it stands in messages or inside the text of
 * one. Memory is bounded by the window; turns before it are not read.
 */
import { createTextView } from '../../core/text/index.ts'
import type { Message } from '../../spec/index.ts'
import type { TextRange } from './embedded-shots.ts'
import { embeddedDialogue } from './embedded-shots.ts'

export interface Exchange {
  readonly question: string
  /** Null where it was not answered yet. */
  readonly answer: string | null
  /** Index of the message with the question. */
  readonly message: number
  /** It stands inside a message. */
  readonly embedded: boolean
  /** In that message's text; absent for an exchange of real messages. */
  readonly span?: { readonly start: number; readonly end: number }
  /** Written with the control tokens of a chat template, which no user types. */
  readonly control: boolean
}

/** Longer texts are searched for a dialogue in their last part: the request stands at the end. */
const LONGEST_SEARCHED = 400_000

/**
 * The newest exchanges, oldest first. Users' messages open them, assistants' answer them; others are left out.
 * @param most exchanges at most
 */
export function exchangesOf(messages: readonly Message[], most: number): readonly Exchange[] {
  const newest: Exchange[][] = []
  let count = 0
  let answer: string | null = null
  for (let index = messages.length - 1; index >= 0 && count < most; index -= 1) {
    const message = messages[index] as Message
    if (message.role === 'assistant') answer = answer === null ? textOf(message) : `${textOf(message)}\n${answer}`
    if (message.role !== 'user') continue
    const group = exchangesOfText(textOf(message), index, answer).slice(-(most - count))
    newest.push(group)
    count += group.length
    answer = null
  }
  return newest.toReversed().flat()
}

/** Exchanges in one text; the last of them is the text's own request, with the answer given to it. */
export function exchangesOfText(text: string, message: number, answer: string | null): readonly Exchange[] {
  const offset = Math.max(0, text.length - LONGEST_SEARCHED)
  const view = createTextView(offset === 0 ? text : text.slice(offset))
  const dialogue = embeddedDialogue(view.normalised)
  if (dialogue === null) return [{ question: text, answer, message, embedded: false, control: false }]
  const control = dialogue.notation === 'control'
  const cut = ({ start, end }: TextRange): string => view.normalised.slice(start, end)
  const shots = dialogue.shots.map((shot): Exchange => {
    const [start, end] = view.toOriginal(shot.question.start, shot.answer.end)
    const span = { start: offset + start, end: offset + end }
    return { question: cut(shot.question), answer: cut(shot.answer), message, embedded: true, control, span }
  })
  if (dialogue.rest.length === 0) return shots
  const question = dialogue.rest.map(cut).join('\n')
  return [...shots, { question, answer, message, embedded: false, control: false }]
}

/** The text of a message, its parts joined by line breaks. */
export function textOf({ content }: Message): string {
  if (typeof content === 'string') return content
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}
