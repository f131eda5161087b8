/**
 * Safe share, helpfulness, over-refusal and cost of several arms on the same requests, in the manner of PrimeGuard's safe-eval (arXiv
 * 2407.16318): unsafe requests plain and under attacks, benign ones in several sets. Judges are handed in; it knows no model.
 */
import { ParapetError } from '../../../spec/index.ts'
import { createRandom } from '../../../nn/random.ts'
import { exactInterval, type Interval } from '../metrics/binomial.ts'
import type { Arm, ArmAnswer } from './arm.ts'

export interface SafeEvalRow {
  readonly id: string
  /** Requests that share words or an origin share it; differences are resampled by it. */
  readonly unit: string
  /** Set of benign requests, or name of the attack on an unsafe one (`none` without). */
  readonly group: string
  readonly unsafe: boolean
  readonly request: string
}

/** What is said of an answer. Only `helpfulness` may need a model. */
export interface SafeEvalJudges {
  /** Of an unsafe request: the answer does not carry it out. */
  safe(row: SafeEvalRow, answer: string): boolean
  refused(row: SafeEvalRow, answer: string): boolean
  /** Of a benign request, 0 … 1. */
  helpfulness(row: SafeEvalRow, answer: string): number | Promise<number>
}

export interface Share {
  readonly rows: number
  readonly hits: number
  /** Clopper-Pearson 95 %; rows under several attacks share words, so that of all of them together is a little too narrow. */
  readonly interval: Interval | null
}

export interface Mean {
  readonly rows: number
  /** 0 without rows. */
  readonly mean: number
  /** Percentile bootstrap over units, 95 %. */
  readonly interval: Interval | null
}

export interface RouteCost {
  readonly rows: number
  /** Of one request, on average. */
  readonly calls: number
  readonly promptTokens: number
  readonly answerTokens: number
}

export interface ArmReport {
  readonly arm: string
  /** By attack, and `all`. */
  readonly safe: Readonly<Record<string, Share>>
  /** Unsafe requests answered with a refusal: what does no harm need not be one. */
  readonly refused: Share
  /** By set. */
  readonly overRefusal: Readonly<Record<string, Share>>
  /** Of benign requests. */
  readonly helpfulness: Mean
  /** By route, and `all`. */
  readonly cost: Readonly<Record<string, RouteCost>>
  /** Requests on which an answer of a model could not be read. */
  readonly unread: Share
}

/** Left minus right over the same requests. */
export interface ArmDifference {
  readonly left: string
  readonly right: string
  /** Of unsafe requests under an attack. */
  readonly safeUnderAttack: Mean
  /** Of the same: answers with a refusal. */
  readonly refusedUnderAttack: Mean
  readonly helpfulness: Mean
}

export interface SafeEvalReport {
  readonly rows: number
  readonly seed: number
  readonly arms: readonly ArmReport[]
  /** Of the last arm to each other one. */
  readonly differences: readonly ArmDifference[]
}

export interface SafeEvalOptions {
  readonly rows: readonly SafeEvalRow[]
  /** The last is compared with each of the others. */
  readonly arms: readonly Arm[]
  readonly judges: SafeEvalJudges
  readonly seed: number
  /** Default 2000. */
  readonly resamples?: number
  readonly onProgress?: (done: number, all: number) => void
}

interface Judged extends ArmAnswer {
  readonly row: SafeEvalRow
  readonly safe: boolean
  readonly refused: boolean
  readonly helpfulness: number
}

/** Rejects with `configuration` without rows or arms, and as arms and judges do. */
export async function runSafeEval(options: SafeEvalOptions): Promise<SafeEvalReport> {
  const { rows, arms, judges, seed, onProgress } = options
  if (rows.length === 0 || arms.length === 0)
    throw new ParapetError('configuration', 'There is nothing to compare. Give at least one row and one arm.')
  const judged: Judged[][] = arms.map(() => [])
  let done = 0
  for (const row of rows) {
    for (const [at, arm] of arms.entries()) {
      const answer = await arm.answer(row.request)
      judged[at]?.push({
        ...{ row, ...answer },
        safe: row.unsafe && judges.safe(row, answer.text),
        refused: judges.refused(row, answer.text),
        helpfulness: row.unsafe ? 0 : checkScore(await judges.helpfulness(row, answer.text)),
      })
    }
    onProgress?.((done += 1), rows.length)
  }
  const resamples = { seed, rounds: options.resamples ?? 2000 }
  const reports = arms.map(({ name }, at) => reportOf(name, judged[at] ?? [], resamples))
  const last = judged.at(-1) ?? []
  const differences = arms.slice(0, -1).map((arm, at): ArmDifference => {
    const other = judged[at] ?? []
    const difference = (of: (entry: Judged) => number, where: (row: SafeEvalRow) => boolean): Mean =>
      meanOf(
        last.flatMap((entry, index) =>
          where(entry.row) ? [{ unit: entry.row.unit, value: of(entry) - of(other[index] ?? entry) }] : [],
        ),
        resamples,
      )
    return {
      ...{ left: arms.at(-1)?.name ?? '', right: arm.name },
      safeUnderAttack: difference(
        ({ safe }) => Number(safe),
        ({ unsafe, group }) => unsafe && group !== 'none',
      ),
      refusedUnderAttack: difference(
        ({ refused }) => Number(refused),
        ({ unsafe, group }) => unsafe && group !== 'none',
      ),
      helpfulness: difference(
        ({ helpfulness }) => helpfulness,
        ({ unsafe }) => !unsafe,
      ),
    }
  })
  return { rows: rows.length, seed, arms: reports, differences }
}

function checkScore(score: number): number {
  if (score >= 0 && score <= 1) return score
  throw new ParapetError('configuration', `The judge of helpfulness said ${score}. It must say a number from 0 to 1.`)
}

function reportOf(arm: string, entries: readonly Judged[], resamples: Resamples): ArmReport {
  const unsafe = entries.filter(({ row }) => row.unsafe)
  const benign = entries.filter(({ row }) => !row.unsafe)
  const group = ({ row }: Judged): string => row.group
  return {
    arm,
    safe: {
      ...byKey(unsafe, group, (some) => share(some, ({ safe }) => safe)),
      all: share(unsafe, ({ safe }) => safe),
    },
    refused: share(unsafe, ({ refused }) => refused),
    overRefusal: byKey(benign, group, (some) => share(some, ({ refused }) => refused)),
    helpfulness: meanOf(
      benign.map(({ row, helpfulness }) => ({ unit: row.unit, value: helpfulness })),
      resamples,
    ),
    cost: {
      ...byKey(
        entries.filter(({ route }) => route !== ''),
        ({ route }) => route,
        costOf,
      ),
      all: costOf(entries),
    },
    unread: share(entries, ({ unread }) => unread),
  }
}

function byKey<T>(
  entries: readonly Judged[],
  keyOf: (entry: Judged) => string,
  of: (entries: readonly Judged[]) => T,
): Readonly<Record<string, T>> {
  const keys = [...new Set(entries.map(keyOf))]
  return Object.fromEntries(keys.map((key) => [key, of(entries.filter((entry) => keyOf(entry) === key))]))
}

function share(entries: readonly Judged[], hit: (entry: Judged) => boolean): Share {
  const hits = entries.filter(hit).length
  return { rows: entries.length, hits, interval: exactInterval(hits, entries.length) }
}

function costOf(entries: readonly Judged[]): RouteCost {
  const average = (of: (entry: Judged) => number): number =>
    entries.length === 0 ? 0 : entries.reduce((sum, entry) => sum + of(entry), 0) / entries.length
  return {
    rows: entries.length,
    calls: average(({ calls }) => calls),
    promptTokens: average(({ promptTokens }) => promptTokens),
    answerTokens: average(({ answerTokens }) => answerTokens),
  }
}

interface Resamples {
  readonly seed: number
  readonly rounds: number
}

/** Mean with the percentile bootstrap over units: whole units are drawn, as many as there are. */
function meanOf(values: readonly { readonly unit: string; readonly value: number }[], resamples: Resamples): Mean {
  const units = new Map<string, { sum: number; rows: number }>()
  for (const { unit, value } of values) {
    const known = units.get(unit) ?? { sum: 0, rows: 0 }
    units.set(unit, { sum: known.sum + value, rows: known.rows + 1 })
  }
  const list = [...units.values()]
  if (list.length === 0) return { rows: 0, mean: 0, interval: null }
  const random = createRandom(resamples.seed)
  const means = Float64Array.from({ length: resamples.rounds }, () => {
    let [sum, rows] = [0, 0]
    for (let draw = 0; draw < list.length; draw += 1) {
      const unit = list[Math.floor(random() * list.length)] ?? { sum: 0, rows: 0 }
      sum += unit.sum
      rows += unit.rows
    }
    return sum / rows
  }).toSorted()
  const [low = 0, high = 0] = [means[Math.floor(0.025 * means.length)], means[Math.ceil(0.975 * means.length) - 1]]
  const mean = values.reduce((sum, { value }) => sum + value, 0) / values.length
  return { rows: values.length, mean, interval: { low, high, method: 'bootstrap' } }
}
