/**
 * Cuts a text into sentences by marks, line breaks and list items. No model and no data of the runtime, so that the same text is cut alike
 * everywhere; abbreviations are known by a short list.
 */

export interface Sentence {
  readonly text: string
  /** Range in the text given, without white space around it. */
  readonly start: number
  readonly end: number
}

/** Only the first mark of a run begins a match, and little may follow it: else a long run is read again from each of its marks. */
const END = /(?<![.!?…。！？])[.!?…。！？]+["'”’»)\]]{0,8}(?:\[[^\]\n]{1,40}\]){0,20}(?=\s|$)|[。！？]+|\n+/gu
/** Longer sentences are cut at white space, or where there is none: each is compared with many others. */
const LONGEST = 1000
const ABBREVIATION =
  /(?:^|[\s(])(?:mr|mrs|ms|dr|prof|st|nr|no|vs|etc|approx|ca|bzw|z\.\s?b|d\.\s?h|e\.g|i\.e|u\.s|inc|ltd|fig|vol|p|pp|sr|sra|av|art|p\. ex|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|okt|nov|dec|dez|\p{Lu})\.$/iu
/** German and others write days as `3.`: no end before a month. */
const ORDINAL = /(?:^|\s)\d{1,2}\.$/
const LIST_MARK = /^(?:[-*•]|\d{1,3}[.)])\s+/

/** Sentences in order. Time is linear in the length of the text. */
export function sentencesOf(text: string): readonly Sentence[] {
  const sentences: Sentence[] = []
  let from = 0
  const push = (to: number): void => {
    while (from < to) {
      const end = to - from <= LONGEST ? to : cutBefore(text, from, from + LONGEST)
      const sentence = trimmed(text, from, end)
      if (sentence.end > sentence.start) sentences.push(sentence)
      from = end
    }
  }
  for (const match of text.matchAll(END)) {
    const to = match.index + match[0].length
    if (match[0].startsWith('.')) {
      const before = text.slice(Math.max(from, to - 12), match.index + 1)
      const follows = text.slice(to, to + 3).trimStart()
      if (ABBREVIATION.test(before) && match[0] === '.') continue
      if (ORDINAL.test(before) && /^\p{L}/u.test(follows)) continue
    }
    push(to)
  }
  push(text.length)
  return sentences
}

/** The last place up to `end` at which a text can be cut: behind white space, else between two characters. */
export function cutBefore(text: string, start: number, end: number): number {
  for (let at = end; at > start + (end - start) / 2; at -= 1) if (/\s/.test(text[at - 1] as string)) return at
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(end - 1, end + 1)) ? end - 1 : end
}

function trimmed(text: string, from: number, to: number): Sentence {
  const raw = text.slice(from, to)
  const lead = raw.length - raw.trimStart().length
  const mark = LIST_MARK.exec(raw.slice(lead, lead + 16))?.[0].length ?? 0
  const start = from + lead + mark
  const content = text.slice(start, to).trimEnd()
  return { text: content, start, end: start + content.length }
}
