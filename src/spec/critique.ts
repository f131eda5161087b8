/**
 * Why a guard judged a text as it did: words of its model, asked for after the verdict. A critique never changes a verdict, and it quotes
 * the judged text, so capture and redaction treat it as that text.
 */
import type { Field, Stage } from './stage.ts'

/** A clause of the guard's policy or taxonomy. Its words are the policy's, not the judged text's. */
export interface CritiqueClause {
  readonly id: string
  readonly title: string
}

/** A passage that a critique quotes and that exists. */
export interface CritiqueQuote {
  /** As the critique writes it. */
  readonly words: string
  /** UTF-16 units of the judged text, end exclusive; null where it stands in a text beside it, such as the prompt of an answer. */
  readonly span: { readonly start: number; readonly end: number } | null
}

/** The reasons for one judged passage. */
export interface Critique {
  /** The passage in the judged text, UTF-16 units, end exclusive. */
  readonly start: number
  readonly end: number
  /** Clauses that the label names. */
  readonly clauses: readonly CritiqueClause[]
  readonly text: string
  readonly quotes: readonly CritiqueQuote[]
  /** Quotes that stand in none of the texts. */
  readonly invented: number
  /** It restates the opposite of the label. The label stands. */
  readonly contradicts: boolean
  /** The label names clauses, and it names none of them. */
  readonly silent?: boolean
  /** The texts from which the critique can quote, in full even where the guard was shown a part: redaction needs what stands around it. */
  readonly seen: readonly string[]
}

/** Asks for the reasons of one verdict: empty where there are none. Rejects as the guard's engine does; may be asked again. */
export type AskCritiques = (options: { readonly signal: AbortSignal }) => Promise<readonly Critique[]>

/** The reasons of one verdict of a decision, not yet asked for. */
export interface CritiqueSource {
  readonly guard: string
  readonly stage: Stage
  readonly field: Field
  /** Index into the messages, when a conversation was judged. */
  readonly message?: number
  readonly ask: AskCritiques
}

/** What became of asking. */
export type CritiqueOutcome =
  | ({ readonly status: 'given' } & Omit<Critique, 'seen'>)
  | { readonly status: 'failed'; readonly error: { readonly code: string; readonly message: string } }

/** A critique as it is kept with a decision. */
export type KeptCritique = Omit<CritiqueSource, 'ask'> & CritiqueOutcome
