/**
 * The small world's requests: a bag of words first, the world's judge behind it, in the format that the chat model was taught. Its answer
 * is a word, so its score is 0 or 1; an answer that is no label counts as unsafe, as a judge that fails does.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createChatModel, MODEL_FILES } from '../../src/engines/embedded/index.ts'
import type { CascadeScores } from '../../src/lab/eval/cascade-curve.ts'
import { worldGuard } from '../../src/lab/eval/safe-eval/world-arms.ts'
import {
  requestText,
  trainBagOfWords,
  worldRows,
  worldTrainingRows,
  type WorldRow,
  type WorldSplit,
} from '../../src/lab/world/index.ts'
import type { Staged } from './staged.ts'

const KINDS = ['forbidden', 'near-miss', 'contrast'] as const
const TRAINING_ROWS = 20_000

export async function worldStages(options: {
  readonly rows: number
  readonly seed: number
  readonly model?: string
}): Promise<readonly Staged[]> {
  const { rows, seed, model = fileURLToPath(MODEL_FILES.chat) } = options
  const engine = await createChatModel(readFileSync(model), model)
  const isRequest = ({ kind }: WorldRow): boolean => (KINDS as readonly string[]).includes(kind)
  const words = trainBagOfWords(
    [...worldTrainingRows({ seed, count: TRAINING_ROWS, stage: 'aligned' })].filter(isRequest),
  )
  let [milliseconds, asked] = [0, 0]
  const scoresOf = async (split: WorldSplit): Promise<CascadeScores> => {
    const requests = [...worldRows({ split, seed, counts: Object.fromEntries(KINDS.map((kind) => [kind, rows])) })]
    const judge: number[] = []
    for (const row of requests) {
      const started = performance.now()
      judge.push((await worldGuard(requestText(row), engine)) === false ? 0 : 1)
      milliseconds += performance.now() - started
      asked += 1
    }
    return {
      labels: requests.map(({ category }) => (category === undefined ? 0 : 1)),
      classifier: requests.map((row) => words.score(requestText(row))),
      judge,
    }
  }
  const [chosenOn, reportedOn] = [await scoresOf('selection'), await scoresOf('test')]
  return [{ name: 'Small world', chosenOn, reportedOn, cost: `${(milliseconds / asked).toFixed(0)} ms` }]
}
