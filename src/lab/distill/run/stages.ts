/**
 * The stages of distillation one by one, from files to files, for those who do not want the whole ablation: train, mine, align, evaluate.
 * Each holds its folder or file. Training goes on where it stood when called again; mining and evaluation begin again.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { judgeFormat } from '../../../guards/judge/index.ts'
import { parameterCount } from '../../../nn/decoder/config.ts'
import { loadOnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { HardDpoOptions } from '../../align/index.ts'
import { writeCheckpoint } from '../../checkpoints/index.ts'
import { holdFolder } from '../../jobs/hold-folder.ts'
import { writeAtomically } from '../../train/write-atomically.ts'
import { guardReasonerExample } from '../examples/guard-reasoner.ts'
import { thinkGuardExample } from '../examples/think-guard.ts'
import type { TrainingExample } from '../examples/training-example.ts'
import { DEFAULT_REDUCTION, type Reduction } from '../examples/turn-weights.ts'
import {
  type Guard,
  type GuardShape,
  checkpointOf,
  freshGuard,
  guardTokenizer,
  loadGuard,
} from '../guard/small-guard.ts'
import { startGuard } from '../guard/start-guard.ts'
import { type Trained, type TrainingCall, alignGuard, hardPairs, trainGuard } from '../guard/train-guard.ts'
import { constantOpinions, measuredSets, setFigures } from '../measure/figures.ts'
import { ANSWER_TOKENS, type GuardFigures, type GuardFormatName, measureGuard } from '../measure/measure-guard.ts'
import { type WeightedHardSample, mergeHardSamples, weighHardSamples } from '../mining/hard-samples.ts'
import { mineHardSamples } from '../mining/mine.ts'
import { type GuardedRow, judgedTask } from '../rows/guarded-row.ts'
import { readGuardedRows } from '../rows/row-file.ts'
import { keptTexts } from './ablation-data.ts'
import { FORMAT_TASKS } from './ablation-settings.ts'
import { parseHardSamples } from './hard-file.ts'
import { holdFile } from '../synthesis/hold-file.ts'

interface StageCall {
  readonly out: string
  readonly seed: number
  readonly threads: number
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

export interface TrainStageOptions extends StageCall {
  readonly format: GuardFormatName
  readonly rows: string
  /** What `synthesise` wrote; absent: labels only, which thinkguard alone can learn. */
  readonly explanations?: string
  /** Checkpoint to start from; a small guard from nothing if absent. */
  readonly from?: string
  readonly shape: GuardShape
  readonly passes: number
  readonly learningRate: number
  /** Of label and critique; for thinkguard only, since reasoning is one turn and is learnt as a sum. Default `turn-mean`. */
  readonly reduction?: Reduction
}

/** Writes `model/` and `train.json`; says what was written. */
export async function trainStage(options: TrainStageOptions): Promise<readonly string[]> {
  const { out, from, shape, seed, format } = options
  if (format !== 'thinkguard' && options.reduction !== undefined)
    throw new ParapetError(
      'configuration',
      'Reasoning is one turn, so there is nothing to reduce. Leave the reduction out.',
    )
  const reduction = format === 'thinkguard' ? (options.reduction ?? DEFAULT_REDUCTION) : 'sum'
  const rows = readGuardedRows(options.rows)
  const examples = examplesOf(format, rows, options.explanations)
  return inFolder(out, async () => {
    const guard =
      from === undefined ? await freshGuard(guardTokenizer(examples, shape), shape, seed) : await startGuard(from)
    const trained = await trainGuard(guard, examples, { ...(await callOf(options)), reduction })
    return finish(options, guard, trained, 'train.json', {
      format,
      passes: options.passes,
      reduction,
    })
  })
}

export interface MineStageOptions extends StageCall {
  /** Reasoning guards; the first one's samples win. */
  readonly models: readonly string[]
  readonly rows: string
  readonly samples: number
  readonly temperature: number
  readonly topP: number
  readonly pick: 'random' | 'longest'
  readonly gamma: number
}

/** Writes the hard samples with their weights as JSON Lines into the file `out`. */
export function mineStage(options: MineStageOptions): Promise<readonly string[]> {
  return atFile(options.out, () => mine(options))
}

async function mine(options: MineStageOptions): Promise<readonly string[]> {
  const {
    models,
    rows: path,
    out,
    gamma,
    samples,
    temperature,
    topP,
    pick,
    seed,
    threads,
    signal,
    onProgress,
  } = options
  const rows = readGuardedRows(path)
  const runtime = await loadOnnxRuntime()
  const lists: (readonly WeightedHardSample[])[] = []
  for (const model of models) {
    const guard = await loadGuard(model)
    onProgress(`${model}: drawing ${samples} outputs of ${rows.length} rows`)
    const maxTokens = Math.min(ANSWER_TOKENS.guardreasoner, Math.floor(guard.config.maxLength / 2))
    const mined = await mineHardSamples(guard, rows, {
      ...{ runtime, samples, temperature, topP, pick, seed, threads, maxTokens },
      ...(signal === undefined ? {} : { signal }),
    })
    lists.push(weighHardSamples(mined.samples, gamma))
  }
  const merged = mergeHardSamples(...lists)
  writeAtomically(out, Buffer.from(merged.map((sample) => `${JSON.stringify(sample)}\n`).join('')))
  return [
    `${merged.length} hard samples of ${rows.length} rows (${lists.map(({ length }) => length).join(', ')} by model)`,
    `wrote ${out}`,
  ]
}

export interface AlignStageOptions extends StageCall {
  readonly model: string
  readonly rows: string
  readonly hard: string
  readonly loss: HardDpoOptions
  readonly passes: number
  readonly learningRate: number
  readonly batch: number
}

/** Writes `model/` and `align.json`. */
export async function alignStage(options: AlignStageOptions): Promise<readonly string[]> {
  const { out, model, loss, batch } = options
  const pairs = hardPairs(parseHardSamples(options.hard), readGuardedRows(options.rows))
  return inFolder(out, async () => {
    const guard = await loadGuard(model)
    const trained = await alignGuard(guard, pairs, { ...(await callOf(options)), loss, batch })
    return finish(options, guard, trained, 'align.json', { loss, passes: options.passes, batch })
  })
}

export interface EvaluateStageOptions extends Omit<StageCall, 'threads'> {
  readonly model: string
  readonly format: GuardFormatName
  readonly rows: string
  readonly resamples: number
}

/** Writes the figures as JSON into the file `out`; gives them in words beside the better constant. */
export function evaluateStage(options: EvaluateStageOptions): Promise<readonly string[]> {
  return atFile(options.out, () => evaluate(options))
}

async function evaluate(options: EvaluateStageOptions): Promise<readonly string[]> {
  const { model, format, out, resamples, seed, signal, onProgress } = options
  const sets = measuredSets(readGuardedRows(options.rows), FORMAT_TASKS[format])
  if (sets.length === 0)
    throw new ParapetError('input_invalid', `No row of ${basename(options.rows)} has a label that ${format} gives.`)
  const guard = await loadGuard(model)
  const figures = await measureGuard(guard, {
    ...{
      runtime: await loadOnnxRuntime(),
      format,
      sets,
      critiques: format === 'thinkguard',
      resamples,
      seed,
      onProgress,
    },
    ...(signal === undefined ? {} : { signal }),
  })
  const constant = sets.map((set) => setFigures(set, constantOpinions(set), { resamples, seed }))
  writeAtomically(
    out,
    Buffer.from(
      `${JSON.stringify({ formatVersion: 1, model: basename(model), format, ...figures, constant }, null, 1)}\n`,
    ),
  )
  return [...figureLines(figures, constant), `wrote ${out}`]
}

function figureLines({ sets, cost }: GuardFigures, constant: GuardFigures['sets']): readonly string[] {
  const percent = (value: number | null): string => (value === null ? '–' : (100 * value).toFixed(1))
  return [
    ...sets.map(
      ({ set, task, rows, positives, f1, averagePrecision, falsePositiveRate, unparsable, readable }, at) =>
        `${set}, ${task}: ${rows} rows, ${positives} positive; F1 ${percent(f1.value)} (constant ${percent(constant[at]?.f1.value ?? null)}), ` +
        `AUPRC ${percent(averagePrecision.value)}, false alarms ${percent(falsePositiveRate.value)}, ${unparsable} not readable and counted as flagged` +
        (unparsable === 0 ? '' : ` (F1 of the other ${readable.rows}: ${percent(readable.f1)})`),
    ),
    `a verdict: ${cost.promptTokens.toFixed(0)} tokens read, ${cost.answerTokens.toFixed(0)} written, ${cost.milliseconds.toFixed(1)} ms`,
  ]
}

function examplesOf(
  format: GuardFormatName,
  rows: readonly GuardedRow[],
  path: string | undefined,
): readonly TrainingExample[] {
  if (format === 'thinkguard') {
    const critiques = path === undefined ? null : keptTexts(path)
    const known = judgeFormat('thinkguard')
    return rows.flatMap((row) => {
      const critique = critiques?.get(row.id)
      if (row.labels[judgedTask(row)] === null || (critiques !== null && critique === undefined)) return []
      return [thinkGuardExample(row, critique ?? null, known)]
    })
  }
  if (path === undefined)
    throw new ParapetError('configuration', 'GuardReasoner learns reasoning: synthesise it and give the file.')
  const reasoning = keptTexts(path)
  return rows.flatMap((row) => {
    const answer = reasoning.get(row.id)
    return answer === undefined ? [] : [guardReasonerExample(row, answer)]
  })
}

async function callOf(
  options: StageCall & { readonly passes: number; readonly learningRate: number },
): Promise<TrainingCall> {
  const { out, seed, threads, passes, learningRate, signal, onProgress } = options
  mkdirSync(join(out, 'run'), { recursive: true })
  return {
    ...{ runtime: await loadOnnxRuntime(), seed, threads, passes, learningRate },
    checkpoint: { path: join(out, 'run', 'training.checkpoint'), every: 25, resume: true },
    ...(signal === undefined ? {} : { signal }),
    onProgress: ({ step, steps, loss, secondsLeft }) =>
      onProgress(`${step} of ${steps}: loss ${loss.toFixed(3)}, ${Math.ceil(secondsLeft)} s left`),
  }
}

/** The folder of `out` is made by the hold. */
async function atFile(out: string, job: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const release = holdFile(out)
  try {
    return await job()
  } finally {
    release()
  }
}

async function inFolder(out: string, job: () => Promise<readonly string[]>): Promise<readonly string[]> {
  // `run` goes last: a model beside it may be half written, and is made again.
  if (existsSync(join(out, 'model')) && !existsSync(join(out, 'run')))
    throw new ParapetError(
      'configuration',
      `${join(out, 'model')} is there already. Give another folder, or move it away.`,
    )
  const release = holdFolder(out)
  try {
    return await job()
  } finally {
    release()
  }
}

async function finish(
  { out, seed }: StageCall,
  guard: Guard,
  { history, examples, leftOut }: Trained,
  name: string,
  facts: Readonly<Record<string, unknown>>,
): Promise<readonly string[]> {
  const record = {
    formatVersion: 1,
    seed,
    parameters: parameterCount(guard.config),
    examples,
    leftOut,
    ...facts,
    history,
  }
  writeAtomically(join(out, name), Buffer.from(`${JSON.stringify(record, null, 1)}\n`))
  mkdirSync(join(out, 'model'), { recursive: true })
  await writeCheckpoint(join(out, 'model'), checkpointOf(guard))
  rmSync(join(out, 'run'), { recursive: true, force: true })
  return [
    `${examples} examples${leftOut > 0 ? `; ${leftOut} were too long and left out` : ''}; loss ${history.at(-1)?.loss.toFixed(3) ?? '–'}`,
    `wrote ${join(out, 'model')} and ${join(out, name)}`,
  ]
}
