/** What is attacked: something that is asked and answers, is blocked, fails or takes too long. These differ everywhere. Types only. */
import type { Message } from '../../../../spec/index.ts'

/** What an answer took: questions to the model, guards' and routers' calls of it included, and tokens (estimated where nobody counts). */
export interface Cost {
  readonly calls: number
  readonly promptTokens: number
  readonly answerTokens: number
}

export type Reply = Cost &
  (
    | { readonly outcome: 'answered'; readonly text: string }
    /** The policy answered with its own refusal. */
    | { readonly outcome: 'refused'; readonly text: string }
    /** `by`: which guard, or where it was stopped. */
    | { readonly outcome: 'blocked'; readonly by: string }
    /** The model or a guard failed: nobody knows what would have been said. */
    | { readonly outcome: 'failed'; readonly reason: string }
    | { readonly outcome: 'timed_out' }
  )

export interface AskOptions {
  readonly maxTokens: number
  readonly temperature: number
  readonly seed: number
  readonly signal?: AbortSignal
}

export interface Target {
  /** For reports: the model and where it runs, without keys. */
  readonly id: string
  /** Rejects only where it makes no sense to go on: the target is gone, the key is wrong, the run was stopped. */
  readonly ask: (messages: readonly Message[], options: AskOptions) => Promise<Reply>
}

export const NO_COST: Cost = { calls: 0, promptTokens: 0, answerTokens: 0 }

export function sumCost(one: Cost, other: Cost): Cost {
  return {
    calls: one.calls + other.calls,
    promptTokens: one.promptTokens + other.promptTokens,
    answerTokens: one.answerTokens + other.answerTokens,
  }
}

/** Characters of a token, where nobody counted. */
const CHARACTERS = 4

export function estimatedTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS)
}

/** The text of a message; media have none. */
export function textOf({ content }: Message): string {
  if (typeof content === 'string') return content
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}
