/**
 * What became of the words beside an answer (ids, names, metadata, warnings) that had to be judged, so that the parts which carry
 * them can be put together when they leave.
 */
import type { Metadata } from './provider-types.ts'
import { withoutLogprobs, wordsOf } from '../conversation/words.ts'

export class Verdicts {
  /** Words to what was let through of them; null while nothing was. */
  readonly #shown = new Map<string, string | null>()
  readonly #passMetadata: boolean

  /** @param passMetadata provider metadata is handed on as it came */
  constructor(passMetadata: boolean) {
    this.#passMetadata = passMetadata
  }

  /** Words of a value that have not been asked about yet, or null. From now on they have. */
  ask(value: unknown): string | null {
    const { text } = wordsOf(value)
    if (text === '' || this.#shown.has(text)) return null
    this.#shown.set(text, null)
    return text
  }

  /** Metadata is asked about without log-probabilities, and not at all when it is handed on as it came. */
  askMetadata(metadata: unknown): string | null {
    return this.#passMetadata ? null : this.ask(withoutLogprobs(metadata))
  }

  answered(words: string, shown: string): void {
    this.#shown.set(words, (this.#shown.get(words) ?? '') + shown)
  }

  /** The value when it says nothing, or when what it says was let through as it is. */
  fit<T>(value: T): T | undefined {
    const { text, readable } = wordsOf(value)
    if (!readable) return undefined
    return text === '' || this.#shown.get(text) === text ? value : undefined
  }

  /** The text itself when it is a token, else what was let through of it. */
  text(text: string): string {
    const { text: words } = wordsOf(text)
    return words === '' ? text : (this.#shown.get(words) ?? '')
  }

  /** The metadata of a part, as a field or not at all. */
  metadata(part: object): { providerMetadata?: Metadata } {
    const value = metadataOf(part)
    if (value === undefined) return {}
    const fit = this.#passMetadata ? value : this.fit(withoutLogprobs(value))
    return fit === undefined ? {} : { providerMetadata: fit }
  }
}

/** The provider metadata of any part. */
export function metadataOf(part: object): Metadata | undefined {
  const value: unknown = 'providerMetadata' in part ? part.providerMetadata : undefined
  return typeof value === 'object' && value !== null ? (value as Metadata) : undefined
}
