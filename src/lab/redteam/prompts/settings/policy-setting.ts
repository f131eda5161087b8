/**
 * A target behind a policy of the caller's: the policy judges the conversation before the model is asked, and the answer before it
 * counts. The policy's pipeline is handed in as a function, since the lab composes none.
 */
import type { CheckInput, CheckRow } from '../../../../spec/check.ts'
import type { Message } from '../../../../spec/index.ts'
import { type AskOptions, NO_COST, type Reply, type Target } from '../targets/target.ts'
import { type GuardSetting, questionOf } from './guard-setting.ts'

export interface PolicyChecker {
  readonly policyVersion: string
  readonly check: (
    input: CheckInput,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<Pick<CheckRow, 'decision' | 'text'>>
}

export function behindPolicy(name: string, target: Target, checker: PolicyChecker): GuardSetting {
  return {
    ...{ name, version: checker.policyVersion },
    target: { id: `${target.id} behind ${name}`, ask: (messages, options) => ask(target, checker, messages, options) },
  }
}

async function ask(
  target: Target,
  checker: PolicyChecker,
  messages: readonly Message[],
  options: AskOptions,
): Promise<Reply> {
  const call = options.signal === undefined ? {} : { signal: options.signal }
  const before = await checker.check({ messages }, call)
  const stopped = stopOf(before, 'input')
  if (stopped !== null) return { ...stopped, ...NO_COST }
  const reply = await target.ask(messages, options)
  if (reply.outcome !== 'answered') return reply
  const { calls, promptTokens, answerTokens } = reply
  const after = await checker.check({ prompt: questionOf(messages), response: reply.text, stage: 'output' }, call)
  const withheld = stopOf(after, 'output')
  if (withheld !== null) return { ...withheld, calls, promptTokens, answerTokens }
  return after.decision === 'modify' && after.text !== undefined ? { ...reply, text: after.text } : reply
}

type Stop =
  | { readonly outcome: 'blocked'; readonly by: string }
  | { readonly outcome: 'refused'; readonly text: string }
  | { readonly outcome: 'failed'; readonly reason: string }
  | { readonly outcome: 'timed_out' }

function stopOf({ decision, text }: Pick<CheckRow, 'decision' | 'text'>, stage: string): Stop | null {
  switch (decision) {
    case 'pass':
    case 'flag':
    case 'modify':
      return null
    case 'block':
    case 'hold':
      return { outcome: 'blocked', by: `policy, ${stage}` }
    case 'refuse':
      return { outcome: 'refused', text: text ?? '' }
    case 'error':
      return { outcome: 'failed', reason: 'guard_failed' }
    case 'timeout':
      return { outcome: 'timed_out' }
    default:
      return decision satisfies never
  }
}
