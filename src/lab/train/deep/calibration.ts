/**
 * Makes logits probabilities: Platt's fit of scale and bias (Platt 1999, "Probabilistic outputs for support vector machines", §2.2,
 * with its smoothed targets) for each head, and for each language with enough held-out rows.
 *
 * `../calibrate.ts` is for the fast tier: it puts 0.5 at a wanted rate of false alarms, which is a threshold and no probability.
 */
import type { HeadCalibration } from '../../../nn/encoder/guard-encoder.ts'

export interface LabelledLogit {
  readonly logit: number
  readonly label: 0 | 1
  readonly weight: number
  readonly language?: string | undefined
}

/** Rows of either label from which a head, or a language of it, has a fit of its own. */
const ENOUGH_FOR_HEAD = 20
const ENOUGH_FOR_LANGUAGE = 100
/** A head that separates nothing stays soft and keeps its direction; one that separates its few rows perfectly stays finite. */
const SCALES = [0.05, 5] as const
const ROUNDS = 100

/** Calibration by language, `*` for all others. A head with too few rows of either label is left as it is. */
export function calibrationByLanguage(rows: readonly LabelledLogit[]): Readonly<Record<string, HeadCalibration>> {
  const languages = [...new Set(rows.flatMap(({ language }) => language ?? []))].toSorted()
  const own = languages.flatMap((language): [string, HeadCalibration][] => {
    const some = rows.filter((row) => row.language === language)
    return hasBoth(some, ENOUGH_FOR_LANGUAGE) ? [[language, plattFit(some)]] : []
  })
  const all = hasBoth(rows, ENOUGH_FOR_HEAD) ? plattFit(rows) : { scale: 1, bias: 0 }
  return { '*': all, ...Object.fromEntries(own) }
}

function hasBoth(rows: readonly LabelledLogit[], least: number): boolean {
  const positives = rows.filter(({ label }) => label === 1).length
  return positives >= least && rows.length - positives >= least
}

/** Scale and bias of least weighted cross-entropy, the scale kept within bounds. */
export function plattFit(rows: readonly LabelledLogit[]): HeadCalibration {
  const positives = rows.filter(({ label }) => label === 1).length
  const targets = { 1: (positives + 1) / (positives + 2), 0: 1 / (rows.length - positives + 2) }
  const points = rows.map(({ logit, label, weight }) => ({ logit, weight, target: targets[label] }))
  const free = minimise(points, { scale: 1, bias: 0 }, true)
  const scale = Math.min(SCALES[1], Math.max(SCALES[0], free.scale))
  return scale === free.scale ? free : minimise(points, { scale, bias: 0 }, false)
}

interface Point {
  readonly logit: number
  readonly target: number
  readonly weight: number
}

/** Newton's method with halved steps, as Lin, Lin & Weng 2007 ("A note on Platt's probabilistic outputs", §3) advise. */
function minimise(points: readonly Point[], start: HeadCalibration, withScale: boolean): HeadCalibration {
  let [at, loss] = [start, lossAt(points, start)]
  for (let round = 0; round < ROUNDS; round += 1) {
    const step = newtonStep(points, at, withScale)
    let next = at
    let nextLoss = Infinity
    for (let part = 1; part > 1e-6 && nextLoss >= loss; part /= 2) {
      next = { scale: at.scale + part * step.scale, bias: at.bias + part * step.bias }
      nextLoss = lossAt(points, next)
    }
    if (!(nextLoss < loss - 1e-12)) return at
    ;[at, loss] = [next, nextLoss]
  }
  return at
}

function lossAt(points: readonly Point[], { scale, bias }: HeadCalibration): number {
  return points.reduce((sum, { logit, target, weight }) => {
    const z = scale * logit + bias
    return sum + weight * (Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z))) - target * z)
  }, 0)
}

function newtonStep(points: readonly Point[], at: HeadCalibration, withScale: boolean): HeadCalibration {
  // A little ridge keeps the matrix invertible when all logits are equal.
  let [a, b, scaleTwice, ab, biasTwice] = [0, 0, 1e-9, 0, 1e-9]
  for (const { logit, target, weight } of points) {
    const probability = 1 / (1 + Math.exp(-(at.scale * logit + at.bias)))
    const slope = weight * (probability - target)
    const curvature = weight * probability * (1 - probability)
    a += slope * logit
    b += slope
    scaleTwice += curvature * logit * logit
    ab += curvature * logit
    biasTwice += curvature
  }
  if (!withScale) return { scale: 0, bias: -b / biasTwice }
  const determinant = scaleTwice * biasTwice - ab * ab
  return { scale: -(biasTwice * a - ab * b) / determinant, bias: -(scaleTwice * b - ab * a) / determinant }
}
