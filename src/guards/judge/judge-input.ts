/**
 * What a judge is asked, texts and policy clauses, and the part of a completion request that a format writes. It says nothing of
 * engines or connections.
 */
import type { CompletionRequest } from '../../spec/index.ts'

export type { ChatMessage, ChatPrompt as JudgeChat, ScoredToken, TokenChoice } from '../../spec/index.ts'

/** One question a judge answers. `off_topic`: does the prompt leave the scope of the system prompt. */
export type JudgeTask = 'prompt_harm' | 'response_harm' | 'refusal' | 'off_topic'

export interface JudgeTurn {
  readonly role: 'user' | 'assistant'
  readonly text: string
}

/** The texts to judge. All of them are untrusted but `system`. */
export interface JudgeInput {
  readonly prompt: string
  /** The answer to the prompt. With it the answer is judged, in the light of the prompt. */
  readonly response?: string
  /** Turns before the prompt, oldest first, in any order of roles. Formats that see one exchange only leave them out and say so. */
  readonly earlier?: readonly JudgeTurn[]
  /** The trusted system prompt, for formats that judge against it. */
  readonly system?: string
}

/** One rule of a written policy, or one category of a guard model's own taxonomy. */
export interface PolicyClause {
  /** Short and unique, as the judge must write it: `S1`, `O3`, `H2.f`. */
  readonly id: string
  readonly title: string
  /** What the clause says, in full. */
  readonly text?: string
  /** MLCommons hazard ids (`S1`…) that it stands for. */
  readonly hazards?: readonly string[]
  /** Short texts that break the clause, and near ones that do not. */
  readonly examples?: { readonly violating?: readonly string[]; readonly allowed?: readonly string[] }
}

/** What a format asks: a completion request without probabilities, temperature and seed, which are the asker's. Greedy decoding is meant. */
export type JudgeRequest = Pick<CompletionRequest, 'chat' | 'completion' | 'stop' | 'maxTokens' | 'schema'>
