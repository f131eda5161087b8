/** The papers' claims against the figures of a run, in words: means over sets, with 95 % intervals over seeds where there are several. */
import {
  ARM_TITLES,
  type AblationRun,
  type ArmName,
  type OverSeeds,
  armOverArm,
  armOverBaseline,
  armOverSeeds,
  meanOver,
} from '../../src/lab/distill/index.ts'

const TASKS = ['prompt_harm', 'response_harm', 'refusal'] as const
const FIGURES = ['f1', 'averagePrecision', 'falsePositiveRate'] as const

const CLAIMS: readonly (readonly [claim: string, better: ArmName, worse: ArmName])[] = [
  ['critiques beside labels (ThinkGuard)', 'critique', 'label'],
  ['reasoning against label only', 'reasoning', 'label'],
  ['mining and HS-DPO (GuardReasoner)', 'hard', 'reasoning'],
]

export function claimsOf(run: AblationRun): readonly string[] {
  const { arms, baselines, seeds, missing } = run
  const names = [...new Set(arms.map(({ arm }) => arm))]
  return [
    ...baselines.map(
      ({ name, sets, milliseconds }) =>
        `${name}: ${TASKS.map((task) => `${task} ${FIGURES.map((figure) => plain(meanOver(sets, task, figure))).join(' / ')}`).join(', ')}` +
        (milliseconds === null ? '' : `; ${milliseconds.toPrecision(2)} ms`),
    ),
    ...names.flatMap((arm) => [
      `${ARM_TITLES[arm]}: ${TASKS.map((task) => `${task} ${FIGURES.map((figure) => share(armOverSeeds(run, arm, task, figure))).join(' / ')}`).join(', ')}`,
      ...baselines.map(
        ({ name, sets }) =>
          `  less ${name}: ${TASKS.map((task) => `${task} ${FIGURES.map((figure) => points(armOverBaseline(run, arm, sets, task, figure))).join(' / ')}`).join(', ')}`,
      ),
    ]),
    ...CLAIMS.flatMap(([claim, better, worse]) =>
      TASKS.flatMap((task) =>
        FIGURES.flatMap((figure) => {
          const found = armOverArm(run, [better, worse], task, figure)
          return found === null ? [] : [`${verdict(found)}: ${claim}, ${task}, ${figure}: ${points(found)}`]
        }),
      ),
    ),
    ...missing.map(({ arm, seed }) => `not finished: ${ARM_TITLES[arm]}, seed ${seed}`),
    `F1 / AUPRC / false alarms, means over sets, of ${seeds.length} seed${seeds.length === 1 ? '' : 's'}; brackets are 95 % over seeds, not over rows.`,
  ]
}

function verdict({ interval }: OverSeeds): string {
  if (interval === null) return 'one seed'
  if (interval.low > 0) return 'HIGHER'
  return interval.high < 0 ? 'LOWER' : 'no difference shown'
}

function share(found: OverSeeds | null): string {
  if (found === null) return '–'
  const { mean, interval } = found
  return interval === null ? plain(mean) : `${plain(mean)} [${plain(interval.low)}, ${plain(interval.high)}]`
}

function points(found: OverSeeds | null): string {
  if (found === null) return '–'
  const { mean, interval, bySeed } = found
  const range = interval === null ? '' : ` [${plain(interval.low)}, ${plain(interval.high)}]`
  return `${plain(mean)}${range} (${bySeed.map(plain).join(', ')})`
}

function plain(value: number | null): string {
  return value === null ? '–' : (100 * value).toFixed(1)
}
