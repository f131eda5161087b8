/**
 * The search over a growing text. Secrets never contain white space, quotes, angle brackets or commas, and recognisers look at no
 * more than `CONTEXT` characters before: so the text is searched run by run, each once, with that much before it.
 */
import type { Finding, GuardStream, StreamBuffer, StreamStep } from '../../spec/index.ts'
import type { SecretSearch } from './scan.ts'
import { searchSecrets, toFinding } from './scan.ts'
import type { SecretHit } from './secret-pattern.ts'
import { CONTEXT } from './secret-pattern.ts'

const SEPARATOR = /[\s"'`<>,]/

/** A run without a separator is cut at this length: nothing that long is a token. */
const LONGEST_RUN = 4096
/** New characters that make a search worth while. */
const HOP = 32

export class SecretsStream implements GuardStream {
  readonly #search: SecretSearch
  /** Everything before this offset has been searched; a separator, or the end of a run that was cut. */
  #done = 0
  #seen = 0

  constructor(search: SecretSearch) {
    this.#search = search
  }

  advance(buffer: StreamBuffer): StreamStep | Promise<StreamStep> {
    const cut = this.#cut(buffer)
    if (cut <= this.#done && !buffer.ended) return this.#step([])
    const base = Math.max(buffer.start, this.#done - CONTEXT)
    const from = this.#done
    this.#done = cut
    const hits = searchSecrets(this.#search, buffer.slice(base, cut))
    const finish = (found: readonly SecretHit[]): StreamStep => {
      const findings = found.map((hit) => toFinding(hit, base)).filter(({ span }) => span !== undefined && span.start >= from)
      return this.#step(findings)
    }
    return hits instanceof Promise ? hits.then(finish) : finish(hits)
  }

  /** Where the known text can be cut without cutting a run. */
  #cut(buffer: StreamBuffer): number {
    if (buffer.ended) return buffer.end
    if (buffer.end - this.#seen < HOP) return this.#done
    this.#seen = buffer.end
    const text = buffer.slice(this.#done, buffer.stable)
    for (let index = text.length - 1; index > 0; index--) {
      if (SEPARATOR.test(text.charAt(index))) return this.#done + index
    }
    return text.length > LONGEST_RUN ? this.#done + text.length : this.#done
  }

  #step(findings: readonly Finding[]): StreamStep {
    return { findings, settled: this.#done, keep: Math.max(0, this.#done - CONTEXT) }
  }
}
