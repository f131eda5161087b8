/**
 * The words all attacks share. An attack asks a target for a goal once or several times and sees what came back; what is a success the
 * judge says, not the attack. For testing one's own models: goals are the caller's or invented, and nothing here holds harmful content.
 */
import type { LanguageModelEngine, Message } from '../../../../spec/index.ts'
import type { Exchange } from '../goals/goal.ts'

export type Random = () => number

export const FAMILIES = [
  'control',
  'chance',
  'template',
  'role-play',
  'encoding',
  'homoglyph',
  'token-smuggling',
  'payload-splitting',
  'translation',
  'many-shot',
  'multi-turn',
  'best-of-n',
  'search',
  'indirect',
  'extraction',
  'composed',
] as const
export type Family = (typeof FAMILIES)[number]

/** What attacks are compared with, and no attack itself: the plain request, and what an unsearched suffix does by chance. */
export const CONTROLS: ReadonlySet<Family> = new Set(['control', 'chance'])

/** What one question to the target led to. */
export interface Asked {
  readonly outcome: 'answered' | 'refused' | 'blocked' | 'failed' | 'timed_out' | 'judge_failed'
  /** What was said; empty where nothing was. */
  readonly text: string
  /** There is nothing left to try: the goal is reached, or a harmless control was answered. */
  readonly done: boolean
}

/** What searches ask of a model whose probabilities they see. */
export interface TargetScorer {
  /** Mean log-probability a token, in nats, of each target as the answer to its messages. */
  readonly score: (
    candidates: readonly { readonly messages: readonly Message[]; readonly target: string }[],
  ) => Promise<readonly number[]>
  /** Texts of tokens a suffix may be made of: whole words and parts of them, no control tokens. */
  readonly tokens: readonly string[]
  /** Absent where probabilities are seen, but no gradients. */
  readonly swaps?: SuffixSwaps
}

/**
 * Suffixes that differ in one token from `suffix`, which stands behind the request and a blank: drawn at random from those by which `target` grows
 * likelier to first order, the `topK` best tokens at each place. At most `count`, all different, and only texts that are read as just these tokens.
 */
export type SuffixSwaps = (
  about: { readonly request: string; readonly suffix: string; readonly target: string },
  draw: { readonly topK: number; readonly count: number; readonly random: Random },
) => Promise<readonly string[]>

export interface AttackSession {
  /** What is asked for, in the language of the attack. */
  readonly request: string
  readonly language: string
  /** How an answer that carries it out begins; null where nobody said. */
  readonly target: string | null
  readonly steps: readonly string[]
  readonly shots: (count: number) => readonly Exchange[]
  /** Seeded by goal and attack, not by guard setting, so that every setting meets the same attack. */
  readonly random: Random
  readonly ask: (messages: readonly Message[]) => Promise<Asked>
  /** Null where the target shows no probabilities. */
  readonly scorer: TargetScorer | null
  /** The model that attacks; null where none was given. */
  readonly attacker: LanguageModelEngine | null
  /** Work that does not depend on the guard setting is done once for a goal; what it gives is kept as JSON. */
  readonly once: <T>(name: string, work: () => Promise<T>) => Promise<T>
  /** Says how many candidates a search had scored for this case, beside what it asks. */
  readonly searched: (candidates: number) => void
  /** Ends searches. */
  readonly signal?: AbortSignal
}

export interface Attack {
  /** Such as `no-rules`, `no-rules+base64@de`, `many-shot-4`. */
  readonly id: string
  readonly family: Family
  /** Where it was first described. */
  readonly source: string
  /** Whether it draws, so that another seed is another attempt. */
  readonly drawn: boolean
  /** Questions to the target at most. */
  readonly queries: number
  /** Language it asks in; absent: the goal's own. */
  readonly language?: string
  /** What it cannot do without. */
  readonly needs?: 'scorer' | 'gradients' | 'attacker' | 'canary'
  readonly run: (session: AttackSession) => Promise<void>
  /** Reads an answer as this attack asked for it to be written; judges see both forms. */
  readonly decode?: (answer: string) => string | null
}

export const user = (content: string): Message => ({ role: 'user', content })
export const assistant = (content: string): Message => ({ role: 'assistant', content })
export const system = (content: string): Message => ({ role: 'system', content })
