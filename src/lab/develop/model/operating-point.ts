/**
 * Where a score means off topic, from scores that no taught sample has a part in, and what is promised of it.
 *
 * With n different requests that the scoring network was not taught, of which k lie above a line, a further one lies above it with a
 * probability of (k + 1) / (n + 1) at most, if it is like them (conformal risk control: Angelopoulos et al. 2022, arXiv 2208.02814, eq. 4,
 * the loss of a text being the share of its dressings that are flagged). The line is the lowest that keeps this to what is allowed, or
 * stricter where F1 is best there. The bound beside it is Clopper & Pearson's (1934).
 *
 * Greetings and bare names of topics are left out of the promise: they are easy, and would make it too good. Nothing here can promise
 * anything of users who ask what no example resembles.
 */
import { rowsNeeded } from '../../eval/conformal.ts'
import { clopperPearsonUpper } from '../../eval/metrics/binomial.ts'
import { calibrate } from '../../train/calibrate.ts'
import { bestThreshold } from '../measure/baselines.ts'
import type { Slice } from '../sample.ts'

/** A sample's logit by a network that was taught neither its text nor its system prompt. */
export interface ScoredSample {
  readonly label: 0 | 1
  readonly logit: number
  /** Equal for dressings of one text. */
  readonly text: string
  readonly slice: Slice
}

export interface FalseAlarmPromise {
  /** Different on-topic requests it rests on. */
  readonly texts: number
  /** Of them flagged, each counted by the share of its dressings that are: not always a whole number. */
  readonly flagged: number
  /** At most this share of further requests is flagged in expectation. */
  readonly expected: number
  /** With 95 % confidence, at most this share. */
  readonly upper: number
  /** Whether there are enough texts to promise what was allowed. */
  readonly kept: boolean
}

export interface OperatingChoice {
  readonly calibration: { readonly slope: number; readonly intercept: number }
  readonly promise: FalseAlarmPromise
}

/** One-sided: the bound is wrong once in twenty. */
const ALPHA = 0.05
const NUDGE = 1e-6
const COUNTED: ReadonlySet<Slice> = new Set(['request', 'edge'])

/** Different texts without which a share cannot be promised at all. */
export function textsFor(allowed: number): number {
  return allowed <= 0 ? Infinity : rowsNeeded({ control: 'false_positive_rate', alpha: allowed, delta: null })
}

/** `threshold` is the probability above which the guard flags; the calibration is for one half. */
export function chooseOperatingPoint(
  scored: readonly ScoredSample[],
  allowed: number,
  threshold: number,
): OperatingChoice {
  const asked = requestsOf(scored)
  const lines = [...new Set([...asked.values()].flat())].toSorted((one, other) => one - other)
  const lowest = lines.find((line) => expectedShare(asked, line) <= allowed) ?? lines.at(-1) ?? 0
  const rows = scored.map(({ label, logit }) => ({ label, score: logit }))
  const line = Math.max(lowest, bestThreshold(rows)) + NUDGE
  // Moved so that the line lies at 0, where `calibrate` leaves it: texts count alike, however many dressings they have.
  const { slope, intercept } = calibrate(
    scored.map(({ label, logit, text }) => ({ label, logit: logit - line, set: text })),
    {},
  )
  const calibration = { slope, intercept: intercept - slope * line }
  const edge = (Math.log(threshold / (1 - threshold)) - calibration.intercept) / slope
  const flagged = flaggedTexts(asked, edge)
  const expected = expectedShare(asked, edge)
  return {
    calibration,
    promise: {
      ...{ texts: asked.size, flagged, expected },
      upper: clopperPearsonUpper(Math.min(asked.size, Math.ceil(flagged - 1e-9)), asked.size, ALPHA),
      kept: expected <= allowed,
    },
  }
}

/** Logits of on-topic requests by text; of all on-topic samples where there is no request. */
function requestsOf(scored: readonly ScoredSample[]): ReadonlyMap<string, readonly number[]> {
  const onTopic = scored.filter(({ label }) => label === 0)
  const counted = onTopic.filter(({ slice }) => COUNTED.has(slice))
  return grouped(counted.length === 0 ? onTopic : counted)
}

function grouped(samples: readonly ScoredSample[]): ReadonlyMap<string, readonly number[]> {
  const texts = new Map<string, number[]>()
  for (const { text, logit } of samples) {
    const known = texts.get(text)
    if (known === undefined) texts.set(text, [logit])
    else known.push(logit)
  }
  return texts
}

function flaggedTexts(asked: ReadonlyMap<string, readonly number[]>, line: number): number {
  let sum = 0
  for (const logits of asked.values()) sum += logits.filter((logit) => logit > line).length / logits.length
  return sum
}

function expectedShare(asked: ReadonlyMap<string, readonly number[]>, line: number): number {
  return (flaggedTexts(asked, line) + 1) / (asked.size + 1)
}
