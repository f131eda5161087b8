/**
 * One check of a conversation for an agent framework, told in the three ways a framework can act on: it may be handed on, it was
 * stopped by a judgement, or Parapet itself failed. A failure is never a pass; whoever asks decides what becomes of it.
 */
import { errorOf } from '../../core/stream/conclusion.ts'
import type {
  Caller,
  CheckInput,
  CheckResult,
  Decision,
  ErrorCode,
  GuardResult,
  StreamErrorPart,
} from '../../spec/index.ts'
import { BlockedError, ParapetError } from '../../spec/index.ts'
import type { Conversation } from './conversation-reader.ts'

/** How a conversation is checked: see `CheckOptions` of the core. */
export interface ConversationCheck {
  readonly signal?: AbortSignal
  readonly door?: string
  readonly from?: number
}

/** The part of a Parapet that is needed here: what `createParapet` returns has it. */
export interface ConversationGuard {
  check(input: CheckInput, options?: ConversationCheck): Promise<CheckResult>
}

/** What is told of a decision to a framework, its traces and its logs: never a word of what was judged. */
export interface DecisionFacts {
  readonly outcome: 'passed' | 'modified' | 'blocked' | 'failed'
  readonly decision: Decision
  /** Null when the check could not be made at all. */
  readonly decisionId: string | null
  readonly policyVersion: string | null
  /** Guards that found something or failed. */
  readonly guards: readonly Pick<GuardResult, 'guard' | 'stage' | 'status' | 'decision' | 'labels'>[]
  /** Scores of hazard categories. */
  readonly categories: Readonly<Record<string, number>>
  /** Set when `outcome` is `failed`. */
  readonly error: null | { readonly code: string; readonly message: string }
}

/** What became of a conversation. */
export type Judgement<Root> =
  | { readonly shown: true; readonly root: Root; readonly changed: boolean; readonly facts: DecisionFacts }
  | Stop

/** It may not be handed on. */
export interface Stop {
  readonly shown: false
  /** A `BlockedError` where there is a decision, which may be that guards failed; else what went wrong. */
  readonly error: ParapetError
  /** What a user may be told. */
  readonly words: string
  readonly facts: DecisionFacts
}

/** How a check is made. */
export interface JudgeOptions {
  readonly door: string
  readonly caller?: Caller | (() => Caller) | undefined
  readonly signal?: AbortSignal | undefined
}

const NOTHING: DecisionFacts = {
  outcome: 'passed',
  decision: 'pass',
  decisionId: null,
  policyVersion: null,
  guards: [],
  categories: {},
  error: null,
}

/**
 * Judges what `read` makes of a framework's value. Never rejects: a value that cannot be read and a check that rejects are failures.
 */
export async function judge<Root>(
  guard: ConversationGuard,
  read: () => Conversation<Root>,
  { door, caller, signal }: JudgeOptions,
): Promise<Judgement<Root>> {
  try {
    const conversation = read()
    const { messages, root, from } = conversation
    if (messages.length === 0) return { shown: true, root, changed: false, facts: NOTHING }
    const by = typeof caller === 'function' ? caller() : caller
    const result = await guard.check(
      { messages, ...(by === undefined ? {} : { caller: by }) },
      { door, ...(from !== undefined && { from }), ...(signal === undefined ? {} : { signal }) },
    )
    return judged(conversation, result)
  } catch (cause) {
    return failed(cause)
  }
}

function judged<Root>({ root, rewrite }: Conversation<Root>, result: CheckResult): Judgement<Root> {
  const stop = errorOf(result)
  if (stop !== null) return stopped(stop, result)
  if (result.decision !== 'modify') return { shown: true, root, changed: false, facts: factsOf(result, 'passed') }
  if (result.messages === undefined) throw new ParapetError('guard_failed', 'The check gave no messages to hand on.')
  const next = rewrite(result.messages)
  return { shown: true, root: next, changed: next !== root, facts: factsOf(result, 'modified') }
}

/** What stopped a guarded stream: its last part, or a defect of the guard's. */
export function stopOf(stop: StreamErrorPart | Error): Stop {
  return stop instanceof Error ? failed(stop) : stopped(stop.error, stop.result)
}

function stopped({ code, message }: ParapetError, result: CheckResult): Stop {
  const failure = result.decision === 'error' || result.decision === 'timeout'
  const facts = factsOf(result, failure ? 'failed' : 'blocked')
  return {
    shown: false,
    error: new BlockedError(code, message, result.decisionId),
    words: wordsFor(code, message),
    facts,
  }
}

function failed(cause: unknown): Stop {
  const known = ParapetError.isInstance(cause)
  const error = known ? cause : new ParapetError('guard_failed', 'The conversation could not be judged.', { cause })
  const { code, message } = error
  const decision = code === 'guard_timeout' ? 'timeout' : 'error'
  return {
    ...{ shown: false, error, words: wordsFor(code, message) },
    facts: { ...NOTHING, outcome: 'failed', decision, error: { code, message } },
  }
}

/** What a user may be told. A refusal is the policy's own words; of a failure nothing but that it happened. */
function wordsFor(code: ErrorCode, message: string): string {
  if (code === 'refused' || code === 'content_filter' || code === 'held') return message
  return 'The content could not be checked, so it was stopped.'
}

/** The facts of a decision. */
function factsOf(result: CheckResult, outcome: DecisionFacts['outcome']): DecisionFacts {
  const { decision, decisionId, policyVersion, categories, error } = result
  const guards = result.guards
    .filter(({ decision, status }) => decision !== 'pass' || status === 'error' || status === 'timeout')
    .map(({ guard, stage, status, decision, labels }) => ({ guard, stage, status, decision, labels }))
  return {
    ...{ outcome, decision, decisionId, policyVersion, guards, categories },
    error: outcome === 'failed' ? error : null,
  }
}
