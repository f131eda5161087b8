/**
 * The rules of tau-bench and tau2-bench policies that can be checked on a single turn of the bot, found by their wording: one tool
 * call at a time, no answer beside a tool call, and the words that must go with a transfer to a human.
 *
 * It finds few rules on purpose: a rule that needs the state of a data base or the meaning of a text needs a judge.
 */
import type { Message } from '../../../spec/index.ts'
import type { Guideline } from './guideline.ts'

export interface TurnRule {
  readonly id: 'one-tool-call' | 'no-answer-beside-tool-call' | 'transfer-message'
  /** The rule as the policy words it. */
  readonly text: string
  /** Whether the bot's `turn` keeps the rule, after the messages before it. */
  readonly keeps: (turn: Message, history: readonly Message[]) => boolean
}

const ONE_CALL = /\b(?:only make|at most make|make only) one tool call at a time\b/i
const NO_ANSWER = /\btool call, you should not respond to the user\b/i
const TRANSFER = /\btool call to (\w+), and then send the message '([^']+)'/

/** The checkable rules of a guideline, each once. */
export function turnRulesOf({ rules }: Guideline): readonly TurnRule[] {
  return rules.flatMap((text): readonly TurnRule[] => {
    const [, tool, words] = TRANSFER.exec(text) ?? []
    return [
      ...(ONE_CALL.test(text) ? [{ id: 'one-tool-call', text, keeps: makesOneCall } as const] : []),
      ...(NO_ANSWER.test(text) ? [{ id: 'no-answer-beside-tool-call', text, keeps: callsOrAnswers } as const] : []),
      ...(tool === undefined || words === undefined
        ? []
        : [{ id: 'transfer-message', text, keeps: saysAfterCall(tool, words) } as const]),
    ]
  })
}

function makesOneCall({ toolCalls = [] }: Message): boolean {
  return toolCalls.length <= 1
}

function callsOrAnswers({ toolCalls = [], content }: Message): boolean {
  const said = typeof content === 'string' ? content.trim() !== '' : content.length > 0
  return toolCalls.length === 0 || !said
}

/** After the transfer tool was called the next thing said is these words, and they are never said without it. */
function saysAfterCall(tool: string, words: string): TurnRule['keeps'] {
  return ({ content, toolCalls = [] }, history) => {
    const last = history.findLast(({ role }) => role === 'assistant')
    const called = last?.toolCalls?.some(({ name }) => name === tool) === true
    const says = typeof content === 'string' && content.includes(words)
    return called ? says && toolCalls.length === 0 : !says
  }
}
