/**
 * A guard judges rows in this process, in a format of the run time: the same prompt text, greedy, the same parser. For measuring and for
 * mining; serving is an engine's matter.
 */
import type { JudgeFormat, JudgeReading } from '../../../guards/judge/index.ts'
import { DecoderGenerator, type GeneratedTokens } from '../../../nn/decoder/generator.ts'
import type { SamplingOptions } from '../../../nn/decoder/sampling.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { type GuardTask, type GuardedRow, judgeInputOf } from '../rows/guarded-row.ts'
import { type Guard, endTokens } from './small-guard.ts'

export interface JudgedRow {
  readonly id: string
  readonly reading: JudgeReading
  /** Probability of the positive class of each task that could be read; see `labelScore`. */
  readonly scores: Readonly<Partial<Record<GuardTask, number>>>
  readonly text: string
  readonly promptTokens: number
  readonly answerTokens: number
}

export interface JudgeRowsOptions {
  readonly runtime: OnnxRuntime
  readonly format: JudgeFormat
  /** Longest answer, in tokens. */
  readonly maxTokens: number
  readonly batch?: number
  readonly threads?: number
  /** The guard's, loaded before and disposed of by who gives it; one of the call's own if absent. */
  readonly generator?: DecoderGenerator
  readonly signal?: AbortSignal
}

/** In the order of the rows. Rows that leave no room for an answer are judged with what room there is, and fail as unparsable. */
export async function judgeGuardedRows(
  guard: Guard,
  rows: readonly GuardedRow[],
  options: JudgeRowsOptions,
): Promise<readonly JudgedRow[]> {
  const { format } = options
  const asked = rows.map((row) => format.ask(judgeInputOf(row)))
  const answers = await generated(
    guard,
    asked.map(({ request }) => request.completion ?? ''),
    options,
  )
  return rows.map(({ id }, at) => {
    const call = asked[at] as (typeof asked)[number]
    const { answer, promptTokens } = answers[at] as Answered
    const text = guard.tokenizer.decode(answer.ids)
    const finished = answer.end === 'stop' || call.labelLast !== true
    const reading: JudgeReading = finished ? call.parse(text) : { kind: 'unparsable', reason: 'unfinished', text }
    return {
      ...{ id, reading, text, promptTokens, answerTokens: answer.ids.length },
      scores: scoresOf(reading, answer, guard, call.labelLast === true),
    }
  })
}

/** k outputs a row, for mining. `seed` decides all of them. */
export async function sampleRows(
  guard: Guard,
  prompts: readonly string[],
  options: Omit<JudgeRowsOptions, 'format'> & {
    readonly samples: number
    readonly sampling: SamplingOptions
    readonly seed: number
  },
): Promise<readonly (readonly string[])[]> {
  const { samples } = options
  const repeated = prompts.flatMap((prompt) => Array.from({ length: samples }, () => prompt))
  const answers = await generated(guard, repeated, options)
  return prompts.map((_, at) =>
    answers.slice(at * samples, (at + 1) * samples).map(({ answer }) => guard.tokenizer.decode(answer.ids)),
  )
}

interface Answered {
  readonly answer: GeneratedTokens
  readonly promptTokens: number
}

async function generated(
  guard: Guard,
  prompts: readonly string[],
  options: Pick<JudgeRowsOptions, 'runtime' | 'maxTokens' | 'batch' | 'threads' | 'generator' | 'signal'> & {
    readonly sampling?: SamplingOptions
    readonly seed?: number
  },
): Promise<readonly Answered[]> {
  const { runtime, maxTokens, batch = 32, threads = 1, signal, sampling, seed } = options
  const { config, parameters, tokenizer } = guard
  const room = config.maxLength - maxTokens
  // The end of a prompt says what is asked, so what does not fit is lost at its beginning.
  const ids = prompts.map((prompt) => tokenizer.encode(prompt, { special: true }).slice(-room))
  const generator = options.generator ?? (await DecoderGenerator.load(runtime, config, parameters, { threads }))
  try {
    const answers = await generator.generate(ids, {
      ...{ maxTokens, batch, stopTokens: endTokens(guard) },
      ...(sampling === undefined ? {} : { sampling }),
      ...(seed === undefined ? {} : { seed }),
      ...(signal === undefined ? {} : { signal }),
    })
    return answers.map((answer, at) => ({ answer, promptTokens: ids[at]?.length ?? 0 }))
  } finally {
    if (options.generator === undefined) await generator.dispose()
  }
}

const KEY_OF: Readonly<Record<GuardTask, RegExp>> = {
  prompt_harm: /Request:\s*$/i,
  refusal: /Completion:\s*$/i,
  response_harm: /Response:\s*$/i,
}

function scoresOf(
  reading: JudgeReading,
  answer: GeneratedTokens,
  guard: Guard,
  labelLast: boolean,
): Readonly<Partial<Record<GuardTask, number>>> {
  if (reading.kind === 'unparsable') return {}
  const pieces = answer.ids.map((id) => guard.tokenizer.decode([id]))
  const scores: Partial<Record<GuardTask, number>> = {}
  for (const [task, label] of Object.entries(reading.labels) as [GuardTask, boolean | null][]) {
    if (label === null) continue
    const at = labelLast ? placeAfter(pieces, KEY_OF[task]) : pieces.findIndex((piece) => piece.trim() !== '')
    const said = answer.logProbabilities[at]
    if (said !== undefined) scores[task] = labelScore(label, said)
  }
  return scores
}

/**
 * P(positive) from the probability of the first token of the label that was said: that, or what it leaves. Exact where the guard gives
 * nothing to any word but the two labels, which a trained one does to a few thousandths. Run-time engines ask for the other candidates.
 */
export function labelScore(label: boolean, logProbability: number): number {
  const said = Math.exp(Math.min(0, logProbability))
  return label ? said : 1 - said
}

/** The last token before which the text ends with the key. */
function placeAfter(pieces: readonly string[], key: RegExp): number {
  let text = ''
  let found = -1
  for (const [at, piece] of pieces.entries()) {
    if (piece.trim() !== '' && key.test(text)) found = at
    text = (text + piece).slice(-200)
  }
  return found
}
