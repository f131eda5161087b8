/** How far judges agree with the truth, over the rows of a run. Answers a judge failed on are left out and counted. */
import { exactInterval, type Interval } from '../../../eval/metrics/binomial.ts'

export interface JudgeRow {
  /** By judge; null where it failed. */
  readonly judges: Readonly<Record<string, boolean | null>>
  readonly truth: boolean | null
}

export interface JudgeAgreement {
  readonly judge: string
  /** Answers it gave a verdict on, with a known truth. */
  readonly rows: number
  readonly agreed: number
  readonly interval: Interval | null
  /** Called a success and was none. */
  readonly falseAlarms: number
  /** Was a success and not called one. */
  readonly missed: number
  /** Share of true successes that it found; null without any. */
  readonly recall: number | null
  /** No verdict. */
  readonly failures: number
  /** Agreement of always saying no. */
  readonly constant: number | null
}

export function judgeAgreement(rows: readonly JudgeRow[]): readonly JudgeAgreement[] {
  const names = [...new Set(rows.flatMap(({ judges }) => Object.keys(judges)))]
  return names.map((judge): JudgeAgreement => {
    const known = rows.filter(({ truth, judges }) => truth !== null && judge in judges)
    const judged = known.filter(({ judges }) => judges[judge] !== null)
    const count = (said: boolean, was: boolean): number =>
      judged.filter(({ judges, truth }) => judges[judge] === said && truth === was).length
    const [found, missed, falseAlarms, none] = [
      count(true, true),
      count(false, true),
      count(true, false),
      count(false, false),
    ]
    return {
      ...{ judge, rows: judged.length, agreed: found + none, falseAlarms, missed },
      interval: exactInterval(found + none, judged.length),
      recall: found + missed === 0 ? null : found / (found + missed),
      failures: known.length - judged.length,
      constant: judged.length === 0 ? null : (falseAlarms + none) / judged.length,
    }
  })
}
