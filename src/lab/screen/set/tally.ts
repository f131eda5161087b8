/** What a screen comes to: counts by verdict and by check, and the rows a reader should see first. Everything else is in `rows.jsonl`. */
import type { Reason, RowRecord, ScreenedRow } from '../row.ts'
import type { Thresholds } from '../thresholds.ts'
import type { Repetition } from './repetition.ts'

export interface CheckTally {
  readonly check: string
  readonly threshold: number
  /** Rows it looked at. */
  readonly rows: number
  readonly flagged: number
  /** Rows that no other check flagged. */
  readonly alone: number
}

export interface ShownRow {
  readonly file: string
  readonly line: number
  readonly reasons: readonly (Reason & { readonly excerpt: string })[]
}

export interface ScreenTally {
  readonly rows: number
  readonly passed: number
  readonly flagged: number
  readonly unscreened: number
  readonly checks: readonly CheckTally[]
  readonly repetition: Repetition
  /** The first flagged rows, and the first unscreened ones with their problems. */
  readonly shown: readonly ShownRow[]
  readonly problems: readonly { readonly file: string; readonly line: number; readonly problem: string }[]
  /** Rows whose bytes could not be copied to the file they belong in. */
  readonly notCopied: number
}

/** Rows shown of each kind. */
const SHOWN = 100

export class Tally {
  notCopied = 0
  readonly #thresholds: Thresholds
  readonly #counts = { pass: 0, flag: 0, unscreened: 0 }
  readonly #checks = new Map<string, { rows: number; flagged: number; alone: number }>()
  readonly #shown: ShownRow[] = []
  readonly #problems: ScreenTally['problems'][number][] = []

  constructor(thresholds: Thresholds) {
    this.#thresholds = thresholds
  }

  add({ file, line, verdict, reasons, problem, scores }: ScreenedRow, { places = {} }: RowRecord): void {
    this.#counts[verdict] += 1
    for (const check of Object.keys(scores)) this.#of(check).rows += 1
    for (const { check } of reasons) this.#of(check).flagged += 1
    const [first] = reasons
    if (reasons.length === 1 && first !== undefined) this.#of(first.check).alone += 1
    if (verdict === 'flag' && this.#shown.length < SHOWN)
      this.#shown.push({
        ...{ file, line },
        reasons: reasons.map((reason) => ({ ...reason, excerpt: places[reason.check]?.excerpt ?? '' })),
      })
    if (problem !== undefined && this.#problems.length < SHOWN) this.#problems.push({ file, line, problem })
  }

  result(repetition: Repetition): ScreenTally {
    const { pass, flag, unscreened } = this.#counts
    return {
      ...{ rows: pass + flag + unscreened, passed: pass, flagged: flag, unscreened },
      checks: [...this.#checks]
        .map(([check, counts]) => ({
          check,
          threshold: this.#thresholds[check] ?? Number.POSITIVE_INFINITY,
          ...counts,
        }))
        .toSorted((left, right) => right.flagged - left.flagged || (left.check < right.check ? -1 : 1)),
      ...{ repetition, shown: this.#shown, problems: this.#problems, notCopied: this.notCopied },
    }
  }

  #of(check: string): { rows: number; flagged: number; alone: number } {
    const known = this.#checks.get(check)
    if (known !== undefined) return known
    const fresh = { rows: 0, flagged: 0, alone: 0 }
    this.#checks.set(check, fresh)
    return fresh
  }
}
