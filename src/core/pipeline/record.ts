/**
 * Hands decisions to the record. What is kept of them, where and for how long is not this room's business.
 */
import type { Caller, CheckInput, CheckResult, DecisionContent, DecisionDraft, Message } from '../../spec/index.ts'
import type { EffectivePolicy } from '../policy/types.ts'
import { critiqueSources } from './critiques.ts'
import type { Judge } from './pipeline.ts'
import type { TextOutcome } from './result.ts'

/** What is told of a decision beside its result. */
export interface DecisionFacts {
  readonly caller: Caller
  readonly door: string
  readonly model?: string
  readonly policy: EffectivePolicy
  /** Its texts, not redacted; asked for only when the policy captures them. */
  readonly content: () => DecisionContent
  /** What was judged, for the reasons of its guards. */
  readonly outcomes?: readonly TextOutcome[]
}

/** Whether texts of decisions under this policy are kept at all: what is not kept need not be gathered. */
export function captures(judge: Pick<Judge, 'parts'>, policy: EffectivePolicy): boolean {
  return judge.parts.record !== undefined && policy.record.capture !== 'none'
}

export function recordDecision(
  judge: Pick<Judge, 'emit' | 'parts'>,
  state: DecisionDraft['state'],
  result: CheckResult,
  facts: DecisionFacts,
): void {
  const { caller, door, model, policy, content, outcomes = [] } = facts
  const kept = captures(judge, policy)
  const critiques = kept && state === 'final' ? critiqueSources(outcomes) : []
  try {
    judge.parts.record?.({
      state,
      result,
      caller,
      door,
      ...(model === undefined ? {} : { model }),
      policy: policy.record,
      ...(kept ? { content } : {}),
      ...(critiques.length === 0 ? {} : { critiques }),
    })
  } catch {
    judge.emit({ type: 'warning-raised', message: `Decision ${result.decisionId} could not be handed to the record.` })
  }
}

/** The texts of a row or conversation. */
export function contentOf(input: CheckInput): DecisionContent {
  const { prompt, response, system, stage, messages } = input
  return {
    ...(prompt === undefined ? {} : { prompt }),
    ...(response === undefined ? {} : { response }),
    ...(system === undefined ? {} : { system }),
    ...(stage === undefined ? {} : { stage }),
    ...(messages === undefined ? {} : { messages: withoutData(messages) }),
  }
}

/** Media are named; their data is not kept, not even for the moment until a record is written. */
function withoutData(messages: readonly Message[]): readonly Message[] {
  return messages.map((message) => {
    if (typeof message.content === 'string') return message
    const content = message.content.map((part) => (part.type === 'media' ? { ...part, source: '' } : part))
    return { ...message, content }
  })
}
