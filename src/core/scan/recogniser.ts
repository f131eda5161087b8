/**
 * What the pattern scanner looks for: a pattern, how far a match may reach, and what becomes of a match.
 */
import type { Finding } from '../../spec/guard.ts'

/** A match. Offsets are relative to the text that was searched. */
export interface PatternMatch {
  readonly index: number
  /** Exclusive. */
  readonly end: number
  /** The whole match, then the capture groups. */
  readonly groups: readonly (string | undefined)[]
}

/** Finds the leftmost match at or after an offset. */
export interface PatternMatcher {
  /** For messages. */
  readonly source: string
  exec(text: string, from: number): PatternMatch | null
}

/** One pattern of a scanner. */
export interface Recogniser {
  readonly id: string
  readonly pattern: PatternMatcher
  /** Longest match in characters. Longer matches count as not found. */
  readonly maxLength: number
  /** Characters before a match that the pattern or `accept` looks at. Default and least 1. */
  readonly lookbehind?: number
  /** Characters after a match that the pattern or `accept` looks at. Default and least 1. */
  readonly lookahead?: number
  /** Which form of the text is searched. Default `normalised`. */
  readonly on?: 'normalised' | 'original'
  /**
   * Quick test: a text for which it is false holds no match. Must be true for every text that holds a match, however short (so it
   * may look for a literal inside the match or in the declared lookbehind, not for one elsewhere). Asked about more text than is
   * searched, so it cannot decide anything.
   */
  readonly needs?: (text: string) => boolean
  /**
   * What every match begins with, when that is much shorter than the match. A stream then holds text back only from an
   * opening on, instead of `maxLength` characters always. The matcher may also propose an opening that the end of the text
   * cuts short; `maxLength` then covers only what it does not recognise while incomplete.
   */
  readonly opening?: { readonly pattern: PatternMatcher; readonly maxLength: number }
  /**
   * Turns a match into a finding or rejects it.
   *
   * @param match offsets are relative to `text`
   * @param text the match with its surroundings: at most `lookbehind` and `lookahead` characters
   */
  accept(match: PatternMatch, text: string): Omit<Finding, 'span'> | null
}

/** A matcher that uses a regular expression with the flag `g`. */
export function regExpMatcher(pattern: RegExp): PatternMatcher {
  if (!pattern.global || pattern.sticky) {
    throw new TypeError(`The pattern /${pattern.source}/ needs the flag g and must not have the flag y`)
  }
  return {
    source: pattern.source,
    exec(text, from) {
      pattern.lastIndex = from
      const match = pattern.exec(text)
      return match === null ? null : { index: match.index, end: match.index + match[0].length, groups: match }
    },
  }
}
