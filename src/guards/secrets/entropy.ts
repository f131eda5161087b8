/**
 * Tokens that look drawn at random: Shannon entropy beside rules about character classes.
 *
 * Entropy alone cannot tell a key from an identifier of the same length (both use many different characters), so a token must
 * also mix classes often and must not be made of word-like runs. Hexadecimal, UUIDs, paths, integrity hashes, media in base64
 * and wrapped base64 blocks are never reported here.
 */
import { hasBodyRun } from './runs.ts'
import type { SecretPattern } from './secret-pattern.ts'

/** Settings of the detector. */
export interface EntropyOptions {
  /** Bits per character from which a long token counts. Default 4.2; short tokens need what random ones of their length have. */
  readonly threshold: number
  /** Shortest token looked at. Default 20. */
  readonly minLength: number
}

export const DEFAULT_ENTROPY: EntropyOptions = { threshold: 4.2, minLength: 20 }

const LONGEST = 128
const MEDIA = /^(?:iVBOR|\/9j\/|R0lGOD|UklGR|JVBERi|UEsDB|AAAA|sha(?:1|256|384|512)-|data:)/
const COUNTS = new Uint16Array(128)

/** Shannon entropy in bits per character; characters outside ASCII are taken as one. */
export function shannonEntropy(text: string): number {
  COUNTS.fill(0)
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index) & 0x7f
    COUNTS[code] = (COUNTS[code] ?? 0) + 1
  }
  let sum = 0
  for (const count of COUNTS) if (count > 0) sum += count * Math.log2(count)
  return text.length === 0 ? 0 : Math.log2(text.length) - sum / text.length
}

/** How sure it is that a token is random, 0…1; 0 means it is not reported. */
export function randomness(token: string, options: EntropyOptions = DEFAULT_ENTROPY): number {
  const body = token.replace(/=+$/, '')
  const length = body.length
  if (length < options.minLength || /^[0-9a-fA-F-]+$/.test(body) || MEDIA.test(body)) return 0
  const digits = count(body, /[0-9]/g)
  const uppers = count(body, /[A-Z]/g)
  const lowers = count(body, /[a-z]/g)
  if (digits < 2 || digits > length * 0.7 || uppers < 2 || lowers < 2) return 0
  if (wordShare(body) > 0.5 || count(body, /\//g) > Math.max(1, length / 20)) return 0
  if (count(body, /[-_]/g) > Math.max(2, length / 10)) return 0
  if (changes(body) < 0.35) return 0
  const needed = Math.min(options.threshold, Math.log2(length) - 0.7)
  const surplus = shannonEntropy(body) - needed
  return surplus < 0 ? 0 : Math.min(0.95, 0.6 + surplus * 0.5)
}

/** The recogniser of bare or assigned tokens. */
export function entropyPattern(options: EntropyOptions): SecretPattern {
  const least = Math.max(8, options.minLength)
  const body = String.raw`[A-Za-z0-9+/_-]{${least},${LONGEST}}={0,2}`
  return {
    kind: 'entropy',
    hint: { test: (text) => hasBodyRun(text, least) },
    pattern: new RegExp(
      String.raw`(?<![A-Za-z0-9+/_.~%@#&?=-])${body}(?![A-Za-z0-9+/=_-]|\.[A-Za-z0-9])|(?<=[A-Za-z0-9_ ]=)${body}(?![A-Za-z0-9+/=_-])`,
      'g',
    ),
    accept(value, text, start) {
      if (isMediaContext(text, start) || isInUrl(text, start) || isWrapped(text, start, start + value.length))
        return null
      const score = randomness(value, options)
      return score === 0 ? null : { length: value.length, score }
    },
  }
}

function count(text: string, pattern: RegExp): number {
  let total = 0
  pattern.lastIndex = 0
  while (pattern.exec(text) !== null) total += 1
  return total
}

/** Share of characters in word-like runs: an optional capital and at least three small letters, or four capitals. */
function wordShare(text: string): number {
  let inside = 0
  for (const match of text.matchAll(/[A-Z]?[a-z]{3,}|[A-Z]{4,}/g)) inside += match[0].length
  return inside / text.length
}

/** Share of neighbours that differ in class. */
function changes(text: string): number {
  let total = 0
  for (let index = 1; index < text.length; index++) {
    if (classOf(text.charCodeAt(index)) !== classOf(text.charCodeAt(index - 1))) total += 1
  }
  return total / (text.length - 1)
}

function classOf(code: number): number {
  if (code >= 0x61 && code <= 0x7a) return 0
  if (code >= 0x41 && code <= 0x5a) return 1
  return code >= 0x30 && code <= 0x39 ? 2 : 3
}

function isMediaContext(text: string, start: number): boolean {
  return text.slice(Math.max(0, start - 7), start) === 'base64,'
}

/** Identifiers in links are no keys; those that are have a name (`token=`). */
function isInUrl(text: string, start: number): boolean {
  const before = text.slice(Math.max(0, start - 120), start)
  return /[?&/][^\s"'<>]{0,60}$/.test(before) && /(?:[a-z]:\/\/|&amp;)[^\s"'<>]{0,120}$/.test(before)
}

/** A line of a base64 block wrapped at 64 or 76 characters, or its shorter last line. */
function isWrapped(text: string, start: number, end: number): boolean {
  if (end - start === 64 || end - start === 76) {
    const before = text.charCodeAt(start - 1)
    const after = text.charCodeAt(end)
    if (before === 0x0a && (after === 0x0a || after === 0x0d)) return true
  }
  const lineBreak = text.slice(Math.max(0, start - 2), start)
  if (!lineBreak.endsWith('\n')) return false
  const stop = start - (lineBreak === '\r\n' ? 2 : 1)
  return stop >= 64 && /^[A-Za-z0-9+/]{64}$/.test(text.slice(stop - 64, stop))
}
