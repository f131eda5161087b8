/**
 * Checks a judge's reasons against what they are about: do the quoted passages exist in the judged texts, does the critique name a
 * clause that the label names, does it restate another label. It never changes a label.
 */
import type { JudgeInput, PolicyClause } from '../judge-input.ts'
import type { LabelReading } from '../judge-reading.ts'

/** A quoted passage that exists: UTF-16 units of the text, end exclusive. */
export interface QuotedSpan {
  readonly quote: string
  readonly start: number
  readonly end: number
}

export interface QuotedSpans {
  readonly found: readonly QuotedSpan[]
  /** Quotes that are not in the text: the judge made them up, or quotes something else. */
  readonly missing: readonly string[]
}

export interface CritiqueReading {
  readonly text: string
  /** Ids of clauses of the label that the critique names, by id or title. */
  readonly clauses: readonly string[]
  /** The label is positive and names clauses, and the critique names none of them. */
  readonly silent: boolean
  readonly prompt: QuotedSpans
  /** Null where no answer was judged. Quotes of the prompt are missing here, and the other way round. */
  readonly response: QuotedSpans | null
  /** Quotes that are in none of the judged texts. */
  readonly invented: readonly string[]
  /** The critique restates the opposite label. The label stands; a reviewer should see this. */
  readonly contradicts: boolean
}

const QUOTED: RegExp =
  /"([^"\n]{1,500})"|\u201C([^\u201D\n]{1,500})\u201D|\u201E([^\u201C\u201D\n]{1,500})[\u201C\u201D]|\u00AB([^\u00BB\n]{1,500})\u00BB|`([^`\n]{1,500})`|(?<![\p{L}\p{N}])['\u2018]((?:[^'\u2019\n]|(?<=\p{L})['\u2019](?=\p{L})){1,500})['\u2019](?![\p{L}\p{N}])/gu
const MOST_QUOTES = 64
/** Quotes are looked for in this much of a critique. */
const LONGEST_CRITIQUE = 20_000

/** Passages between quotation marks, each once, without ellipses and full stops at their ends. */
export function quotations(critique: string): readonly string[] {
  const found = new Set<string>()
  for (const match of critique.slice(0, LONGEST_CRITIQUE).matchAll(QUOTED)) {
    const quote = match.slice(1).find((group) => group !== undefined) ?? ''
    const bare = quote.replace(/^[\s.\u2026]+|[\s.,;:\u2026]+$/gu, '')
    if (bare !== '') found.add(bare)
    if (found.size === MOST_QUOTES) break
  }
  return [...found]
}

/**
 * Finds what a critique quotes in a text: as it stands, else without regard to case and kind of spaces. The first place counts.
 *
 * @param except words that are no quotes of the text, such as titles of clauses.
 */
export function quotedSpans(critique: string, text: string, except: readonly string[] = []): QuotedSpans {
  return locate(without(quotations(critique), except), text)
}

function without(quotes: readonly string[], except: readonly string[]): readonly string[] {
  const names = new Set(except.map((name) => name.toLowerCase()))
  return quotes.filter((quote) => !names.has(quote.toLowerCase()))
}

/** Where given passages stand in a text. */
export function locate(quotes: readonly string[], text: string): QuotedSpans {
  const found: QuotedSpan[] = []
  const missing: string[] = []
  let folded: FoldedText | undefined
  for (const quote of quotes) {
    const start = quote === '' ? -1 : text.indexOf(quote)
    if (start >= 0) {
      found.push({ quote, start, end: start + quote.length })
      continue
    }
    folded ??= fold(text)
    const span = findFolded(quote, folded)
    if (span === null) missing.push(quote)
    else found.push({ quote, ...span })
  }
  return { found, missing }
}

interface FoldedText {
  readonly text: string
  /** Offset in the original for each unit of `text`, and one for its end. */
  readonly offsets: readonly number[]
}

/** Lower case, runs of spaces as one, with the way back. */
function fold(original: string): FoldedText {
  const parts: string[] = []
  const offsets: number[] = []
  let space = false
  for (let index = 0; index < original.length; index += 1) {
    const unit = original.charAt(index)
    const isSpace = /\s/.test(unit)
    if (!isSpace || !space) {
      const lower = unit.toLowerCase()
      parts.push(isSpace ? ' ' : lower.length === 1 ? lower : unit)
      offsets.push(index)
    }
    space = isSpace
  }
  return { text: parts.join(''), offsets: [...offsets, original.length] }
}

function findFolded(quote: string, { text, offsets }: FoldedText): { start: number; end: number } | null {
  const wanted = fold(quote).text.trim()
  const at = wanted === '' ? -1 : text.indexOf(wanted)
  if (at < 0) return null
  const start = offsets[at] ?? 0
  // The last unit's own end, so that a run of spaces behind it stays outside.
  return { start, end: (offsets[at + wanted.length - 1] ?? start) + 1 }
}

/** Reads a critique of a label that is known. What the reading lists as quotes is checked with what the critique quotes. */
export function readCritique(
  text: string,
  reading: LabelReading,
  input: JudgeInput,
  taxonomy: readonly PolicyClause[],
): CritiqueReading {
  const critique = text.trim()
  const positive = Object.values(reading.labels).includes(true)
  const clauses = reading.categories.filter(({ id, title }) => names(critique, id, title)).map(({ id }) => id)
  const titles = [...taxonomy.flatMap(({ id, title }) => [id, title, bareTitle(title)]), ...LABEL_WORDS]
  const quotes = [...new Set([...without(quotations(critique), titles), ...reading.quotes])]
  const prompt = locate(quotes, input.prompt)
  const response = input.response === undefined ? null : locate(quotes, input.response)
  const inResponse = new Set(response?.missing ?? prompt.missing)
  return {
    text: critique,
    clauses,
    silent: positive && reading.categories.length > 0 && clauses.length === 0,
    prompt,
    response,
    invented: prompt.missing.filter((quote) => inResponse.has(quote)),
    contradicts: restates(critique) === !positive,
  }
}

const LABEL_WORDS = ['safe', 'unsafe', 'yes', 'no', 'harmful', 'unharmful', 'refusal', 'compliance']

function bareTitle(title: string): string {
  return title.replace(/[\s.]+$/, '')
}

function names(critique: string, id: string, title: string): boolean {
  const bare = bareTitle(title)
  if (bare !== '' && critique.toLowerCase().includes(bare.toLowerCase())) return true
  const at = new RegExp(`(?<![\\p{L}\\p{N}])${id.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}(?![\\p{L}\\p{N}])`, 'iu')
  return at.test(critique)
}

/** Characters in which a critique restates its label, if it does. */
const OPENING = 200

/** The label a critique opens with: true for unsafe; null where it opens with none. */
function restates(critique: string): boolean | null {
  const match = /(?<![\p{L}\p{N}-])(not\s+)?(unsafe|safe)(?![\p{L}\p{N}-])/iu.exec(critique.slice(0, OPENING))
  if (match === null) return null
  const unsafe = match[2]?.toLowerCase() === 'unsafe'
  return match[1] === undefined ? unsafe : !unsafe
}
