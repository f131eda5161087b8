/** Ranking metrics of scores against binary labels. Ties count as one step, so a constant score gets exactly the base rate. */

/** Area under the precision-recall curve as average precision. */
export function averagePrecision(labels: readonly number[], scores: readonly number[]): number {
  const order = labels.map((_, index) => index).toSorted((left, right) => (scores[right] ?? 0) - (scores[left] ?? 0))
  const positives = labels.reduce((sum, label) => sum + label, 0)
  if (positives === 0) return Number.NaN
  let hits = 0
  let area = 0
  for (let from = 0; from < order.length;) {
    let to = from
    let found = 0
    while (to < order.length && scores[order[to] ?? 0] === scores[order[from] ?? 0])
      found += labels[order[to++] ?? 0] ?? 0
    hits += found
    area += (found / positives) * (hits / to)
    from = to
  }
  return area
}

/** Area under the ROC curve. */
export function areaUnderRoc(labels: readonly number[], scores: readonly number[]): number {
  const order = labels.map((_, index) => index).toSorted((left, right) => (scores[left] ?? 0) - (scores[right] ?? 0))
  const positives = labels.reduce((sum, label) => sum + label, 0)
  const negatives = labels.length - positives
  let rankSum = 0
  for (let from = 0; from < order.length;) {
    let to = from
    let found = 0
    while (to < order.length && scores[order[to] ?? 0] === scores[order[from] ?? 0])
      found += labels[order[to++] ?? 0] ?? 0
    rankSum += found * ((from + 1 + to) / 2)
    from = to
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

export interface Confusion {
  readonly precision: number
  readonly recall: number
  readonly f1: number
  readonly falsePositiveRate: number
}

/** Counts at a threshold; a score above it is positive. */
export function confusionAt(labels: readonly number[], scores: readonly number[], threshold: number): Confusion {
  let truePositives = 0
  let falsePositives = 0
  let positives = 0
  labels.forEach((label, index) => {
    positives += label
    if ((scores[index] ?? 0) > threshold) {
      if (label === 1) truePositives++
      else falsePositives++
    }
  })
  const precision = truePositives / Math.max(1, truePositives + falsePositives)
  const recall = truePositives / Math.max(1, positives)
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall)
  return { precision, recall, f1, falsePositiveRate: falsePositives / Math.max(1, labels.length - positives) }
}
