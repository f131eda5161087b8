/**
 * The parts of an answer that are judged alone: dialogues hidden in it, question by question, and stretches of a few sentences. A mixture
 * of a harmless and a harmful answer is harmless on the whole; its parts are not (split moderation).
 */
import { embeddedDialogue } from '../../../guards/conversation/embedded-shots.ts'

export interface Passage {
  readonly start: number
  readonly end: number
  /** Of an embedded question: what is asked, for the answer after it. */
  readonly asked?: string
}

/** Characters of a stretch, at least, where there are as many. */
const SHORT = 90
const LONG = 360
/** Texts up to this length are cut into short stretches. */
const SHORT_TEXT = 480
/** Stretches of one answer, at most: a long answer costs a bounded time. Beyond them stretches grow. */
const MOST = 64
const MARKS = /[:\n|>\]]/

export function passagesOf(text: string): readonly Passage[] {
  return [...embedded(text), ...stretches(text)]
}

function embedded(text: string): readonly Passage[] {
  const dialogue = MARKS.test(text) ? embeddedDialogue(text) : null
  return (dialogue?.shots ?? []).map(({ question, answer }) => ({
    ...answer,
    asked: text.slice(question.start, question.end),
  }))
}

/** Sentences joined until they are long enough; neighbours share their half. None for a text of one stretch. */
function stretches(text: string): readonly Passage[] {
  const length = Math.max(text.length <= SHORT_TEXT ? SHORT : LONG, Math.ceil((2 * text.length) / MOST))
  if (text.length <= length) return []
  const ends = sentenceEnds(text, Math.ceil(length / 2))
  return ends.slice(1).map((end, index) => ({ start: ends[index - 1] ?? 0, end }))
}

/** Ends of pieces of at least `least` characters, at sentence ends where there are some, else at spaces or anywhere. */
function sentenceEnds(text: string, least: number): readonly number[] {
  const ends: number[] = []
  let from = 0
  let space = -1
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit === 32) space = at + 1
    if (at + 1 - from < least) continue
    const ended = unit === 46 || unit === 33 || unit === 63 || unit === 10 || unit === 0x3002
    const full = at + 1 - from >= 2 * least
    if (!ended && !full) continue
    const end = !ended && space > from + least ? space : at + 1
    ends.push(end)
    from = end
  }
  if (from < text.length) ends.push(text.length)
  return ends
}
