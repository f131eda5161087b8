/**
 * How a kind of personal data is recognised: a bounded pattern proposes candidates, a judge scores them with a few characters of
 * their surroundings.
 *
 * A rejected candidate does not consume its text: the search goes on one character further, so a number that follows another
 * number is still found. Patterns are bounded, so a retry costs a constant and the whole search is linear.
 */
import type { PatternMatch, PatternMatcher, Recogniser } from '../../core/scan/index.ts'
import { regExpMatcher } from '../../core/scan/index.ts'
import type { PiiKind } from './kinds.ts'
import { rankOf } from './kinds.ts'
import type { TextProfile } from './profile.ts'
import { digitRows, profileOf } from './profile.ts'

/** Characters around a candidate that a judge may read. */
export const CONTEXT = 64

/** A candidate in its text. `before` and `after` never reach further than the declared context. */
export interface Candidate {
  readonly value: string
  /** Up to {@link CONTEXT} characters before, masks taken out. */
  readonly before: string
  /** Up to the recogniser's lookahead characters after. */
  readonly after: string
}

/** See {@link Shape.anchor}. */
export interface Anchor {
  readonly lead: number
  /** @param next where the next row of digits begins; Infinity when there is none */
  at(text: string, digit: number, next: number): boolean
  unless?(text: string, from: number): boolean
}

export interface Shape {
  readonly kind: PiiKind
  /** Global; bounded repetitions only. */
  readonly pattern: RegExp
  readonly maxLength: number
  /** Default 2: the boundary after a match. */
  readonly lookahead?: number
  readonly gate: (profile: TextProfile) => boolean
  /**
   * Where a match may begin, for patterns that would otherwise be tried at every word: at most `lead` characters before its first
   * digit (which never follows another digit), and only where `at` says so of that digit. Where `unless` is true it may begin
   * anywhere.
   */
  readonly anchor?: Anchor
  /**
   * What every match begins with, or its first characters at the end of the text (`$`): a stream holds text back only from there.
   * Without it `maxLength` characters are always held back.
   */
  readonly opening?: RegExp
  /** How many characters of what the pattern matched belong to the candidate; 0 rejects. Default all. */
  readonly trim?: (matched: string) => number
  /** Confidence, 0 rejects. */
  readonly judge: (candidate: Candidate) => number
}

/** Letters and digits of scripts that separate words by spaces; Chinese, Japanese and Korean particles touch numbers directly. */
export const WORD = 'A-Za-z0-9_\\u00C0-\\u024F\\u0370-\\u052F'

/** Not inside a longer token: no word character before, no `x-`, `x/` or `1.` either. */
export const OPEN: string = `(?<![${WORD}]|[${WORD}][-/]|\\d\\.)`
export const CLOSE: string = `(?![${WORD}]|[-/][${WORD}]|\\.\\d)`

/** One optional separator between groups of digits. */
export const SEPARATOR = '[ .\\u2010-\\u2015\\u2212-]?'

/** Groups of an IBAN right before a candidate; stretches of it look like cards and telephone numbers. */
export const WITHIN_IBAN: RegExp = /(?:^|[^A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -][A-Za-z0-9]{4}){0,6}[ -]$/

/** Strips separators and upper-cases. */
export function compact(value: string): string {
  return value.replace(/[^0-9A-Za-z]/g, '').toUpperCase()
}

/** Masks and pseudonyms, also cut off at the left: their names must not count as context words. */
const PLACEHOLDERS = /^[^[\]<>]{0,40}[\]>]|\[[A-Z_]{2,24}(?::[0-9a-f]{8})?\]|<[A-Z_]{2,24}_\d{1,6}>/g

/** What stands around a range, as a judge may see it. */
export function surroundings(
  text: string,
  start: number,
  end: number,
  lookahead: number,
): Pick<Candidate, 'before' | 'after'> {
  return {
    before: text.slice(Math.max(0, start - CONTEXT), start).replace(PLACEHOLDERS, ' '),
    after: text.slice(end, end + lookahead),
  }
}

/** A recogniser of the scanner for this shape. */
export function toRecogniser(shape: Shape, minScore: number): Recogniser {
  const lookahead = shape.lookahead ?? 2
  const score = (text: string, start: number, end: number): number =>
    shape.judge({ value: text.slice(start, end), ...surroundings(text, start, end, lookahead) })
  return {
    id: shape.kind,
    pattern: matcherOf(shape, (text, start, end) => score(text, start, end) >= minScore),
    maxLength: shape.maxLength,
    lookbehind: CONTEXT,
    lookahead,
    needs: (text) => shape.gate(profileOf(text)),
    ...(shape.opening === undefined ? {} : { opening: { pattern: regExpMatcher(shape.opening), maxLength: 1 } }),
    accept: (match, text) => {
      const confidence = score(text, match.index, match.end)
      return confidence >= minScore ? { label: `pii.${shape.kind}`, score: confidence } : null
    },
  }
}

function matcherOf(shape: Shape, accepts: Search['accepts']): PatternMatcher {
  const { pattern, anchor } = shape
  const search: Search = { pattern, accepts, trim: shape.trim ?? whole }
  const sticky: Search = { ...search, pattern: new RegExp(pattern.source, pattern.flags.replace('g', 'y')) }
  return {
    source: pattern.source,
    exec(text: string, from: number): PatternMatch | null {
      if (anchor === undefined || anchor.unless?.(text, from) === true)
        return firstAccepted(search, text, text, 0, from)
      const rows = digitRows(text)
      for (let row = 0; row < rows.length; row++) {
        const digit = rows[row] as number
        if (digit < from || !anchor.at(text, digit, rows[row + 1] ?? Infinity)) continue
        const found =
          anchor.lead === 0
            ? firstAccepted(sticky, text, text, 0, digit)
            : aroundDigit(search, shape, text, from, digit)
        if (found !== null) return found
      }
      return null
    },
  }
}

/** How candidates are looked for and judged. */
interface Search {
  readonly pattern: RegExp
  readonly trim: (matched: string) => number
  readonly accepts: (text: string, start: number, end: number) => boolean
}

function whole(matched: string): number {
  return matched.length
}

/** Characters that a pattern looks at on either side of a match. */
const BESIDE = 2

/** The first accepted match that begins at or up to `lead` characters before a digit; the pattern is shown no more than it needs. */
function aroundDigit(
  search: Search,
  { maxLength, anchor }: Shape,
  text: string,
  from: number,
  digit: number,
): PatternMatch | null {
  const first = Math.max(from, digit - (anchor?.lead ?? 0))
  const base = Math.max(0, first - BESIDE)
  const found = firstAccepted(search, text.slice(base, digit + maxLength + BESIDE), text, base, first - base)
  // What begins after this digit is seen whole around a digit of its own.
  return found === null || found.index > digit ? null : found
}

/** The first match at or after `from` in `stretch`, which stands at `base` in `text`, that is accepted. Offsets are those of `text`. */
function firstAccepted(
  { pattern, trim, accepts }: Search,
  stretch: string,
  text: string,
  base: number,
  from: number,
): PatternMatch | null {
  pattern.lastIndex = from
  for (;;) {
    const match = pattern.exec(stretch)
    if (match === null) return null
    const length = trim(match[0])
    const index = base + match.index
    if (length > 0 && accepts(text, index, index + length)) return { index, end: index + length, groups: [] }
    if (pattern.sticky) return null
    pattern.lastIndex = match.index + 1
  }
}

/** Rank of a finding's label among kinds. */
export function rankOfLabel(label: string): number {
  return rankOf(label.slice('pii.'.length) as PiiKind)
}
