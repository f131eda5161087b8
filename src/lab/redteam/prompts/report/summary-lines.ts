/** What a red team found as lines for a terminal: one for each setting, the families that got through, the judges. */
import { costsOf } from './cheapest.ts'
import type { RedTeamRecord } from './run-record.ts'
import type { SettingSummary, Share } from './summary.ts'

export function summaryLines({ summary, notRun, gates }: RedTeamRecord): readonly string[] {
  return [
    ...summary.settings.flatMap(settingLines),
    ...summary.judges
      .filter(({ rows, failures }) => rows + failures > 0)
      .map(
        ({ judge, rows, agreed, failures }) =>
          `judge ${judge}: agrees with the truth on ${agreed} of ${rows} answers${failures === 0 ? '' : `, no verdict on ${failures}`}`,
      ),
    ...(notRun === 0 ? [] : [`${notRun} cases were not asked: the budget was spent`]),
    ...gates.map(
      ({ gate, setting, rate, failed }) =>
        `${failed ? 'FAILED' : 'kept'}: ${gate.text} (${setting}, ${rate === null ? 'nothing to measure it on' : rate.toFixed(4)})`,
    ),
  ]
}

function settingLines({
  setting,
  asr,
  byGoal,
  plain,
  byFamily,
  overRefusal,
  cheapest,
}: SettingSummary): readonly string[] {
  const through = Object.entries(byFamily).filter(([family, { hits }]) => family !== 'control' && hits > 0)
  const families = through.map(([family, share]) => `${family} ${shortOf(share)}`).join(', ')
  return [
    `${setting}: attacks ${wordsOf(asr)}; goals reached by any ${wordsOf(byGoal)}; plain ${wordsOf(plain)}; over-refusal ${wordsOf(overRefusal['control'])}`,
    ...(families === '' ? [] : [`  got through: ${families}`]),
    ...(cheapest === null ? [] : [`  cheapest: ${cheapest.attack}, ${costsOf(cheapest).join(', ')} a success`]),
  ]
}

const percent = (rate: number): string => (100 * rate).toFixed(1)
const shortOf = ({ rate, hits, rows }: Share): string => `${percent(rate ?? 0)} % (${hits}/${rows})`

function wordsOf(share: Share | undefined): string {
  if (share === undefined || share.rate === null || share.interval === null) return 'not measured'
  const { rate, interval, rows, excluded } = share
  const left = excluded === 0 ? '' : `, ${excluded} without a verdict`
  return `${percent(rate)} % [${percent(interval.low)}, ${percent(interval.high)}] of ${rows}${left}`
}
