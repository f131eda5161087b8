/**
 * Tokens of a routed turn: those of the router's call come on top of the answer's. Where a vendor's parts tell theirs in `raw`, how they
 * are read and written there is handed in; without that, only ends of choices that tell them themselves are known.
 */
import type { CompletionUsage, FinishPart, RoutePlan, StreamPart } from '../../spec/index.ts'
import { sumUsage } from './usage.ts'

/** How a vendor's parts tell the tokens of an answer. */
export interface RawUsage {
  /** What is known of the whole answer after this part, `before` where the part tells nothing. */
  read(part: StreamPart, before: CompletionUsage | null): CompletionUsage | null
  /** The part with so many tokens more where an answer's are told; the part itself anywhere else. */
  add(part: StreamPart, more: CompletionUsage): StreamPart
}

export class RoutedUsage {
  readonly #more: CompletionUsage | null
  readonly #raw: RawUsage | null
  readonly #guided: boolean
  /** Of the answering call, as `raw` tells them. */
  #answer: CompletionUsage | null = null
  /** Ends of choices, as they tell them themselves. */
  #ends: CompletionUsage | null = null
  /** The router's tokens are told. */
  #given = false

  constructor({ usage, path }: Pick<RoutePlan, 'usage' | 'path'>, raw: RawUsage | null) {
    this.#more = usage ?? null
    this.#raw = raw
    this.#guided = path === 'guided'
  }

  /** What the answering call is known to have used. */
  get answer(): CompletionUsage | undefined {
    return sumUsage(this.#answer, this.#ends) ?? undefined
  }

  /** Takes note of a part as it came. */
  read(part: StreamPart): void {
    if (this.#raw !== null) this.#answer = this.#raw.read(part, this.#answer)
    if (part.type === 'finish' && part.raw === undefined) this.#ends = sumUsage(this.#ends, part.usage)
  }

  /** The part as it is handed on, with the tokens that belong on it. */
  told(part: StreamPart): StreamPart {
    if (this.#raw === null) return part.type === 'finish' ? this.#onFirstEnd(part) : part
    if (this.#more === null) return part
    const added = this.#raw.add(part, this.#more)
    if (added !== part) this.#given = true
    return added
  }

  /** Tokens that no part has told when the answer is over: counts may come after the end of the last choice. */
  rest(): readonly StreamPart[] {
    if (this.#raw === null) return []
    const usage = sumUsage(this.#guided ? this.#answer : null, this.#given ? null : this.#more)
    return usage === null ? [] : [{ type: 'other', usage }]
  }

  #onFirstEnd(part: FinishPart): FinishPart {
    if (this.#given || part.raw !== undefined || this.#more === null) return part
    this.#given = true
    const usage = sumUsage(part.usage, this.#more)
    return usage === null ? part : { ...part, usage }
  }
}
