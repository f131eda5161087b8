/**
 * Cuts a growing text into regions that can be searched for secrets on their own.
 *
 * A run is what stands between two separators (white space, quotes, angle brackets, commas, ideographs); no secret but a PEM
 * key contains one, so complete runs are searched as soon as they end and only the last word is held back. A run longer than
 * `LONG_RUN` is searched in windows at fixed distances from its start. A PEM key starts a region of its own. All cuts depend on
 * the text alone, never on the pieces in which it arrived.
 */
import type { StreamBuffer } from '../../spec/index.ts'
import { CONTEXT } from './secret-pattern.ts'

/** A run longer than this is searched in windows. */
export const LONG_RUN: number = 1536
/** A window's own part; the rest of `LONG_RUN` is what it may look ahead. */
const WINDOW = 1024
/** Longest PEM body that is looked for. */
export const PEM_BODY: number = 8192
const PEM_LINE = 64
const PEM_START = '-----BEGIN'
const PEM_HEADER = /-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/y
const PEM_FOOTER = /-----END (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/
const PEM_REST = /^(?:\\[nr]|[A-Za-z0-9+/=\r\n])*/

/** A stretch to search: secrets that begin in [from, to), seen with the text from `look` to `until`. Absolute offsets. */
export interface Region {
  readonly look: number
  readonly from: number
  readonly to: number
  readonly until: number
}

/** What a step found out. */
export interface CutStep {
  readonly regions: readonly Region[]
  /** Parts of PEM private keys: header lines, and bodies with their footers. */
  readonly keys: readonly { readonly start: number; readonly end: number }[]
}

/** What separates runs. */
export interface RunRules {
  readonly separators: Uint8Array
  /** Ideographs do not end a run in which a link may have begun: they may be part of its host name. */
  readonly ideographicHosts: boolean
  /** PEM keys are cut out and reported. */
  readonly pem: boolean
}

/** Runs of characters that tokens and passwords are made of. */
export const SECRET_RUNS: RunRules = { separators: tableOf('\t\n\v\f\r "\'`<>,'), ideographicHosts: false, pem: true }
/** Runs of characters that URLs are made of. */
export const LINK_RUNS: RunRules = { separators: tableOf('\t\n\v\f\r "\'`<>'), ideographicHosts: true, pem: false }

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(128)
  for (const character of characters) table[character.charCodeAt(0)] = 1
  return table
}

/** Cuts a whole text, as a cutter does that is shown it at once. Most texts are one region, which is seen without one. */
export function cutWhole(text: StreamBuffer, rules: RunRules): CutStep {
  const { end } = text
  if (text.start !== 0 || !isOneRegion(text.slice(0, end), rules)) return new RunCutter(rules).advance(text)
  return { regions: end === 0 ? [] : [{ look: 0, from: 0, to: end, until: end }], keys: [] }
}

/** Whether there is surely no PEM key and no long run. Ideographs, and separators before anything but ASCII, are not counted on. */
function isOneRegion(text: string, { separators, pem }: RunRules): boolean {
  if (pem && text.includes(PEM_START)) return false
  for (let start = 0; text.length - start > LONG_RUN;) {
    let index = start + LONG_RUN - 1
    while (index >= start && !(separators[text.charCodeAt(index)] === 1 && text.charCodeAt(index + 1) < 0x80))
      index -= 1
    if (index < start) return false
    start = index + 1
  }
  return true
}

export class RunCutter {
  /** Everything before it has been cut into regions. */
  done = 0
  #started = false
  #runStart = 0
  /** Windows of the current run already cut. */
  #windows = 0
  /** Next character to examine. */
  #seen = 0
  /** Start of the PEM body whose end is being looked for. */
  #body = -1
  /** The current run has a character without which there is no link. */
  #link = false
  readonly #rules: RunRules

  constructor(rules: RunRules) {
    this.#rules = rules
  }

  /** Takes in what has arrived. */
  advance(buffer: StreamBuffer): CutStep {
    if (!this.#started) this.#begin(buffer.start)
    const regions: Region[] = []
    const keys: { start: number; end: number }[] = []
    while (this.#body < 0 || this.#endBody(buffer, keys)) {
      if (!this.#walk(buffer, regions, keys)) break
    }
    return { regions, keys }
  }

  #begin(start: number): void {
    this.#started = true
    this.done = this.#runStart = this.#seen = start
  }

  /** Walks over the new text. True when it stopped at a PEM header, after which there may be more to do. */
  #walk(buffer: StreamBuffer, regions: Region[], keys: { start: number; end: number }[]): boolean {
    const base = this.#seen
    const text = buffer.slice(base, buffer.end)
    const limit = (buffer.ended ? buffer.end : buffer.stable) - base
    const { pem: withPem, separators, ideographicHosts } = this.#rules
    let index = 0
    for (; index < limit; index++) {
      const code = text.charCodeAt(index)
      if (code === 0x2d && withPem) {
        const pem = this.#pemAt(text, index, buffer.ended)
        if (pem === 'unknown') break
        if (pem !== null) {
          this.#cut(base + index, regions)
          this.#flush(base + index, regions)
          keys.push({ start: base + index, end: base + index + pem })
          this.#restart(base + index + pem)
          this.#body = this.done
          return true
        }
      } else if (code === 0x2e || code === 0x3a || code === 0x5c || code === 0x26) {
        this.#link = true
      } else if (code < 0x80 ? separators[code] === 1 : isIdeograph(code) && !(ideographicHosts && this.#link)) {
        if (index + 1 >= text.length) break
        if (mayFollowCut(text.charCodeAt(index + 1))) this.#cut(base + index + 1, regions)
      }
    }
    if (buffer.ended) this.#cut(buffer.end, regions)
    this.#seen = buffer.ended ? buffer.end : base + index
    this.#flush(this.#runStart, regions)
    this.#cutWindows(base + index, false, regions)
    return false
  }

  /** Length of the PEM header at `index`, null when there is none, `unknown` when more text is needed. */
  #pemAt(text: string, index: number, ended: boolean): number | null | 'unknown' {
    const known = text.length - index
    if (known < PEM_START.length && !ended) return PEM_START.startsWith(text.slice(index)) ? 'unknown' : null
    if (!text.startsWith(PEM_START, index)) return null
    PEM_HEADER.lastIndex = index
    const match = PEM_HEADER.exec(text)
    if (match !== null && match[0].length <= PEM_LINE) return match[0].length
    return known < PEM_LINE && !ended ? 'unknown' : null
  }

  /** Looks for the end of a PEM body. False while it is not known. */
  #endBody(buffer: StreamBuffer, keys: { start: number; end: number }[]): boolean {
    const start = this.#body
    // `#seen` marks how far the footer has been looked for.
    const from = Math.max(start, this.#seen - PEM_LINE)
    const until = Math.min(buffer.end, start + PEM_BODY)
    const footer = PEM_FOOTER.exec(buffer.slice(from, until))
    this.#seen = until
    if (footer === null && !buffer.ended && until < start + PEM_BODY) return false
    const end =
      footer === null ? start + restLength(buffer.slice(start, until)) : from + footer.index + footer[0].length
    if (end > start) keys.push({ start, end })
    this.#body = -1
    this.#restart(end)
    return true
  }

  #restart(at: number): void {
    this.done = this.#runStart = this.#seen = at
    this.#windows = 0
  }

  /** A run ends at `end`. */
  #cut(end: number, regions: Region[]): void {
    if (end - this.#runStart > LONG_RUN) {
      this.#flush(this.#runStart, regions)
      this.#cutWindows(end, true, regions)
      this.done = end
    }
    this.#runStart = end
    this.#windows = 0
    this.#link = false
  }

  /** Makes one region of the complete runs before `end`. */
  #flush(end: number, regions: Region[]): void {
    if (end <= this.done) return
    regions.push({ look: this.#look(this.done), from: this.done, to: end, until: end })
    this.done = end
  }

  #cutWindows(end: number, complete: boolean, regions: Region[]): void {
    const start = this.#runStart
    if (end - start <= LONG_RUN) return
    for (;;) {
      const from = start + this.#windows * WINDOW
      if (complete ? from >= end : from + LONG_RUN > end) return
      const to = complete ? Math.min(end, from + WINDOW) : from + WINDOW
      regions.push({ look: this.#look(from), from, to, until: Math.min(end, from + LONG_RUN) })
      this.#windows += 1
      this.done = to
    }
  }

  #look(from: number): number {
    return Math.max(0, from - CONTEXT)
  }
}

function restLength(text: string): number {
  return PEM_REST.exec(text)?.[0].length ?? 0
}

/** Ideographs, kana and Hangul syllables: normalising neither makes nor changes them. */
function isIdeograph(code: number): boolean {
  if (code < 0x3001 || code > 0xd7a3) return false
  return (
    code <= 0x3002 ||
    (code >= 0x3041 && code <= 0x3096) ||
    (code >= 0x30a1 && code <= 0x30fa) ||
    (code >= 0x3400 && code <= 0x9fff) ||
    code >= 0xac00
  )
}

/** Whether this character surely does not join the separator before it (as a combining mark would). */
function mayFollowCut(code: number): boolean {
  if (code < 0x80) return true
  if (code < 0x483) return (code >= 0xc0 && code < 0x250) || code >= 0x386 || (code > 0xa0 && code < 0xad)
  if (code < 0x2010)
    return (
      (code >= 0x48a && code < 0x590) ||
      (code >= 0x5d0 && code <= 0x5ea) ||
      (code >= 0x620 && code <= 0x64a) ||
      (code >= 0x904 && code <= 0x939) ||
      (code >= 0xe01 && code <= 0xe30)
    )
  return code <= 0x2027 || isIdeograph(code) || (code >= 0xd83c && code <= 0xd83e)
}
