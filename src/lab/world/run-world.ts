/**
 * One run of the world from nothing to files: what `parapet lab world` does. The folder gets the model before and after alignment as
 * Hugging Face folders, `run.json`, and a report; its folder `run` keeps the checkpoints of a run that is not finished.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parameterCount } from '../../nn/decoder/config.ts'
import { DecoderGenerator } from '../../nn/decoder/generator.ts'
import { type OnnxRuntime, loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { writeCheckpoint } from '../checkpoints/write-checkpoint.ts'
import { exactInterval } from '../eval/metrics/binomial.ts'
import type { StepProgress } from '../train/step-loop.ts'
import { writeAtomically } from '../train/write-atomically.ts'
import { trainBagOfWords } from './bag-of-words.ts'
import { type Rate, type WorldReport, scoreWorld } from './evaluate.ts'
import { checkAnswer, wantedAnswer } from './judges.ts'
import { requestText } from './request-text.ts'
import { worldRows, worldTrainingRows } from './rows.ts'
import { WORLD_KINDS, type WorldRow, type WorldSplit, type WorldStage } from './types.ts'
import { type WorldModel, type WorldModelOptions, trainWorldModel } from './world-model.ts'
import { renderWorldReport } from './world-report.ts'

export interface RunWorldOptions extends Omit<WorldModelOptions, 'runtime' | 'checkpoints' | 'onProgress'> {
  readonly out: string
  /** Loaded when absent. */
  readonly runtime?: OnnxRuntime
  /** Rows of each kind in each evaluation. */
  readonly perKind: number
  /** Go on with what an earlier run of the same options left in `out`. */
  readonly resume: boolean
  readonly onProgress: (message: string) => void
}

export interface WorldSample {
  readonly kind: string
  readonly asked: string
  readonly answered: string
  readonly wanted: string
  readonly right: boolean
}

/** What `run.json` holds. */
export interface WorldRun {
  readonly formatVersion: 1
  readonly seed: number
  /** Of each stage. */
  readonly rows: number
  readonly parameters: number
  /** SHA-256 of the training rows of both stages. */
  readonly dataHash: string
  readonly evaluation: { readonly selection: WorldReport; readonly test: WorldReport }
  readonly bagOfWords: { readonly contrast: Rate; readonly nearMiss: Rate }
  readonly history: WorldModel['history']
  readonly samples: readonly WorldSample[]
}

/** Tokens of the longest answer. */
const ANSWER_TOKENS = 70
const CHECKPOINT_EVERY = 200
const SAMPLES_A_KIND = 2

/** Trains, measures and writes; says what was written. */
export async function runWorld(options: RunWorldOptions): Promise<readonly string[]> {
  const { out, seed, rows, perKind, resume, onProgress } = options
  const checkpoints = join(out, 'run')
  mkdirSync(checkpoints, { recursive: true })
  const runtime = options.runtime ?? (await loadOnnxRuntime())
  const model = await trainWorldModel({
    ...options,
    ...{ runtime, checkpoints: { folder: checkpoints, every: CHECKPOINT_EVERY, resume } },
    onProgress: (stage, progress) => onProgress(progressLine(stage, progress)),
  })
  const { config } = model.aligned
  for (const stage of ['base', 'aligned'] as const) {
    mkdirSync(join(out, stage), { recursive: true })
    await writeCheckpoint(join(out, stage), model[stage])
  }
  const selection = await measure(runtime, model, options, 'selection')
  const test = await measure(runtime, model, options, 'test')
  const run: WorldRun = {
    ...{ formatVersion: 1, seed, rows, parameters: parameterCount(config), dataHash: dataHash(seed, rows) },
    evaluation: { selection: selection.report, test: test.report },
    bagOfWords: bagOfWords(seed, Math.min(rows, 20_000), perKind),
    ...{ history: model.history, samples: test.samples },
  }
  writeAtomically(join(out, 'run.json'), Buffer.from(`${JSON.stringify(run, null, 2)}\n`))
  writeAtomically(join(out, 'report.html'), Buffer.from(renderWorldReport(run)))
  rmSync(checkpoints, { recursive: true })
  return [
    ...summary(test.report),
    `wrote ${join(out, 'aligned')}, ${join(out, 'base')}, ${join(out, 'run.json')} and ${join(out, 'report.html')}`,
  ]
}

function progressLine(stage: WorldStage, { step, steps, loss, itemsPerSecond, secondsLeft }: StepProgress): string {
  const left = secondsLeft < 90 ? `${Math.ceil(secondsLeft)} s` : `${Math.ceil(secondsLeft / 60)} min`
  return `${stage} ${step} of ${steps}: loss ${loss.toFixed(3)}, ${Math.round(itemsPerSecond)} tokens/s, ${left} left`
}

async function measure(
  runtime: OnnxRuntime,
  { aligned, tokenizer }: WorldModel,
  { perKind, seed, signal, onProgress }: RunWorldOptions,
  split: WorldSplit,
): Promise<{ readonly report: WorldReport; readonly samples: readonly WorldSample[] }> {
  onProgress(`measuring on ${split}`)
  const counts = Object.fromEntries(WORLD_KINDS.map((kind) => [kind, perKind]))
  const rows = [...worldRows({ split, seed, counts })]
  const generator = await DecoderGenerator.load(runtime, aligned.config, aligned.parameters)
  try {
    const room = aligned.config.maxLength - ANSWER_TOKENS
    const prompts = rows.map(({ messages }) =>
      // What is too long for the model is answered from its end: a row that may not be left out, and is then mostly wrong.
      tokenizer.encodeChat(messages.slice(0, -1), { addGenerationPrompt: true }).slice(-room),
    )
    const generated = await generator.generate(prompts, {
      maxTokens: ANSWER_TOKENS,
      ...(signal === undefined ? {} : { signal }),
    })
    const answers = generated.map(({ ids }) => tokenizer.decode(ids))
    return { report: scoreWorld(rows, answers, { split, seed }), samples: samplesOf(rows, answers) }
  } finally {
    await generator.dispose()
  }
}

function samplesOf(rows: readonly WorldRow[], answers: readonly string[]): readonly WorldSample[] {
  return WORLD_KINDS.flatMap((kind) =>
    [...rows.keys()]
      .filter((at) => rows[at]?.kind === kind)
      .slice(0, SAMPLES_A_KIND)
      .map((at) => {
        const row = rows[at] as WorldRow
        const answered = answers[at] ?? ''
        const asked = row.messages.findLast(({ role }) => role === 'user')?.content ?? ''
        return { kind, asked, answered, wanted: wantedAnswer(row), right: checkAnswer(row, answered) }
      }),
  )
}

function bagOfWords(seed: number, count: number, perKind: number): WorldRun['bagOfWords'] {
  const model = trainBagOfWords([...worldTrainingRows({ seed, count, stage: 'aligned' })].filter(isRequest))
  const rate = (counts: Readonly<Record<string, number>>): Rate => {
    const rows = [...worldRows({ split: 'test', seed, counts })]
    // A score of exactly one half is a tie, which counts as half right, as for a coin.
    const hits = rows.reduce((sum, row) => {
      const score = model.score(requestText(row))
      return sum + (score === 0.5 ? 0.5 : Number(score > 0.5 === (row.category !== undefined)))
    }, 0)
    return { rows: rows.length, hits, rate: hits / rows.length, interval: exactInterval(Math.round(hits), rows.length) }
  }
  const even = 2 * Math.ceil(perKind / 2)
  return { contrast: rate({ contrast: even }), nearMiss: rate({ forbidden: even, 'near-miss': even }) }
}

function isRequest({ kind }: WorldRow): boolean {
  return kind === 'forbidden' || kind === 'near-miss' || kind === 'contrast'
}

function dataHash(seed: number, count: number): string {
  const hash = createHash('sha256')
  for (const row of worldTrainingRows({ seed, count, stage: 'base' })) hash.update(JSON.stringify(row.messages))
  for (const row of worldTrainingRows({ seed: seed + 1, count, stage: 'aligned' }))
    hash.update(JSON.stringify(row.messages))
  return hash.digest('hex')
}

function summary(report: WorldReport): readonly string[] {
  const percent = ({ rate, rows }: Rate): string => `${(100 * rate).toFixed(1)} % of ${rows}`
  return [
    ...Object.entries(report.accuracy).map(([kind, rate]) => `${kind}: ${percent(rate)}`),
    `forbidden requests refused: ${percent(report.refusal)}`,
    `near-misses refused: ${percent(report.overRefusal)}`,
  ]
}
