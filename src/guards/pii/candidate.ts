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
import { profileOf } from './profile.ts'

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

export interface Shape {
  readonly kind: PiiKind
  /** Global; bounded repetitions only. */
  readonly pattern: RegExp
  readonly maxLength: number
  /** Default 2: the boundary after a match. */
  readonly lookahead?: number
  readonly gate: (profile: TextProfile) => boolean
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
    pattern: judgedMatcher(shape, (text, start, end) => score(text, start, end) >= minScore),
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

function judgedMatcher(shape: Shape, accepts: (text: string, start: number, end: number) => boolean): PatternMatcher {
  const { pattern, trim } = shape
  return {
    source: pattern.source,
    exec(text: string, from: number): PatternMatch | null {
      pattern.lastIndex = from
      for (;;) {
        const match = pattern.exec(text)
        if (match === null) return null
        const length = trim === undefined ? match[0].length : trim(match[0])
        const end = match.index + length
        if (length > 0 && accepts(text, match.index, end)) return { index: match.index, end, groups: [] }
        pattern.lastIndex = match.index + 1
      }
    },
  }
}

/** Rank of a finding's label among kinds. */
export function rankOfLabel(label: string): number {
  return rankOf(label.slice('pii.'.length) as PiiKind)
}
