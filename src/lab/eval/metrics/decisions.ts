/**
 * What follows from yes-or-no decisions: the four counts and the rates made of them.
 *
 * A rate whose denominator is empty is null, never 0 and never NaN: a set without negatives has no false-positive rate.
 */

/** Counts of decisions against labels. */
export interface Confusion {
  readonly truePositives: number
  readonly falsePositives: number
  readonly falseNegatives: number
  readonly trueNegatives: number
}

/** Rates, each 0…1 or null where it is not defined. */
export interface DecisionMetrics {
  readonly precision: number | null
  readonly recall: number | null
  /** 2·TP / (2·TP + FP + FN); null where the set has no positives. */
  readonly f1: number | null
  /** FP / (FP + TN). */
  readonly falsePositiveRate: number | null
  readonly accuracy: number | null
}

/** Counts over rows; `flagged` is the decision. */
export function countDecisions(rows: Iterable<{ readonly label: 0 | 1; readonly flagged: boolean }>): Confusion {
  const counts = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 }
  for (const { label, flagged } of rows) {
    if (label === 1) counts[flagged ? 'truePositives' : 'falseNegatives']++
    else counts[flagged ? 'falsePositives' : 'trueNegatives']++
  }
  return counts
}

/** The rates of some counts. */
export function decisionMetrics(counts: Confusion): DecisionMetrics {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = counts
  const positives = truePositives + falseNegatives
  const negatives = falsePositives + trueNegatives
  return {
    precision: ratio(truePositives, truePositives + falsePositives),
    recall: ratio(truePositives, positives),
    f1: positives === 0 ? null : ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
    falsePositiveRate: ratio(falsePositives, negatives),
    accuracy: ratio(truePositives + trueNegatives, positives + negatives),
  }
}

/** A share, null of nothing. */
export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}
