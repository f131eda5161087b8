/**
 * A chat model measured on the world: greedy answers to both held-out splits, some of them to look at, and the bag of words beside them.
 * The same for a model that was just trained and for one that comes from elsewhere. It trains no decoder and writes nothing.
 */
import { parameterCount } from '../../nn/decoder/config.ts'
import { DecoderGenerator } from '../../nn/decoder/generator.ts'
import type { OnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { type TextTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../spec/errors.ts'
import type { Checkpoint } from '../checkpoints/checkpoint.ts'
import { exactInterval } from '../eval/metrics/binomial.ts'
import { trainBagOfWords } from './bag-of-words.ts'
import { type Rate, type WorldReport, scoreWorld } from './evaluate.ts'
import { checkAnswer, wantedAnswer } from './judges.ts'
import { requestText } from './request-text.ts'
import { worldRows, worldTrainingRows } from './rows.ts'
import { WORLD_KINDS, type WorldRow, type WorldSplit } from './types.ts'

export interface MeasureWorldOptions {
  readonly runtime: OnnxRuntime
  readonly tokenizer: TextTokenizer
  readonly seed: number
  /** Rows of each kind in each evaluation. */
  readonly perKind: number
  /** Training rows of the bag of words. */
  readonly bagOfWordsRows: number
  readonly signal?: AbortSignal
  readonly onProgress: (message: string) => void
}

export interface WorldSample {
  readonly kind: string
  readonly asked: string
  readonly answered: string
  readonly wanted: string
  readonly right: boolean
}

/** What `run.json` holds of any measured model. */
export interface WorldMeasurement {
  readonly formatVersion: 1
  readonly seed: number
  readonly parameters: number
  readonly evaluation: { readonly selection: WorldReport; readonly test: WorldReport }
  readonly bagOfWords: { readonly contrast: Rate; readonly nearMiss: Rate }
  readonly samples: readonly WorldSample[]
}

/** Tokens of the longest answer. */
const ANSWER_TOKENS = 70
const SAMPLES_A_KIND = 2
const MOST_BAG_OF_WORDS_ROWS = 20_000

/** Throws `input_invalid` for a model that is too short for the world's answers. */
export async function measureWorld(
  model: Pick<Checkpoint, 'config' | 'parameters'>,
  options: MeasureWorldOptions,
): Promise<WorldMeasurement> {
  const { seed, perKind, bagOfWordsRows } = options
  const selection = await measureSplit(model, options, 'selection')
  const test = await measureSplit(model, options, 'test')
  return {
    ...{ formatVersion: 1, seed, parameters: parameterCount(model.config) },
    evaluation: { selection: selection.report, test: test.report },
    bagOfWords: bagOfWords(seed, Math.min(bagOfWordsRows, MOST_BAG_OF_WORDS_ROWS), perKind),
    samples: test.samples,
  }
}

/** Accuracies and refusals as lines for a terminal. */
export function measurementLines({ evaluation: { test } }: WorldMeasurement): readonly string[] {
  const percent = ({ rate, rows }: Rate): string => `${(100 * rate).toFixed(1)} % of ${rows}`
  return [
    ...Object.entries(test.accuracy).map(([kind, rate]) => `${kind}: ${percent(rate)}`),
    `forbidden requests refused: ${percent(test.refusal)}`,
    `near-misses refused: ${percent(test.overRefusal)}`,
  ]
}

async function measureSplit(
  { config, parameters }: Pick<Checkpoint, 'config' | 'parameters'>,
  { runtime, tokenizer, perKind, seed, signal, onProgress }: MeasureWorldOptions,
  split: WorldSplit,
): Promise<{ readonly report: WorldReport; readonly samples: readonly WorldSample[] }> {
  const room = config.maxLength - ANSWER_TOKENS
  if (room < 1)
    throw new ParapetError(
      'input_invalid',
      `The model takes ${config.maxLength} tokens; the answers of the world alone may have ${ANSWER_TOKENS}.`,
    )
  onProgress(`measuring on ${split}`)
  const counts = Object.fromEntries(WORLD_KINDS.map((kind) => [kind, perKind]))
  const rows = [...worldRows({ split, seed, counts })]
  const generator = await DecoderGenerator.load(runtime, config, parameters)
  try {
    const prompts = rows.map(({ messages }) =>
      // What is too long for the model is answered from its end: a row that may not be left out, and is then mostly wrong.
      tokenizer.encodeChat(messages.slice(0, -1), { addGenerationPrompt: true }).slice(-room),
    )
    const generated = await generator.generate(prompts, {
      maxTokens: ANSWER_TOKENS,
      stopTokens: config.endTokens ?? (tokenizer.endToken === undefined ? [] : [tokenizer.endToken]),
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

function bagOfWords(seed: number, count: number, perKind: number): WorldMeasurement['bagOfWords'] {
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
