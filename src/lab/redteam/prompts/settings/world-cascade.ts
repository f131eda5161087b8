/**
 * A cascade: the world guard decides where it is sure, the world's model as a judge where it is not. The band in which it is asked is
 * chosen on the world's selection split: the fewest questions whose F1 equals the judge's alone (lab/eval/cascade-curve).
 */
import { isInside, scoreAlone, type ScoreBand } from '../../../../guards/judge/cascade/index.ts'
import type { ClassifierEngine, LanguageModelEngine } from '../../../../spec/index.ts'
import { cascadeCurve } from '../../../eval/cascade-curve.ts'
import { JUDGE_SYSTEM, judgedText, parseLabel } from '../../../world/judge-format.ts'
import { requestText } from '../../../world/request-text.ts'
import { worldRows } from '../../../world/rows.ts'
import { engineTarget } from '../targets/engine-target.ts'
import { type Cost, NO_COST, sumCost } from '../targets/target.ts'
import { type GuardVerdict, type PromptGuard, verdictOf } from './guard-setting.ts'
import { answerScore, promptScore } from './world-guard.ts'

export interface Label extends Cost {
  /** Null where the judge's words could not be read, or it failed. */
  readonly unsafe: boolean | null
}

/** The world's model in the judge's format that it was taught. */
export async function askWorldJudge(
  engine: LanguageModelEngine,
  question: string,
  answer?: string,
  signal?: AbortSignal,
): Promise<Label> {
  const { ask } = engineTarget({ engine })
  const messages = [
    { role: 'system', content: JUDGE_SYSTEM },
    { role: 'user', content: judgedText(question, answer) },
  ] as const
  const options = { maxTokens: 16, temperature: 0, seed: 0, ...(signal === undefined ? {} : { signal }) }
  const { calls, promptTokens, answerTokens, ...reply } = await ask(messages, options)
  const text = 'text' in reply ? reply.text : ''
  return { unsafe: parseLabel(text)?.unsafe ?? null, calls, promptTokens, answerTokens }
}

/** The band of the world guard's score in which the judge is asked. */
export async function chooseBand(
  classifier: ClassifierEngine,
  judge: LanguageModelEngine,
  { seed, rows = 60 }: { readonly seed: number; readonly rows?: number },
): Promise<ScoreBand> {
  const counts = { forbidden: rows, 'near-miss': rows, contrast: rows }
  const requests = [...worldRows({ split: 'selection', seed, counts })]
  const labels = await Promise.all(requests.map((row) => askWorldJudge(judge, requestText(row))))
  const { smallest } = cascadeCurve(
    {
      labels: requests.map(({ category }) => (category === undefined ? 0 : 1)),
      classifier: requests.map((row) => promptScore(classifier, requestText(row))),
      judge: labels.map(({ unsafe }) => (unsafe === false ? 0 : 1)),
    },
    { seed },
  )
  return smallest?.band ?? { from: 0, to: 1 }
}

export function worldCascade(options: {
  readonly classifier: ClassifierEngine
  readonly judge: LanguageModelEngine
  readonly band: ScoreBand
}): PromptGuard {
  const { classifier, judge, band } = options
  const decide = async (score: number, ask: () => Promise<Label>): Promise<GuardVerdict> => {
    if (!isInside(band, score)) return verdictOf(scoreAlone(band, score) > 0.5)
    const { unsafe, ...cost } = await ask()
    return verdictOf(unsafe, cost)
  }
  return {
    name: 'cascade',
    async input(texts, signal) {
      let cost: Cost = NO_COST
      let unread = false
      for (const text of texts) {
        const found = await decide(promptScore(classifier, text), () => askWorldJudge(judge, text, undefined, signal))
        cost = sumCost(cost, found.cost)
        if (found.verdict === 'unsafe') return { ...found, cost }
        unread ||= found.verdict === 'failed'
      }
      return verdictOf(unread ? null : false, cost)
    },
    output: (question, answer, signal) =>
      decide(answerScore(classifier, question, answer), () => askWorldJudge(judge, question, answer, signal)),
  }
}
