/**
 * Puts originals back in place of pseudonyms in text that has already been judged, although a pseudonym may be cut in two by
 * the boundary between two pieces: the tail that could still become a pseudonym waits for the text that follows.
 *
 * Whether a tail can is the restorer's knowledge (`pending`); one that does not say costs a constant hold of its `maxLength`.
 */
import type { Caller, Restorer } from '../../spec/index.ts'
import type { ContentPart } from './parts.ts'
import { textOf, withText } from './parts.ts'

export class RestoringTail {
  readonly #restorers: readonly Restorer[]
  readonly #caller: Caller
  readonly #longest: number
  #parts: ContentPart[] = []

  constructor(restorers: readonly Restorer[], caller: Caller) {
    this.#restorers = restorers
    this.#caller = caller
    this.#longest = Math.max(0, ...restorers.map((restorer) => restorer.maxLength))
  }

  /** Characters that wait. */
  get waiting(): number {
    return this.#parts.reduce((sum, part) => sum + textOf(part).length, 0)
  }

  /** Takes released parts of one channel and hands on what can be shown. With `final` nothing waits any longer. */
  take(parts: readonly ContentPart[], final: boolean): readonly ContentPart[] {
    if (this.#restorers.length === 0) return parts
    const all = this.#parts.length === 0 ? parts : [...this.#parts, ...parts]
    const text = all.map(textOf).join('')
    const cut = final ? text.length : this.#cut(text)
    const [ready, rest] = split(all, cut)
    this.#parts = rest
    const before = text.slice(0, cut)
    const after = this.#restore(before)
    if (after === before) return ready
    const first = ready.find((part) => textOf(part) !== '')
    return first === undefined ? ready : [withText(first, after)]
  }

  #restore(text: string): string {
    return this.#restorers.reduce((current, restorer) => restorer.restore(current, this.#caller), text)
  }

  /** Where the text can be cut so that no pseudonym, whole or begun, is cut. */
  #cut(text: string): number {
    const holds = this.#restorers.map((restorer) => restorer.pending?.(text) ?? restorer.maxLength - 1)
    const first = Math.min(text.length, Math.max(0, text.length - Math.max(0, ...holds)))
    const whole = this.#restore(text)
    if (whole === text) return betweenCharacters(text, first)
    const last = Math.max(0, first - this.#longest)
    for (let cut = first; cut >= last; cut -= 1) {
      if (this.#restore(text.slice(0, cut)) + this.#restore(text.slice(cut)) === whole)
        return betweenCharacters(text, cut)
    }
    return betweenCharacters(text, first)
  }
}

function betweenCharacters(text: string, cut: number): number {
  return cut < text.length && isHighSurrogate(text.charCodeAt(cut - 1)) ? cut - 1 : cut
}

/** First half of a surrogate pair; false for NaN. */
export function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function split(parts: readonly ContentPart[], cut: number): [ready: ContentPart[], rest: ContentPart[]] {
  const ready: ContentPart[] = []
  const rest: ContentPart[] = []
  let at = 0
  for (const part of parts) {
    const text = textOf(part)
    if (rest.length === 0 && at + text.length <= cut) ready.push(part)
    else if (at >= cut) rest.push(part)
    else {
      ready.push(withText(part, text.slice(0, cut - at)))
      rest.push(withText(part, text.slice(cut - at)))
    }
    at += text.length
  }
  return [ready, rest]
}
