/**
 * Looks for the forms of canaries in a text that arrives character by character (Knuth, Morris and Pratt 1977), over its ASCII
 * letters and digits only: a few other characters between them change nothing.
 */
import type { CanaryForm } from './canary.ts'

/** More characters than this between two letters end a match. */
const GAP = 4

interface FormState {
  readonly form: CanaryForm
  readonly failure: readonly number[]
  matched: number
}

/** Progress over one text. */
export class CanaryTracker {
  readonly #states: readonly FormState[]
  readonly #starts: Float64Array
  #count = 0
  #gap = 0

  constructor(forms: readonly CanaryForm[]) {
    this.#states = forms.map((form) => ({ form, failure: failureOf(form.text), matched: 0 }))
    this.#starts = new Float64Array(forms.reduce((longest, { text }) => Math.max(longest, text.length), 1))
  }

  /** Start of the oldest match that may still be completed; `fallback` when there is none. */
  pendingFrom(fallback: number): number {
    let from = fallback
    for (const { matched } of this.#states) if (matched > 0) from = Math.min(from, this.#startOf(matched))
    return from
  }

  /** Takes one normalised character and its place; calls back with the start of every match it completes. */
  take(code: number, start: number, found: (from: number) => void): void {
    const lower = code >= 0x41 && code <= 0x5a ? code + 32 : code
    if (!((code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x7a))) {
      this.#gap += 1
      if (this.#gap > GAP) for (const state of this.#states) state.matched = 0
      return
    }
    this.#gap = 0
    this.#starts[this.#count % this.#starts.length] = start
    this.#count += 1
    for (const state of this.#states) {
      const { text, anyCase } = state.form
      const wanted = anyCase ? lower : code
      while (state.matched > 0 && text.charCodeAt(state.matched) !== wanted) {
        state.matched = state.failure[state.matched - 1] ?? 0
      }
      if (text.charCodeAt(state.matched) === wanted) state.matched += 1
      if (state.matched === text.length) {
        found(this.#startOf(text.length))
        state.matched = 0
      }
    }
  }

  #startOf(length: number): number {
    return this.#starts[(this.#count - length) % this.#starts.length] ?? 0
  }
}

function failureOf(text: string): number[] {
  const failure = [0]
  for (let index = 1, length = 0; index < text.length; index++) {
    while (length > 0 && text[index] !== text[length]) length = failure[length - 1] ?? 0
    if (text[index] === text[length]) length += 1
    failure.push(length)
  }
  return failure
}
