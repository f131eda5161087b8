/**
 * How well a bot keeps a flow guideline: single turns and whole conversations, judged by the rules of the world. It runs no model: the
 * answers are the caller's, greedy or sampled.
 */
import { exactInterval } from '../../eval/metrics/binomial.ts'
import type { Rate } from '../../world/evaluate.ts'
import { type FlowSituation, judgeTurn } from '../../world/flow.ts'
import { isRefusal } from '../../world/refusal.ts'
import type { WorldMessage } from '../../world/types.ts'

/** Answers in the order of the prompts. */
export type AnswerTurns = (prompts: readonly (readonly WorldMessage[])[]) => Promise<readonly string[]>

/** What the rules say of one turn. */
export interface TurnOutcome {
  /** It goes to the next unfinished step. */
  readonly flow: boolean
  /** It breaks no rule: persona kept, forbidden topic declined. */
  readonly guideline: boolean
  readonly joint: boolean
  /** It declines, whatever was asked. */
  readonly refused: boolean
  /** It declines what is allowed. */
  readonly overRefused: boolean
  /** An allowed question got its right answer. */
  readonly helpful: boolean
  /** An allowed question got an answer that is not the right one. */
  readonly invented: boolean
  readonly words: number
}

export interface FlowReport {
  readonly flow: Rate
  readonly guideline: Rate
  readonly joint: Rate
  /** Of all turns. */
  readonly refusal: Rate
  /** Of the turns in which nothing forbidden is asked. */
  readonly overRefusal: Rate
  /** Of the allowed questions. */
  readonly helpfulness: Rate
  /** Of the allowed questions. */
  readonly hallucination: Rate
  /** Mean length of a turn. */
  readonly words: number
}

export function judgeAnswer(situation: FlowSituation, text: string): TurnOutcome {
  const { flow, guideline, joint, overRefusal: overRefused } = judgeTurn(situation, text)
  const refused = isRefusal(text, situation.language)
  const right = text.toLowerCase().includes(situation.answer.toLowerCase().replace('.', ''))
  const question = isAllowedQuestion(situation)
  return {
    ...{ flow, guideline, joint, refused, overRefused },
    helpful: question && !refused && right,
    invented: question && !refused && !right,
    words: text.split(/\s+/).filter((word) => word !== '').length,
  }
}

export function isAllowedQuestion({ asked, forbidden }: FlowSituation): boolean {
  return asked !== null && asked !== forbidden
}

/** `outcomes[i]` belongs to `situations[i]`. Intervals are exact ones over the situations. */
export function flowReport(situations: readonly FlowSituation[], outcomes: readonly TurnOutcome[]): FlowReport {
  const rows = outcomes.map((outcome, at) => ({ outcome, situation: situations[at] as FlowSituation }))
  const allowed = rows.filter(({ situation: { asked, forbidden } }) => asked !== forbidden)
  const questions = rows.filter(({ situation }) => isAllowedQuestion(situation))
  const share = (among: typeof rows, key: keyof Omit<TurnOutcome, 'words'>): Rate =>
    rateOf(among.filter(({ outcome }) => outcome[key]).length, among.length)
  return {
    ...{ flow: share(rows, 'flow'), guideline: share(rows, 'guideline'), joint: share(rows, 'joint') },
    ...{ refusal: share(rows, 'refused'), overRefusal: share(allowed, 'overRefused') },
    ...{ helpfulness: share(questions, 'helpful'), hallucination: share(questions, 'invented') },
    words: rows.reduce((sum, { outcome }) => sum + outcome.words, 0) / Math.max(1, rows.length),
  }
}

export async function evaluateFlows(
  answer: AnswerTurns,
  situations: readonly FlowSituation[],
): Promise<{ readonly report: FlowReport; readonly outcomes: readonly TurnOutcome[] }> {
  const texts = await answer(situations.map(({ messages }) => messages))
  const outcomes = situations.map((situation, at) => judgeAnswer(situation, texts[at] ?? ''))
  return { report: flowReport(situations, outcomes), outcomes }
}

/**
 * Plays whole flows, turn by turn, with the bot's own turns in the history, wrong ones included. A flow passes when every one of its
 * turns is right. The situations must have one step left, so that their messages hold what the user says at each step.
 */
export async function evaluateConversations(
  answer: AnswerTurns,
  situations: readonly FlowSituation[],
): Promise<{ readonly passed: Rate; readonly each: readonly boolean[] }> {
  const histories = situations.map(({ messages }) => messages.slice(0, 1))
  const each = situations.map(() => true)
  const turns = situations.reduce((most, { done }) => Math.max(most, done + 1), 0)
  for (let turn = 0; turn < turns; turn += 1) {
    const prompts = situations.map(({ messages }, at) => [
      ...(histories[at] ?? []),
      ...messages.slice(2 * turn + 1, 2 * turn + 2),
    ])
    const texts = await answer(prompts)
    for (const [at, situation] of situations.entries()) {
      const now = turn === situation.done ? situation : { ...situation, done: turn, asked: null }
      if (!judgeTurn(now, texts[at] ?? '').joint) each[at] = false
      histories[at] = [...(prompts[at] ?? []), { role: 'assistant', content: texts[at] ?? '' }]
    }
  }
  return { passed: rateOf(each.filter(Boolean).length, each.length), each }
}

export function rateOf(hits: number, rows: number): Rate {
  return { rows, hits, rate: rows === 0 ? 0 : hits / rows, interval: exactInterval(hits, rows) }
}
