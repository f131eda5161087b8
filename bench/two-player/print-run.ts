/** A finished two-player run as lines of text: conclusions, rounds by language and arm, and every set by itself. It computes means only. */
import type { LanguageFigures, TwoPlayerRun } from '../../src/lab/train/two-player/index.ts'

type Estimate = TwoPlayerRun['course'][number]['arms'][number]['gain']

const percent = (value: number): string => (100 * value).toFixed(1)
const difference = (one: Estimate | null): string =>
  one === null ? '–' : `${percent(one.value)} (${percent(one.interval.low)} to ${percent(one.interval.high)})`

export function printRun(run: TwoPlayerRun, print: (line: string) => void): void {
  for (const sentence of run.conclusions) print(sentence)
  const rows = Object.entries(run.data.seedRows).map(
    ([language, { harmful, harmless }]) => `${language} ${harmful} harmful, ${harmless} harmless`,
  )
  print(`Seed: ${rows.join('; ')}.`)
  print('Average precision by round, mean over sets of prompts and seeds (single seeds at the last round):')
  for (const { language, arms } of run.course)
    for (const { arm, rounds, bySeed, gain, gapChange } of arms)
      print(
        `  ${language} ${arm}: ${rounds.map(({ value }) => percent(value)).join(' ')} (${bySeed.map((one) => percent(one.at(-1) ?? 0)).join(' ')}), gain ${difference(gain)}, gap ${difference(gapChange)}`,
      )
  print('By set, mean over seeds: seed alone, then the last round of each arm; AP and its gain, F1, false positives:')
  for (const { set, language, selection, arms, overStatic, overFrozen } of run.bySet) {
    print(
      `  ${set} ${language}${selection ? ' (selection)' : ''}, seed alone ${figuresOf(run, set, language, 'game', 0)}`,
    )
    for (const { arm, gain } of arms)
      print(`    ${arm} ${figuresOf(run, set, language, arm, -1)}, gain ${difference(gain)}`)
    print(`    game over static ${difference(overStatic)}, over frozen ${difference(overFrozen)}`)
  }
  print('Rows that joined by seed, arm and round, by language; harmful share of levels is in report.html:')
  for (const { arm, seed, rounds } of run.arms)
    print(
      `  seed ${seed} ${arm}: ${rounds
        .slice(1)
        .map(({ languages }) => languages.map(({ language, joined }) => `${language} ${joined}`).join(' '))
        .join(' | ')}`,
    )
}

function figuresOf(run: TwoPlayerRun, set: string, language: string, arm: string, round: number): string {
  const figures = run.arms
    .filter((one) => one.arm === arm)
    .flatMap(
      ({ rounds }) => rounds.at(round)?.figures.filter((one) => one.set === set && one.language === language) ?? [],
    )
  const mean = (pick: (one: LanguageFigures) => number | null): string =>
    percent(figures.reduce((sum, one) => sum + (pick(one) ?? 0), 0) / Math.max(1, figures.length))
  return `AP ${mean((one) => one.averagePrecision.value)}, F1 ${mean((one) => one.f1.value)}, FPR ${mean((one) => one.falsePositiveRate.value)}`
}
