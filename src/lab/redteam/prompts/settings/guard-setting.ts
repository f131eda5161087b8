/**
 * Ways to protect the same model, compared in one run. A guard sees every message of the conversation by itself and all of them as one
 * text, and the answer before anybody else does. What it cannot judge is a failure, not a pass and not a block.
 */
import type { Message } from '../../../../spec/index.ts'
import { type AskOptions, type Cost, NO_COST, type Reply, sumCost, type Target, textOf } from '../targets/target.ts'

export interface GuardVerdict {
  /** `unsafe` is blocked; `failed` means that nobody knows. */
  readonly verdict: 'safe' | 'unsafe' | 'failed'
  /** Of the models the guard asked. */
  readonly cost: Cost
}

export interface PromptGuard {
  readonly name: string
  readonly input: (texts: readonly string[], signal?: AbortSignal) => Promise<GuardVerdict>
  readonly output: (question: string, answer: string, signal?: AbortSignal) => Promise<GuardVerdict>
}

export interface GuardSetting {
  readonly name: string
  readonly target: Target
  /** Changes whenever it would decide otherwise. */
  readonly version: string
}

export function unguarded(target: Target): GuardSetting {
  return { name: 'none', target, version: 'none' }
}

/** The target behind a guard of its input and of its output. */
export function guarded(target: Target, guard: PromptGuard, version: string): GuardSetting {
  return {
    ...{ name: guard.name, version },
    target: {
      id: `${target.id} behind ${guard.name}`,
      ask: (messages, options) => ask(target, guard, messages, options),
    },
  }
}

async function ask(
  target: Target,
  guard: PromptGuard,
  messages: readonly Message[],
  options: AskOptions,
): Promise<Reply> {
  const before = await guard.input(judgedTexts(messages), options.signal)
  const stopped = stopOf(before, `${guard.name}, input`)
  if (stopped !== null) return stopped
  const reply = await target.ask(messages, options)
  const spent = sumCost(before.cost, reply)
  if (reply.outcome !== 'answered') return { ...reply, ...spent }
  const after = await guard.output(questionOf(messages), reply.text, options.signal)
  const cost = sumCost(spent, after.cost)
  const withheld = stopOf(after, `${guard.name}, output`)
  return withheld === null ? { ...reply, ...cost } : { ...withheld, ...cost }
}

function stopOf({ verdict, cost }: GuardVerdict, where: string): Reply | null {
  if (verdict === 'safe') return null
  return verdict === 'unsafe'
    ? { outcome: 'blocked', by: where, ...cost }
    : { outcome: 'failed', reason: 'guard_failed', ...cost }
}

/** Each text that did not come from the operator, and all of them together: neither length nor pieces hide anything. */
export function judgedTexts(messages: readonly Message[]): readonly string[] {
  const given = messages.filter(({ role }) => role !== 'system' && role !== 'developer')
  const asked = given.filter(({ role }) => role !== 'assistant').map(textOf)
  const whole = given.map(textOf).join('\n')
  return [...new Set([...asked, whole])].filter((text) => text !== '')
}

/** What the answer answers: the last thing that was not said by the model. */
export function questionOf(messages: readonly Message[]): string {
  const last = messages.findLast(({ role }) => role !== 'assistant')
  return last === undefined ? '' : textOf(last)
}

export const verdictOf = (unsafe: boolean | null, cost: Cost = NO_COST): GuardVerdict => ({
  verdict: unsafe === null ? 'failed' : unsafe ? 'unsafe' : 'safe',
  cost,
})
