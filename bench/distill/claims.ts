/** The papers' claims against the figures of a run, in words. Each is a comparison of means over sets with one seed's intervals beside it. */
import { ARM_TITLES, type ArmName, type AblationRun, meanOver } from '../../src/lab/distill/index.ts'

export function claimsOf({ arms, baselines, seeds, missing }: AblationRun): readonly string[] {
  const lines: string[] = []
  const mean = (
    arm: ArmName,
    task: 'prompt_harm' | 'response_harm',
    figure: 'f1' | 'averagePrecision',
  ): number | null => {
    const found = arms.filter((one) => one.arm === arm).map(({ figures }) => meanOver(figures.sets, task, figure))
    const known = found.filter((value) => value !== null)
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
  }
  const compare = (claim: string, better: ArmName, worse: ArmName): void => {
    for (const task of ['prompt_harm', 'response_harm'] as const)
      for (const figure of ['f1', 'averagePrecision'] as const) {
        const [one, other] = [mean(better, task, figure), mean(worse, task, figure)]
        if (one === null || other === null) continue
        lines.push(
          `${one > other ? 'higher' : 'NOT higher'}: ${claim}, ${task}, ${figure}: ${words(one)} against ${words(other)}`,
        )
      }
  }
  compare('critiques beside labels (ThinkGuard)', 'critique', 'label')
  compare('reasoning against label only', 'reasoning', 'label')
  compare('mining and HS-DPO (GuardReasoner)', 'hard', 'reasoning')
  for (const { name, sets } of baselines)
    lines.push(
      `${name}: F1 ${words(meanOver(sets, 'prompt_harm', 'f1'))} prompts, ${words(meanOver(sets, 'response_harm', 'f1'))} responses; ` +
        `AUPRC ${words(meanOver(sets, 'prompt_harm', 'averagePrecision'))}, ${words(meanOver(sets, 'response_harm', 'averagePrecision'))}`,
    )
  for (const { arm, seed } of missing) lines.push(`not finished: ${ARM_TITLES[arm]}, seed ${seed}`)
  lines.push(
    `Means over sets, ${seeds.length} seed${seeds.length === 1 ? '' : 's'}: read them with the intervals of the report.`,
  )
  return lines
}

function words(value: number | null): string {
  return value === null ? '–' : (100 * value).toFixed(1)
}
