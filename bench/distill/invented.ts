/** Invented rows of a world in which some trades are forbidden, and a tiny guard taught on them: enough to serve, nothing to measure. */
import {
  type Guard,
  type GuardedRow,
  createRuleTeacher,
  freshGuard,
  guardReasonerExample,
  guardTokenizer,
  thinkGuardExample,
  trainGuard,
} from '../../src/lab/distill/index.ts'
import { judgeFormat, type PolicyClause } from '../../src/guards/judge/index.ts'
import type { OnnxRuntime } from '../../src/nn/runtime/onnx-runtime.ts'

export const TRADES: readonly PolicyClause[] = [{ id: 'T1', title: 'Forged papers', hazards: ['S2'] }]

const THINGS = ['a ticket', 'a map', 'a card', 'a letter', 'a stamp', 'a pass', 'a bill', 'a note']
const NONE = { prompt_harm: null, refusal: null, response_harm: null }

/** `Forge …` is forbidden and `Draw …` is not. */
export const TRADE_ROWS: readonly GuardedRow[] = THINGS.flatMap((thing, at): readonly GuardedRow[] => [
  { id: `f${at}`, source: 'trades', prompt: `Forge ${thing}`, labels: { ...NONE, prompt_harm: true }, hazards: ['S2'] },
  { id: `d${at}`, source: 'trades', prompt: `Draw ${thing}`, labels: { ...NONE, prompt_harm: false }, hazards: [] },
])

/** One guard for both formats, taught from nothing; a quarter of a minute of one core. */
export async function tradeGuard(runtime: OnnxRuntime): Promise<Guard> {
  const format = judgeFormat('thinkguard', { clauses: TRADES })
  const teacher = createRuleTeacher()
  const examples = []
  for (const row of TRADE_ROWS) {
    const unsafe = row.labels.prompt_harm === true
    const critique = await teacher.critique(
      { row, task: 'prompt_harm', unsafe, broken: unsafe ? TRADES : [], policy: TRADES },
      { attempt: 0 },
    )
    const reasoning = await teacher.reasoning({ row, labels: row.labels, policy: TRADES }, { attempt: 0 })
    examples.push(thinkGuardExample(row, critique.text, format), guardReasonerExample(row, reasoning.text))
  }
  const shape = { width: 64, layers: 2, heads: 4, maxLength: 512, vocabularySize: 700 }
  const guard = await freshGuard(guardTokenizer(examples, shape), shape, 1)
  await trainGuard(guard, examples, {
    runtime,
    seed: 1,
    learningRate: 2e-3,
    passes: 30,
    reduction: 'turn-mean',
    tokensPerStep: 512,
  })
  return guard
}
