/**
 * Figures of a trained encoder on held-out rows: each head ranked and judged, float32 beside int8.
 *
 * They are for the trainer: the same rows calibrate, and translations of them may have been learnt from. Results to publish come from
 * `../../eval/` and development sets.
 */
import type { GuardEncoderData } from '../../../nn/encoder/guard-encoder.ts'
import { countDecisions, decisionMetrics } from '../../eval/metrics/decisions.ts'
import { type RankingMetrics, rankingMetrics } from '../../eval/metrics/ranking.ts'
import type { Example } from '../examples.ts'

export interface HeadFigures {
  readonly head: string
  readonly positives: number
  readonly negatives: number
  readonly float32: RankingMetrics
  readonly int8: RankingMetrics
  /** Of the int8 model with its calibration, at probability 0.5. */
  readonly f1: number | null
  readonly falsePositiveRate: number | null
  /** Largest difference of a logit between both. */
  readonly largestDifference: number
}

/** Logits are [heads] for each example. Figures that a head has no rows for are null. */
export function headFigures(
  { heads, calibration }: Pick<GuardEncoderData, 'heads' | 'calibration'>,
  examples: readonly Example[],
  float32: readonly Float32Array[],
  int8: readonly Float32Array[],
): readonly HeadFigures[] {
  return heads.map((head, column) => {
    const rows = examples.flatMap(({ targets, language = '*' }, index) => {
      const label = targets[head]
      const [exact, small] = [float32[index]?.[column] ?? Number.NaN, int8[index]?.[column] ?? Number.NaN]
      return label === undefined ? [] : [{ label, language, exact, small }]
    })
    const own = calibration[head] ?? {}
    const decisions = rows.map(({ label, language, small }) => {
      const { scale, bias } = own[language] ?? own['*'] ?? { scale: 1, bias: 0 }
      // A logit above 0 is a probability above 0.5.
      return { label, flagged: scale * small + bias > 0 }
    })
    const { f1, falsePositiveRate } = decisionMetrics(countDecisions(decisions))
    const positives = rows.filter(({ label }) => label === 1).length
    return {
      ...{ head, positives, negatives: rows.length - positives, f1, falsePositiveRate },
      float32: rankingMetrics(rows.map(({ label, exact }) => ({ label, score: exact }))),
      int8: rankingMetrics(rows.map(({ label, small }) => ({ label, score: small }))),
      largestDifference: rows.reduce((most, { exact, small }) => Math.max(most, Math.abs(exact - small)), 0),
    }
  })
}

/** Markdown table, in percent. */
export function figureLines(figures: readonly HeadFigures[]): readonly string[] {
  const percent = (value: number | null): string => (value === null ? '–' : (100 * value).toFixed(1))
  return [
    '| head | positive | negative | AUPRC float32 | AUPRC int8 | AUROC float32 | AUROC int8 | F1 at 0.5 | FPR | largest difference |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...figures.map(({ head, positives, negatives, float32, int8, f1, falsePositiveRate, largestDifference }) => {
      const cells = [
        ...[head, String(positives), String(negatives)],
        ...[percent(float32.averagePrecision), percent(int8.averagePrecision)],
        ...[percent(float32.areaUnderRoc), percent(int8.areaUnderRoc)],
        ...[percent(f1), percent(falsePositiveRate)],
        largestDifference.toFixed(2),
      ]
      return `| ${cells.join(' | ')} |`
    }),
  ]
}
