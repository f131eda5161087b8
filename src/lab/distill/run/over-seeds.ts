/**
 * Figures of an ablation over its seeds: means over sets by seed, and what one arm has over another or over a baseline, paired by seed.
 * Intervals are Student's over seeds, so they hold what weights, orders and draws do; the rows are the same for every seed, and what
 * other rows would give is in the bootstrap intervals of the sets.
 */
import { regularizedBeta } from '../../eval/metrics/binomial.ts'
import type { SetFigures } from '../measure/figures.ts'
import type { GuardTask } from '../rows/guarded-row.ts'
import { type AblationRun, meanOver } from './ablation-run.ts'
import type { ArmName } from './ablation-settings.ts'

export type SetFigure = 'f1' | 'averagePrecision' | 'falsePositiveRate'

/** Between 0 and 1, or a difference of two such figures. */
export interface OverSeeds {
  readonly mean: number
  /** 95 %, Student's t; null of one seed, which says nothing of others. */
  readonly interval: { readonly low: number; readonly high: number } | null
  readonly bySeed: readonly number[]
}

type Arms = Pick<AblationRun, 'arms' | 'seeds'>

/** Of the seeds with which the arm is finished; null where there is none, or the figure is defined on no set. */
export function armOverSeeds(run: Arms, arm: ArmName, task: GuardTask, figure: SetFigure): OverSeeds | null {
  const found = overSeeds(run.seeds.flatMap((seed) => of(run, arm, seed, task, figure) ?? []))
  if (found?.interval == null) return found
  // A share lies between 0 and 1, which Student's interval of a few seeds does not know.
  const { low, high } = found.interval
  return { ...found, interval: { low: Math.max(0, low), high: Math.min(1, high) } }
}

/** One arm less another with the same seed. */
export function armOverArm(
  run: Arms,
  [arm, other]: readonly [ArmName, ArmName],
  task: GuardTask,
  figure: SetFigure,
): OverSeeds | null {
  return overSeeds(
    run.seeds.flatMap((seed) => {
      const [one, two] = [of(run, arm, seed, task, figure), of(run, other, seed, task, figure)]
      return one === null || two === null ? [] : [one - two]
    }),
  )
}

/** One arm less a baseline, which has no seed. */
export function armOverBaseline(
  run: Arms,
  arm: ArmName,
  baseline: readonly SetFigures[],
  task: GuardTask,
  figure: SetFigure,
): OverSeeds | null {
  const fixed = meanOver(baseline, task, figure)
  if (fixed === null) return null
  return overSeeds(run.seeds.flatMap((seed) => of(run, arm, seed, task, figure) ?? []).map((value) => value - fixed))
}

export function overSeeds(values: readonly number[]): OverSeeds | null {
  const count = values.length
  if (count === 0) return null
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  if (count === 1) return { mean, interval: null, bySeed: values }
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1)
  const half = studentQuantile(count - 1) * Math.sqrt(variance / count)
  return { mean, interval: { low: mean - half, high: mean + half }, bySeed: values }
}

function of({ arms }: Arms, arm: ArmName, seed: number, task: GuardTask, figure: SetFigure): number | null {
  const found = arms.find((one) => one.arm === arm && one.seed === seed)
  return found === undefined ? null : meanOver(found.figures.sets, task, figure)
}

/** The t within which 95 % of Student's distribution lie: P(|T| > t) = I_x(ν/2, 1/2) at x = ν / (ν + t²) (DLMF 8.17). */
function studentQuantile(degrees: number): number {
  let [low, high] = [0, 1]
  for (let step = 0; step < 100; step += 1) {
    const middle = (low + high) / 2
    if (regularizedBeta(middle, degrees / 2, 0.5) < 0.05) low = middle
    else high = middle
  }
  const x = (low + high) / 2
  return Math.sqrt((degrees * (1 - x)) / x)
}
