/**
 * Calibration of a head by language: no language is flagged or waved through as such.
 *
 * A language whose held-out rows of both labels are enough gets its own slope and threshold, the latter never so low that a larger share
 * of its harmless rows is flagged than of all held-out ones; one with enough harmless rows only keeps the general slope, and its threshold
 * moves to where that share is the same. A threshold rises by a stated bound at most and never falls. English and German keep the general one: see
 * `GENERAL`.
 */
import type { Calibration } from '../../nn/embedded-model.ts'
import { calibrate, type CalibrationRow } from './calibrate.ts'
import { HELD_OUT_SET } from './training-set.ts'

export interface SpokenRow extends CalibrationRow {
  /** As the engine decides it; null where that is unclear. */
  readonly language: string | null
}

/**
 * General calibrations are fitted on sets that are nearly all English. German is flagged less often than English by them, and one of its
 * own, fitted on tweets, cost 4 points of F1 on development sets.
 */
const GENERAL: readonly string[] = ['en', 'de']
/** Held-out rows of either label from which a language has a calibration of its own. */
const ENOUGH = 60
/** Harmless rows that should lie above a threshold that is found by them alone. */
const LEAST_FLAGGED = 5
/**
 * The most by which a threshold moves, in units of the general calibration's log odds: a text at a language's own threshold has a
 * general score of .5 to .73, so that rows unlike what users write turn no language off. It does not fall: lower ones, fitted for
 * Korean and Chinese, flagged still more of their harmless texts on development sets, which are unlike the few kinds held out.
 */
export const LARGEST_SHIFT = 1

/** By language, from the held-out rows of one output; other rows have no say. Scores keep their order within a language. */
export function calibrateLanguages(
  rows: readonly SpokenRow[],
  general: Calibration,
): Readonly<Record<string, Calibration>> {
  const held = rows.filter(({ set }) => set.startsWith(HELD_OUT_SET))
  const harmless = held.filter(({ label }) => label === 0)
  if (harmless.length === 0) return {}
  const threshold = -general.intercept / general.slope
  const flagged = harmless.filter(({ logit }) => logit > threshold).length / harmless.length
  const languages = new Set(
    held.flatMap(({ language }) => (language === null || GENERAL.includes(language) ? [] : [language])),
  )
  return Object.fromEntries(
    [...languages].toSorted().flatMap((language): [string, Calibration][] => {
      const some = held.filter((row) => row.language === language)
      const positives = some.filter(({ label }) => label === 1).length
      if (some.length - positives < ENOUGH) return []
      // So far out nothing tells where the share lies.
      if (positives < ENOUGH && flagged * (some.length - positives) < LEAST_FLAGGED) return []
      const fitted =
        positives < ENOUGH
          ? shifted(some, general, flagged)
          : calibrate(
              some.map((row) => ({ ...row, set: HELD_OUT_SET })),
              { [HELD_OUT_SET]: flagged },
            )
      return [[language, bounded(fitted, general)]]
    }),
  )
}

/** The general slope, crossing one half where a share of the harmless rows lies above. */
function shifted(rows: readonly SpokenRow[], { slope }: Calibration, share: number): Calibration {
  const logits = rows.flatMap(({ label, logit }) => (label === 0 ? [logit] : [])).toSorted((a, b) => a - b)
  const threshold = logits[Math.min(logits.length - 1, Math.ceil((1 - share) * logits.length) - 1)] ?? 0
  return { slope, intercept: -slope * threshold }
}

function bounded({ slope, intercept }: Calibration, general: Calibration): Calibration {
  const middle = -general.intercept / general.slope
  const most = LARGEST_SHIFT / general.slope
  const threshold = Math.min(middle + most, Math.max(middle, -intercept / slope))
  return { slope, intercept: -slope * threshold }
}
