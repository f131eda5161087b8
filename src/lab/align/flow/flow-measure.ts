/**
 * All figures of one model of the flow experiment: adherence greedily and at temperature 1, whole conversations, the divergence from the
 * reference it was aligned against, and wins over another model in both orders. It compares no regimes; `flow-summary.ts` does.
 */
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import type { FlowSituation } from '../../world/flow.ts'
import { preferByJudge } from '../build-pairs.ts'
import { promptKey } from '../pairs.ts'
import { ResponseScorer } from '../response-scorer.ts'
import { type FlowReport, type TurnOutcome, evaluateConversations, flowReport, judgeAnswer } from './flow-evaluation.ts'
import { type FlowAnswer, type FlowModel, withAnswers } from './flow-model.ts'

export interface FlowFigures {
  readonly greedy: FlowReport
  readonly sampled: FlowReport
  /** Each turn at temperature 1, in the order of the situations. */
  readonly outcomes: readonly TurnOutcome[]
  /** Texts of the first turns, sampled. */
  readonly texts: readonly string[]
  /** Whole flows passed, greedily, and each of them. */
  readonly conversations: readonly boolean[]
  /** KL(model ‖ reference) in nats, from the sampled turns; 0 where the model is its own reference. */
  readonly divergence: { readonly perResponse: number; readonly perToken: number }
}

export interface MeasureOptions {
  readonly runtime: OnnxRuntime
  readonly model: FlowModel
  readonly parameters: ParameterValues
  /** What the model was before its last phase. */
  readonly reference?: ParameterValues
  readonly situations: readonly FlowSituation[]
  /** With one step left. */
  readonly conversations: readonly FlowSituation[]
  readonly seed: number
  readonly threads?: number
  readonly signal?: AbortSignal
}

export async function measureModel(options: MeasureOptions): Promise<FlowFigures> {
  const { situations, conversations, reference } = options
  const prompts = situations.map(({ messages }) => messages)
  const sampled = await withAnswers({ ...options, temperature: 1 }, (answer) => answer(prompts))
  const { greedy, passed } = await withAnswers({ ...options, temperature: 0 }, async (answer) => ({
    greedy: await answer(prompts),
    passed: await evaluateConversations(async (turns) => (await answer(turns)).map(({ text }) => text), conversations),
  }))
  const judged = (answers: readonly FlowAnswer[]): readonly TurnOutcome[] =>
    situations.map((situation, at) => judgeAnswer(situation, answers[at]?.text ?? ''))
  const outcomes = judged(sampled)
  return {
    ...{ greedy: flowReport(situations, judged(greedy)), sampled: flowReport(situations, outcomes), outcomes },
    texts: sampled.map(({ text }) => text),
    conversations: passed.each,
    divergence:
      reference === undefined
        ? { perResponse: 0, perToken: 0 }
        : await estimateDivergence({ ...options, reference }, sampled),
  }
}

/** Mean of log π(y) - log π_ref(y) over turns y that π itself sampled: an unbiased estimate of the divergence. */
export async function estimateDivergence(
  options: Pick<MeasureOptions, 'runtime' | 'model' | 'parameters' | 'threads'> & {
    readonly reference: ParameterValues
  },
  answers: readonly Pick<FlowAnswer, 'prompt' | 'response'>[],
): Promise<FlowFigures['divergence']> {
  const rows = answers.filter(({ response }) => response.length > 0)
  const scores = async (parameters: ParameterValues): Promise<Float64Array> => {
    const { runtime, model, threads } = options
    const scorer = new ResponseScorer({
      ...{ runtime, config: model.config, parameters },
      ...(threads === undefined ? {} : { threads }),
    })
    try {
      return await scorer.score(rows)
    } finally {
      await scorer.dispose()
    }
  }
  const policy = await scores(options.parameters)
  const reference = await scores(options.reference)
  const total = policy.reduce((sum, score, at) => sum + score - (reference[at] ?? 0), 0)
  const tokens = rows.reduce((sum, { response }) => sum + response.length, 0)
  return { perResponse: total / Math.max(1, rows.length), perToken: total / Math.max(1, tokens) }
}

export interface WinRate {
  readonly wins: number
  readonly losses: number
  readonly ties: number
}

/** Turn against turn by the rules, each pair asked about in both orders: a turn wins that breaks no rule, then one that helps. */
export async function winsOver(
  situations: readonly FlowSituation[],
  texts: readonly string[],
  others: readonly string[],
): Promise<WinRate> {
  let [wins, losses, ties] = [0, 0, 0]
  for (const [at, situation] of situations.entries()) {
    const [own, other] = [texts[at] ?? '', others[at] ?? '']
    const score = (text: string): number => {
      const { joint, overRefused, invented } = judgeAnswer(situation, text)
      return (joint ? 2 : 0) + (overRefused || invented ? 0 : 1)
    }
    const { pairs } = await preferByJudge([{ prompt: situation.messages, responses: [own, other] }], (_, one, two) =>
      Promise.resolve(score(one) - score(two)),
    )
    const [pair] = pairs
    if (pair === undefined) ties += 1
    else if (pair.chosen === own) wins += 1
    else losses += 1
  }
  return { wins, losses, ties }
}

/** A key of a situation for maps. */
export function situationKey({ messages }: FlowSituation): string {
  return promptKey(messages)
}
