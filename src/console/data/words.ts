/**
 * The words of the contract that the page uses most, by short names. Types only: what the gateway says is defined in `contract/`
 * and nowhere here.
 */
import type { DecisionBody, GuardReplyBody, GuardRequestBody } from '../../contract/index.ts'

export type Decision = DecisionBody['decision']
export type Span = DecisionBody['spans'][number]
export type GuardResult = DecisionBody['guards'][number]
export type Scores = DecisionBody['scores']
export type Feedback = DecisionBody['feedback'][number]
export type Critique = DecisionBody['critiques'][number]
export type Content = NonNullable<DecisionBody['content']>
export type RowStage = NonNullable<GuardRequestBody['stage']>

/** What a reply of `/v1/guard` and a recorded decision have in common. */
export type Judgement = Pick<
  GuardReplyBody,
  'scores' | 'categories' | 'spans' | 'guards' | 'error' | 'ms' | 'policyVersion' | 'exceptions' | 'warnings'
> & { readonly decision: Decision; readonly shadowDecision: string }
