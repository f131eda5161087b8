/** Measures one guard in one format on sets: figures, what a verdict costs, and how many of its critiques hold. It chooses no threshold: the guard's own word decides. */
import { type JudgeFormat, judgeFormat } from '../../../guards/judge/index.ts'
import type { CritiqueReading } from '../../../guards/judge/index.ts'
import { DecoderGenerator } from '../../../nn/decoder/generator.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { END_OF_TURN } from '../examples/training-example.ts'
import { judgeGuardedRows, sampleRows } from '../guard/judge-rows.ts'
import type { Guard } from '../guard/small-guard.ts'
import { type GuardedRow, judgeInputOf } from '../rows/guarded-row.ts'
import { type FigureOptions, type MeasuredSet, type SetFigures, opinionOf, setFigures } from './figures.ts'

export const GUARD_FORMATS = ['thinkguard', 'guardreasoner'] as const
export type GuardFormatName = (typeof GUARD_FORMATS)[number]

/** Longest answer measured, in tokens: a label, or reasoning and labels. */
export const ANSWER_TOKENS: Readonly<Record<GuardFormatName, number>> = { thinkguard: 12, guardreasoner: 200 }
/** Longest critique asked for. */
const CRITIQUE_TOKENS = 80
/** Rows timed one at a time, and rows whose critique is asked for. */
const TIMED = 12
const CRITIQUED = 48

export interface VerdictCost {
  /** Means over all measured rows. */
  readonly promptTokens: number
  readonly answerTokens: number
  /** Of processor time: median of rows judged one at a time at one thread, in this process, the model loaded before. */
  readonly milliseconds: number
}

/** Critiques of labels that the guard gave itself. */
export interface CritiqueFigures {
  readonly asked: number
  /** Restate the opposite label. */
  readonly contradicts: number
  /** Quote what is not in the text. */
  readonly invented: number
  /** Name none of the clauses of the label. */
  readonly silent: number
  readonly meanTokens: number
}

export interface GuardFigures {
  readonly sets: readonly SetFigures[]
  readonly cost: VerdictCost
  /** Of formats with a second turn. */
  readonly critiques: CritiqueFigures | null
}

export interface MeasureGuardOptions extends FigureOptions {
  readonly runtime: OnnxRuntime
  readonly format: GuardFormatName
  readonly sets: readonly MeasuredSet[]
  /** Whether it was taught critiques. */
  readonly critiques: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (message: string) => void
}

export async function measureGuard(guard: Guard, options: MeasureGuardOptions): Promise<GuardFigures> {
  const { runtime, sets, signal } = options
  const format = judgeFormat(options.format)
  const maxTokens = Math.min(ANSWER_TOKENS[options.format], Math.floor(guard.config.maxLength / 2))
  const generator = await DecoderGenerator.load(runtime, guard.config, guard.parameters)
  const judging = { runtime, format, maxTokens, generator, ...(signal === undefined ? {} : { signal }) }
  const some = sets.flatMap((set) => set.rows)
  try {
    const { figures, promptTokens, answerTokens } = await setsFigures(guard, options, judging)
    return {
      sets: figures,
      cost: { promptTokens, answerTokens, milliseconds: await timed(guard, some.slice(0, TIMED), judging) },
      critiques: options.critiques ? await critiqueFigures(guard, spread(some, CRITIQUED), format, judging) : null,
    }
  } finally {
    await generator.dispose()
  }
}

async function setsFigures(
  guard: Guard,
  options: MeasureGuardOptions,
  judging: Judging,
): Promise<{ readonly figures: readonly SetFigures[]; readonly promptTokens: number; readonly answerTokens: number }> {
  const figures: SetFigures[] = []
  let [rows, promptTokens, answerTokens] = [0, 0, 0]
  for (const set of options.sets) {
    const judged = await judgeGuardedRows(guard, set.rows, judging)
    rows += judged.length
    for (const one of judged) {
      promptTokens += one.promptTokens
      answerTokens += one.answerTokens
    }
    const opinions = judged.map((one) => opinionOf(one, set.task))
    figures.push(setFigures(set, opinions, options))
    options.onProgress?.(`${set.name}, ${set.task}: ${set.rows.length} rows`)
  }
  const mean = (sum: number): number => sum / Math.max(1, rows)
  return { figures, promptTokens: mean(promptTokens), answerTokens: mean(answerTokens) }
}

type Judging = Parameters<typeof judgeGuardedRows>[2]

/** Processor time, because others may use the machine. The first row is asked twice: once to warm up. */
async function timed(guard: Guard, rows: readonly GuardedRow[], judging: Judging): Promise<number> {
  const times: number[] = []
  await judgeGuardedRows(guard, rows.slice(0, 1), judging)
  for (const row of rows) {
    const before = process.cpuUsage()
    await judgeGuardedRows(guard, [row], judging)
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / 1000)
  }
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0
}

function spread<Row>(rows: readonly Row[], count: number): readonly Row[] {
  const step = Math.max(1, Math.floor(rows.length / count))
  return rows.filter((_, at) => at % step === 0).slice(0, count)
}

async function critiqueFigures(
  guard: Guard,
  rows: readonly GuardedRow[],
  format: JudgeFormat,
  judging: Judging,
): Promise<CritiqueFigures> {
  const judged = await judgeGuardedRows(guard, rows, judging)
  const asked = judged.flatMap(({ reading }, at) => {
    const later = format.ask(judgeInputOf(rows[at] as GuardedRow)).later
    return reading.kind === 'unparsable' || later === undefined ? [] : [{ reading, later }]
  })
  const prompts = asked.map(({ reading, later }) => later.request(reading).completion ?? '')
  const texts = await sampleRows(guard, prompts, {
    ...judging,
    maxTokens: CRITIQUE_TOKENS,
    samples: 1,
    sampling: { temperature: 0 },
    seed: 0,
  })
  const read = asked.map(({ reading, later }, at): CritiqueReading =>
    later.read((texts[at]?.[0] ?? '').replaceAll(END_OF_TURN, ''), reading),
  )
  const count = (holds: (one: CritiqueReading) => boolean): number => read.filter(holds).length
  return {
    asked: read.length,
    contradicts: count(({ contradicts }) => contradicts),
    invented: count(({ invented }) => invented.length > 0),
    silent: count(({ silent }) => silent),
    meanTokens:
      texts.reduce((sum, [text = '']) => sum + guard.tokenizer.encode(text).length, 0) / Math.max(1, texts.length),
  }
}
