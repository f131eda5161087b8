/**
 * One alignment run on a user's own preference data, from files to files: what `parapet lab align` does. A tenth of the prompts is held
 * out and measured before and after.
 *
 * The folder gets the aligned model (`model`, the adapter merged), the adapter (`adapter`) if one was trained, `run.json` and
 * `report.html`; its folder `run` keeps the checkpoint of a run that is not finished.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { mergeAdapter } from '../../nn/checkpoint/adapter.ts'
import { BLOCK_LINEARS, type DecoderConfig } from '../../nn/decoder/config.ts'
import { DecoderGenerator } from '../../nn/decoder/generator.ts'
import { type OnnxRuntime, loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../nn/tensor/parameters.ts'
import { type TextTokenizer, loadTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../spec/errors.ts'
import { readCheckpoint, writeAdapter, writeCheckpoint } from '../checkpoints/index.ts'
import type { Interval } from '../eval/metrics/binomial.ts'
import { requireTrainingMemory } from '../checkpoints/training-memory.ts'
import type { StepProgress } from '../train/step-loop.ts'
import { writeAtomically } from '../train/write-atomically.ts'
import { alignDecoder } from './align-decoder.ts'
import { type AlignmentData, encodeExamples } from './alignment-examples.ts'
import { renderAlignReport } from './align-report.ts'
import { copyOf } from './copy-parameters.ts'
import { chatMessage, encodePairs, encodeTurns } from './encode-preferences.ts'
import { holdOut, readPreferenceData } from './preference-data.ts'
import { imbalanceWeights, turnsOfPairs } from './pairs.ts'
import { type PreferenceSettings, type SettledPreferenceLoss, preferenceLoss } from './preference-loss.ts'
import {
  type PreferenceChange,
  type PreferenceFigures,
  type PreferenceMeasurement,
  measurePairs,
  measureTurns,
  preferenceChange,
} from './preference-measure.ts'
import { ResponseScorer } from './response-scorer.ts'

export interface RunAlignOptions {
  /** Hugging Face folder of the model to align. */
  readonly from: string
  /** File of pairs or of labelled turns, a line each. */
  readonly data: string
  readonly loss: PreferenceSettings
  readonly out: string
  /** Passes over the data; parts of one are possible. */
  readonly passes: number
  readonly learningRate: number
  /** Rank of an adapter on all linear layers, with α twice the rank; 0 tunes the whole model. */
  readonly loraRank: number
  /** Examples of a step. */
  readonly batch: number
  /** Longest row, in tokens; longer ones are left out and counted. */
  readonly maxLength: number
  readonly seed: number
  readonly threads: number
  /** Most bytes that weights, gradients and moments may take; the machine's memory where absent. */
  readonly memoryLimit?: number
  readonly resume: boolean
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

export interface AlignSample {
  readonly asked: string
  readonly before: string
  readonly after: string
}

/** What `run.json` holds. */
export interface AlignRun {
  readonly formatVersion: 1
  /** With every default filled in. */
  readonly loss: PreferenceSettings
  readonly options: Readonly<
    Record<'passes' | 'learningRate' | 'loraRank' | 'batch' | 'maxLength' | 'seed' | 'threads', number>
  >
  readonly data: { readonly name: string; readonly sha256: string; readonly form: 'pairs' | 'turns' }
  /** Learnt from, too long, and held out. */
  readonly examples: number
  readonly leftOut: number
  readonly heldOut: {
    readonly before: PreferenceFigures
    readonly after: PreferenceFigures
    /** After minus before, paired by row. */
    readonly change: PreferenceChange
  }
  readonly samples: readonly AlignSample[]
  readonly history: readonly StepProgress[]
}

const CHECKPOINT_EVERY = 50
const SAMPLES = 6
const ANSWER_TOKENS = 96

/** Aligns, measures and writes; says what was written. */
export async function runAlign(options: RunAlignOptions): Promise<readonly string[]> {
  const { from, out, loraRank, batch, seed, threads, resume, onProgress, signal, learningRate, passes } = options
  const text = readFileSync(options.data, 'utf8')
  const data = readPreferenceData(text, basename(options.data))
  const loss = preferenceLoss(options.loss)
  if (loss.needsPairs && !('pairs' in data))
    throw new ParapetError(
      'configuration',
      `The ${loss.kind} loss learns from pairs, and ${options.data} holds labelled turns. Use kto.`,
    )
  const { config, parameters, tokenizer: files } = await readCheckpoint(from)
  if (files === undefined)
    throw new ParapetError('input_invalid', `${from} has no tokenizer.json, so its model cannot be aligned on text.`)
  requireTrainingMemory(basename(from), config, setsOfWeights(loss, loraRank), options.memoryLimit)
  const tokenizer = await loadTokenizer(files)
  const maxLength = Math.min(options.maxLength, config.maxLength)
  const { learnt, heldOut } = holdOut(data, seed)
  const settings = balanced(options.loss, learnt)
  // Found out here too, so that a run that cannot be leaves no folder behind.
  encodeExamples(loss, learnt, { tokenizer, maxLength })
  const runtime = await loadOnnxRuntime()
  const lora = loraRank > 0 ? { rank: loraRank, alpha: 2 * loraRank, targets: BLOCK_LINEARS } : undefined
  const start = lora === undefined ? copyOf(parameters) : parameters
  const bench = new HeldOut(runtime, config, tokenizer, heldOut, maxLength, threads)
  const before = await bench.measure(start)
  onProgress(`held out: ${told(before.figures)}`)
  mkdirSync(join(out, 'run'), { recursive: true })
  const { adapter, history, examples, leftOut } = await alignDecoder({
    ...{ runtime, config, parameters, tokenizer, data: learnt, loss: settings, steps: { passes }, batch, learningRate },
    ...{ maxLength, seed, threads, progressEvery: 10 },
    ...(lora === undefined ? {} : { lora }),
    checkpoint: { path: join(out, 'run', 'training.checkpoint'), every: CHECKPOINT_EVERY, resume },
    ...(signal === undefined ? {} : { signal }),
    onProgress: ({ step, steps, loss: value, itemsPerSecond, secondsLeft }) =>
      onProgress(
        `${step} of ${steps}: loss ${value.toFixed(3)}, ${Math.round(itemsPerSecond)} tokens/s, ${Math.ceil(secondsLeft)} s left`,
      ),
  })
  const aligned = adapter === undefined ? parameters : mergeAdapter(parameters, adapter)
  const after = await bench.measure(aligned)
  for (const part of ['model', ...(adapter === undefined ? [] : ['adapter'])])
    mkdirSync(join(out, part), { recursive: true })
  await writeCheckpoint(join(out, 'model'), { config, parameters: aligned, tokenizer: files })
  if (adapter !== undefined) await writeAdapter(join(out, 'adapter'), adapter, from)
  const run: AlignRun = {
    ...{
      formatVersion: 1,
      loss: preferenceLoss(settings).settings,
      options: { passes, learningRate, loraRank, batch, maxLength, seed, threads },
    },
    data: {
      ...{ name: basename(options.data), sha256: createHash('sha256').update(text).digest('hex') },
      form: 'pairs' in data ? 'pairs' : 'turns',
    },
    ...{ examples, leftOut, samples: await bench.samples(start, aligned), history },
    heldOut: { before: before.figures, after: after.figures, change: preferenceChange(before, after) },
  }
  writeAtomically(join(out, 'run.json'), Buffer.from(`${JSON.stringify(run, null, 2)}\n`))
  writeAtomically(join(out, 'report.html'), Buffer.from(renderAlignReport(run)))
  rmSync(join(out, 'run'), { recursive: true })
  return [
    `${examples} examples${leftOut > 0 ? `; ${leftOut} are longer than ${maxLength} tokens and left out` : ''}`,
    `held out, before: ${told(run.heldOut.before)}`,
    `held out, after:  ${told(run.heldOut.after)}`,
    `held out, change: ${changed(run.heldOut.change)}`,
    `wrote ${join(out, 'model')}${adapter === undefined ? '' : `, ${join(out, 'adapter')}`}, ${join(out, 'run.json')} and ${join(out, 'report.html')}`,
  ]
}

/** Sets of all weights that a run holds at once: the model as it was and as it is, and without an adapter gradients and moments. */
function setsOfWeights({ needsReference }: SettledPreferenceLoss, loraRank: number): number {
  return loraRank > 0 ? 2 : needsReference ? 6 : 5
}

/** KTO's weights even the numbers of good and bad turns out, where they are not set. */
function balanced(loss: PreferenceSettings, data: AlignmentData): PreferenceSettings {
  if (loss.kind !== 'kto' || loss.desirableWeight !== undefined || loss.undesirableWeight !== undefined) return loss
  return { ...loss, ...imbalanceWeights('pairs' in data ? turnsOfPairs(data.pairs) : data.turns) }
}

function told({ rows, rankedRightly, rankedRightlyInterval, margin, marginInterval }: PreferenceFigures): string {
  if (rankedRightly === null || margin === null) return `${rows} rows, nothing to compare`
  const share = `${(100 * rankedRightly).toFixed(1)} %${range(rankedRightlyInterval, (value) => (100 * value).toFixed(1))}`
  return `${rows} rows, ${share} ranked rightly, margin ${margin.toFixed(2)}${range(marginInterval, (value) => value.toFixed(2))} nats`
}

function changed({ rankedRightly, margin }: PreferenceChange): string {
  if (rankedRightly.value === null || margin.value === null) return 'nothing to compare'
  const signed = (value: number, digits: number): string => `${value > 0 ? '+' : ''}${value.toFixed(digits)}`
  const points = `${signed(100 * rankedRightly.value, 1)} points${range(rankedRightly.interval, (value) => signed(100 * value, 1))}`
  return `${points} ranked rightly, ${signed(margin.value, 2)}${range(margin.interval, (value) => signed(value, 2))} nats of margin (95 % intervals, paired)`
}

/** ` [low, high]`; empty without an interval. */
function range(interval: Pick<Interval, 'low' | 'high'> | null, shown: (value: number) => string): string {
  return interval === null ? '' : ` [${shown(interval.low)}, ${shown(interval.high)}]`
}

/** The rows that are not learnt from, and what a model makes of them. */
class HeldOut {
  readonly #runtime: OnnxRuntime
  readonly #config: DecoderConfig
  readonly #tokenizer: TextTokenizer
  readonly #data: AlignmentData
  readonly #maxLength: number
  readonly #threads: number

  constructor(
    runtime: OnnxRuntime,
    config: DecoderConfig,
    tokenizer: TextTokenizer,
    data: AlignmentData,
    maxLength: number,
    threads: number,
  ) {
    ;[this.#runtime, this.#config, this.#tokenizer] = [runtime, config, tokenizer]
    ;[this.#data, this.#maxLength, this.#threads] = [data, maxLength, threads]
  }

  async measure(parameters: ParameterValues): Promise<PreferenceMeasurement> {
    const [data, encoding] = [this.#data, { tokenizer: this.#tokenizer, maxLength: this.#maxLength }]
    const scorer = new ResponseScorer({
      ...{ runtime: this.#runtime, config: this.#config, parameters, threads: this.#threads },
    })
    try {
      return 'pairs' in data
        ? await measurePairs(encodePairs(data.pairs, encoding).rows, scorer)
        : await measureTurns(encodeTurns(data.turns, encoding).rows, scorer)
    } finally {
      await scorer.dispose()
    }
  }

  /** Greedy answers to a few prompts before and after. */
  async samples(before: ParameterValues, after: ParameterValues): Promise<readonly AlignSample[]> {
    const rows = 'pairs' in this.#data ? this.#data.pairs : this.#data.turns
    const prompts = [...new Map(rows.map(({ prompt }) => [JSON.stringify(prompt), prompt])).values()]
    const encoded = prompts
      .map((prompt) => ({
        prompt,
        ids: this.#tokenizer.encodeChat(prompt.map(chatMessage), { addGenerationPrompt: true }),
      }))
      .filter(({ ids }) => ids.length < this.#config.maxLength)
      .slice(0, SAMPLES)
    const [first, last] = [await this.#answers(before, encoded), await this.#answers(after, encoded)]
    return encoded.map(({ prompt }, at) => ({
      asked: prompt
        .map(chatMessage)
        .map(({ role, content }) => `${role}: ${content}`)
        .join('\n'),
      ...{ before: first[at] ?? '', after: last[at] ?? '' },
    }))
  }

  async #answers(
    parameters: ParameterValues,
    encoded: readonly { readonly ids: readonly number[] }[],
  ): Promise<readonly string[]> {
    const generator = await DecoderGenerator.load(this.#runtime, this.#config, parameters, { threads: this.#threads })
    const longest = encoded.reduce((most, { ids }) => Math.max(most, ids.length), 0)
    try {
      const answers = await generator.generate(
        encoded.map(({ ids }) => ids),
        { maxTokens: Math.max(1, Math.min(ANSWER_TOKENS, this.#config.maxLength - longest)) },
      )
      return answers.map(({ ids }) => this.#tokenizer.decode(ids))
    } finally {
      await generator.dispose()
    }
  }
}
