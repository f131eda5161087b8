/**
 * The same data and settings for training at full size, through `lab/export`: ThinkGuard's two turns, GuardReasoner's R-SFT, and HS-DPO.
 *
 * Neither trainer takes weights of rows. So a pair stands in the data as many times as its weight says (0.8, 1 and 1.2: four, five and
 * six times), and the passes are divided by as much: the expected loss is that of weights on both terms of it (`weighSft`), where the
 * paper's equation weighs the DPO term alone. The exact weights stand beside it in `weights.jsonl`.
 */
import { join } from 'node:path'
import { judgeFormat } from '../../../guards/judge/index.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { type ExportTrainer, runExport } from '../../export/index.ts'
import { writeAtomically } from '../../train/write-atomically.ts'
import { guardReasonerConversation } from '../examples/guard-reasoner.ts'
import { thinkGuardConversation } from '../examples/think-guard.ts'
import { hardPairs } from '../guard/train-guard.ts'
import type { WeightedHardSample } from '../mining/hard-samples.ts'
import { type GuardedRow, judgedTask } from '../rows/guarded-row.ts'
import { recipeOf } from './export-recipe.ts'

export const EXPORT_KINDS = ['thinkguard', 'guardreasoner', 'hard'] as const
export type ExportKind = (typeof EXPORT_KINDS)[number]

export interface ExportDistilledOptions {
  readonly kind: ExportKind
  readonly rows: readonly GuardedRow[]
  /** Critiques or reasoning by the id of their row. */
  readonly explanations?: ReadonlyMap<string, string>
  readonly hard?: readonly WeightedHardSample[]
  readonly trainer: ExportTrainer
  /** Hugging Face folder, or a name on the Hub. */
  readonly model: string
  readonly out: string
  readonly seed: number
  /** 0 tunes the whole model, as both papers do. */
  readonly loraRank: number
  /** Rows on a device at once and batches of a step; GuardReasoner's own if absent: 6 and 16, for hard pairs 1 and 64. */
  readonly batchSize?: number
  readonly accumulation?: number
}

/** GuardReasoner's own, a device of its four; of ThinkGuard nothing but full fine-tuning is known, so it gets those of R-SFT. */
const SETTINGS = {
  supervised: { learningRate: 5e-5, passes: 3, maxLength: 2048, batchSize: 6, accumulation: 16 },
  hard: { learningRate: 5e-6, passes: 2, maxLength: 2048, batchSize: 1, accumulation: 64 },
} as const

/** Writes the folder; says what was written. Throws as `runExport` does. */
export async function exportDistilled(options: ExportDistilledOptions): Promise<readonly string[]> {
  const { kind, rows, hard, trainer, model, out, seed, loraRank } = options
  const own = SETTINGS[kind === 'hard' ? 'hard' : 'supervised']
  const { batchSize = own.batchSize, accumulation = own.accumulation } = options
  const recipe = recipeOf({ kind, trainer, model, batchSize, accumulation })
  const common = {
    ...own,
    trainer,
    model,
    out,
    seed,
    loraRank,
    batchSize,
    accumulation,
    recipe,
    name: `parapet-${kind}`,
  }
  if (kind !== 'hard') {
    const conversations = conversationsOf(kind, rows, options.explanations)
    return runExport({
      ...{ ...common, method: { kind: 'sft' } },
      source: { kind: 'conversations', rows: conversations },
    })
  }
  if (hard === undefined || hard.length === 0)
    throw new ParapetError('configuration', 'Give hard samples: mine them first.')
  const pairs = hardPairs(hard, rows)
  const { copies, most, error } = repetitions(hard.map(({ weight }) => weight))
  const lines = await runExport({
    ...{ ...common, passes: own.passes / most },
    method: { kind: 'hard-dpo', beta: 0.01, sftCoefficient: 2 },
    source: {
      kind: 'pairs',
      rows: pairs.flatMap(({ prompt, chosen, rejected }, at) =>
        Array.from({ length: copies[at] ?? 0 }, () => ({ prompt, chosen, rejected })),
      ),
    },
  })
  const weights = hard.map(({ id, source, task, right, wrong, weight }, at) => ({
    id,
    source,
    task,
    right,
    wrong,
    weight,
    copies: copies[at],
  }))
  writeAtomically(join(out, 'weights.jsonl'), Buffer.from(weights.map((row) => `${JSON.stringify(row)}\n`).join('')))
  return [
    ...lines,
    `a weight of 1 stands ${most} times; the largest error of a weight is ${error.toFixed(3)}`,
    `wrote ${join(out, 'weights.jsonl')}`,
  ]
}

function conversationsOf(
  kind: 'thinkguard' | 'guardreasoner',
  rows: readonly GuardedRow[],
  explanations: ReadonlyMap<string, string> | undefined,
): readonly ReturnType<typeof thinkGuardConversation>[] {
  if (explanations === undefined) throw new ParapetError('configuration', 'Give the file that synthesise wrote.')
  const format = judgeFormat('thinkguard')
  return rows.flatMap((row) => {
    const text = explanations.get(row.id)
    if (text === undefined) return []
    if (kind === 'guardreasoner') return [guardReasonerConversation(row, text)]
    return row.labels[judgedTask(row)] === null ? [] : [thinkGuardConversation(row, text, format)]
  })
}

/** Times a row of weight 1 stands in the data at most. */
const MOST_COPIES = 20

/** How often each row must stand in the data so that its share is its weight: the fewest copies that keep every weight to a hundredth. */
export function repetitions(weights: readonly number[]): {
  readonly copies: readonly number[]
  readonly most: number
  readonly error: number
} {
  const errorOf = (most: number): number =>
    weights.reduce((worst, weight) => Math.max(worst, Math.abs(Math.round(weight * most) / most - weight)), 0)
  let most = 1
  while (most < MOST_COPIES && errorOf(most) > 0.01) most += 1
  return { copies: weights.map((weight) => Math.round(weight * most)), most, error: errorOf(most) }
}
