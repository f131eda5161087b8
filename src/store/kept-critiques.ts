/**
 * Critiques made fit to be kept: bounded, and under `capture: redacted` without what is taken out of texts. A critique can quote half of
 * what is a secret only as a whole, so what it quotes is kept only where it survives the redaction of the text it comes from.
 */
import type { Critique, CritiqueOutcome } from '../spec/critique.ts'
import type { Redact } from './content.ts'
import { ContentKeeper } from './content.ts'

/** Characters of all critiques of a decision together. */
export const LONGEST_CRITIQUES = 65_536
/** Of one guard's reasons on one text. */
const MOST = 64
const LONGEST_TITLE = 256
/** Stands for quoted words that are not kept. */
const REMOVED = '[REMOVED]'

type Given = Extract<CritiqueOutcome, { readonly status: 'given' }>

/** Prepares the critiques of one decision, one verdict after the other. */
export class CritiqueRedaction {
  readonly #redact: Redact | null
  readonly #keeper: ContentKeeper
  /** Passages of one text were judged beside the same others. */
  readonly #redacted = new Map<string, string>()

  /** @param redact null keeps them as they came */
  constructor(redact: Redact | null) {
    this.#redact = redact
    this.#keeper = new ContentKeeper(redact, LONGEST_CRITIQUES)
  }

  async keep(critiques: readonly Critique[]): Promise<readonly Given[]> {
    const kept: Given[] = []
    for (const critique of critiques.slice(0, MOST)) kept.push(await this.#one(critique))
    return kept
  }

  async #one(critique: Critique): Promise<Given> {
    const { seen, start, end, clauses, text, quotes, invented, contradicts, silent = false } = critique
    const taken = await this.#takenOut(quotes, seen)
    const clean = taken.reduce((words, gone) => words.replaceAll(anywhere(gone), REMOVED), text)
    const some = quotes.slice(0, MOST)
    return {
      ...{ status: 'given', start, end, text: await this.#keeper.text(clean), invented, contradicts },
      ...(silent ? { silent } : {}),
      clauses: clauses.slice(0, MOST).map(({ id, title }) => ({ id: short(id), title: short(title) })),
      quotes: await Promise.all(
        some.map(async ({ words, span }) => ({
          words: taken.includes(words) ? REMOVED : await this.#keeper.text(words),
          span,
        })),
      ),
    }
  }

  /** Quoted words that the redaction of the texts takes out, the longest first, so that none is left in halves. */
  async #takenOut(quotes: Critique['quotes'], seen: readonly string[]): Promise<readonly string[]> {
    if (this.#redact === null || quotes.length === 0) return []
    let changed = false
    const left: string[] = []
    for (const text of seen) {
      const redacted = this.#redacted.get(text) ?? (await this.#redact(text, text.length))
      this.#redacted.set(text, redacted)
      changed ||= redacted !== text
      left.push(fold(redacted))
    }
    if (!changed) return []
    const gone = quotes.flatMap(({ words }) => (left.some((text) => text.includes(fold(words))) ? [] : [words]))
    return gone.toSorted((one, other) => other.length - one.length)
  }
}

/** Quotes are found without regard to case and kind of spaces. */
function fold(text: string): string {
  return text.toLowerCase().replace(/\s+/gu, ' ')
}

/** These words, compared as quotes are. */
function anywhere(words: string): RegExp {
  const literal = words.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
  return new RegExp(literal.replace(/\s+/gu, String.raw`\s+`), 'giu')
}

function short(text: string): string {
  return text.slice(0, LONGEST_TITLE)
}
