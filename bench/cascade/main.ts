/**
 * Quality against cost of a cascade: a cheap first stage, a second one asked only inside a band of the first one's score.
 *
 *   npm run bench:cascade [-- --data ../shared/data/dev] [--model models/chat.bin] [--rows 240] [--seed 1]
 *
 * On the development sets the tiers of the embedded guard stand behind each other; on the small world a bag of words stands before the
 * world's own judge, asked in its format and answering by a word. The band is chosen on one half of the rows (the world: on its selection
 * split) and reported on the other, so that no figure is of the rows that chose it.
 */
import { parseArgs } from 'node:util'
import { checkBand, isInside, scoreAlone, type ScoreBand } from '../../src/guards/judge/cascade/index.ts'
import { cascadeCurve, type CascadeScores } from '../../src/lab/eval/cascade-curve.ts'
import { bootstrapDifferences } from '../../src/lab/eval/metrics/bootstrap.ts'
import { countDecisions, decisionMetrics } from '../../src/lab/eval/metrics/decisions.ts'
import { formatTable, percent } from '../model/table.ts'
import { devSets } from './dev-sets.ts'
import type { Staged } from './staged.ts'
import { worldStages } from './world-stages.ts'

const MARGIN = 0.01
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data/dev' },
    model: { type: 'string' },
    rows: { type: 'string', default: '240' },
    seed: { type: 'string', default: '1' },
  },
})
const seed = Number(values.seed)
const staged = [
  ...(await devSets(values.data)),
  ...(await worldStages({
    rows: Number(values.rows),
    seed,
    ...(values.model === undefined ? {} : { model: values.model }),
  })),
]
process.stdout.write(
  `${formatTable({
    caption: `Band chosen so that F1 is within ${MARGIN} of the second stage's on other rows; figures on rows that did not choose it.`,
    head: [
      'rows',
      'n',
      'F1 first',
      'F1 second',
      'F1 cascade',
      'difference to second, 95 %',
      'calls saved',
      'band',
      'one call',
    ],
    rows: staged.map(rowOf),
  })}\n\n`,
)
for (const { name, reportedOn } of staged) process.stdout.write(`${curveTable(name, reportedOn)}\n\n`)

function rowOf({ name, chosenOn, reportedOn, cost }: Staged): readonly string[] {
  const band = cascadeCurve(chosenOn, { margin: MARGIN, seed }).smallest?.band ?? { from: 0, to: 1 }
  const [first, second, both] = [{ from: 0.5, to: 0.5 }, { from: 0, to: 1 }, band].map((each) =>
    decisions(reportedOn, each),
  )
  const difference = bootstrapDifferences(both ?? [], second ?? [], { resamples: 1000, seed }).f1
  const inside = reportedOn.classifier.filter((score) => isInside(band, score)).length
  return [
    name,
    String(reportedOn.labels.length),
    ...[first, second, both].map((rows) => percent(f1Of(rows ?? []))),
    difference === null ? '–' : `${percent(difference.low)} to ${percent(difference.high)}`,
    percent(1 - inside / reportedOn.labels.length),
    `${band.from.toFixed(3)}–${band.to.toFixed(3)}`,
    cost,
  ]
}

/** The upper edge of the curve: for each tenth of calls saved, the best F1. It is of the rows that it is shown on. */
function curveTable(name: string, scores: CascadeScores): string {
  const { points } = cascadeCurve(scores, { margin: MARGIN, seed })
  const tenths = Array.from({ length: 11 }, (_, tenth) => tenth / 10)
  const best = tenths.map((saved) =>
    Math.max(...points.filter((point) => point.saved >= saved - 1e-9).map(({ f1 }) => f1 ?? 0)),
  )
  return formatTable({
    caption: `${name}: best F1 with at least this share of calls saved`,
    head: ['calls saved', ...tenths.map((saved) => `${100 * saved} %`)],
    rows: [['F1', ...best.map(percent)]],
  })
}

interface Decision {
  readonly label: 0 | 1
  readonly flagged: boolean
  readonly rank: null
}

function decisions({ labels, classifier, judge }: CascadeScores, band: ScoreBand): readonly Decision[] {
  checkBand(band)
  return labels.map((label, row) => {
    const score = classifier[row] ?? 0
    return { label, flagged: (isInside(band, score) ? (judge[row] ?? 0) : scoreAlone(band, score)) > 0.5, rank: null }
  })
}

function f1Of(rows: readonly Decision[]): number | null {
  return decisionMetrics(countDecisions(rows)).f1
}
