/**
 * Plots as inline SVG: ROC, precision against recall, reliability, score histogram, and a strip with a value and its interval.
 *
 * All share one square of axes 0…1, sized so that its letters stay readable on a phone. Each has a title and a description in words.
 */
import type { HistogramBin, ReliabilityBin } from '../metrics/calibration.ts'
import type { CurvePoint } from '../metrics/ranking.ts'
import type { Figure } from '../run-format.ts'
import { html, type Markup } from './markup.ts'
import { inPercent, inWhole } from './numbers.ts'

/** A subject's line in a plot. */
export interface Series {
  readonly name: string
  /** Place in the palette. */
  readonly colour: number
  readonly curve: readonly CurvePoint[]
  /** Where the threshold lies; null where a rate is missing. */
  readonly operating: {
    readonly recall: number | null
    readonly falsePositiveRate: number | null
    readonly precision: number | null
  }
}

const WIDTH = 330
const HEIGHT = 270
const LEFT = 46
const RIGHT = 14
const TOP = 10
const BOTTOM = 42
const TICKS = [0, 0.25, 0.5, 0.75, 1] as const
const DASHES = ['none', '7 3', '2 2', '9 3 2 3', '4 2', '1 3'] as const

/** Dash of a series, so that colour is never the only difference. */
export function dashOf(colour: number): string {
  return DASHES[colour % DASHES.length] ?? 'none'
}

const x = (value: number): number => Number((LEFT + value * (WIDTH - LEFT - RIGHT)).toFixed(2))
const y = (value: number): number => Number((HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM)).toFixed(2))

/** ROC curves of all subjects with their operating points; the diagonal is chance. */
export function rocPlot(series: readonly Series[]): Markup {
  const lines = series.map((one) =>
    line(
      one,
      one.curve.map(({ falsePositiveRate, recall }) => [falsePositiveRate, recall]),
    ),
  )
  const points = series.map((one) => marker(one, one.operating.falsePositiveRate, one.operating.recall))
  const chance = html`<line class="base" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" />`
  return frame('ROC curve', describe(series), 'False-positive rate, %', 'Recall, %', [chance, ...lines, ...points])
}

/** Precision against recall as the step function that average precision integrates; the dotted line is flagging everything. */
export function precisionRecallPlot(series: readonly Series[], baseRate: number): Markup {
  const lines = series.map((one) => {
    let before = 0
    const steps = one.curve.flatMap(({ recall, precision }): readonly (readonly [number, number])[] => {
      if (precision === null) return []
      const step: readonly (readonly [number, number])[] = [
        [before, precision],
        [recall, precision],
      ]
      before = recall
      return step
    })
    return line(one, steps)
  })
  const points = series.map((one) => marker(one, one.operating.recall, one.operating.precision))
  const base = html`<line class="base" x1="${x(0)}" y1="${y(baseRate)}" x2="${x(1)}" y2="${y(baseRate)}" />`
  return frame('Precision against recall', describe(series), 'Recall, %', 'Precision, %', [base, ...lines, ...points])
}

/** Share of positives against mean score per bin; dots grow with the rows, the diagonal is perfect calibration. */
export function reliabilityPlot(bins: readonly ReliabilityBin[], colour: number): Markup {
  const most = Math.max(1, ...bins.map(({ rows }) => rows))
  const filled = bins.flatMap(({ rows, meanScore, positiveShare }) =>
    meanScore === null || positiveShare === null ? [] : [{ rows, meanScore, positiveShare }],
  )
  const path = filled.map(({ meanScore, positiveShare }) => `${x(meanScore)},${y(positiveShare)}`).join(' ')
  const dots = filled.map(
    ({ rows, meanScore, positiveShare }) =>
      html`<circle
        cx="${x(meanScore)}"
        cy="${y(positiveShare)}"
        r="${(2.5 + 5 * Math.sqrt(rows / most)).toFixed(1)}"
        fill="${variable(colour)}"
        fill-opacity="0.75"
      />`,
  )
  const described = filled.map(
    (bin) => `score ${inPercent(bin.meanScore)}: ${inPercent(bin.positiveShare)} % positive, ${bin.rows} rows`,
  )
  return frame('Reliability', described.join('; '), 'Mean score of the bin, %', 'Positive, %', [
    html`<line class="base" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" />`,
    html`<polyline class="curve" points="${path}" stroke="${variable(colour)}" stroke-opacity="0.55" />`,
    ...dots,
  ])
}

/** Scores by label: positives upwards, negatives downwards, each as a share of its label's rows; the line is the threshold. */
export function histogramPlot(bins: readonly HistogramBin[], threshold: number | null): Markup {
  const positives = bins.reduce((sum, bin) => sum + bin.positives, 0)
  const negatives = bins.reduce((sum, bin) => sum + bin.negatives, 0)
  const share = (count: number, all: number): number => (all === 0 ? 0 : count / all)
  const most = Math.max(
    0.01,
    ...bins.flatMap((bin) => [share(bin.positives, positives), share(bin.negatives, negatives)]),
  )
  const half = (HEIGHT - TOP - BOTTOM) / 2
  const middle = TOP + half
  const bars = bins.flatMap((bin) => {
    const width = x(bin.to) - x(bin.from) - 1.5
    const up = (share(bin.positives, positives) / most) * (half - 14)
    const down = (share(bin.negatives, negatives) / most) * (half - 14)
    return [
      html`<rect
        x="${x(bin.from) + 0.75}"
        y="${middle - up}"
        width="${width}"
        height="${up}"
        fill="var(--positive)"
      />`,
      html`<rect x="${x(bin.from) + 0.75}" y="${middle}" width="${width}" height="${down}" fill="var(--negative)" />`,
    ]
  })
  const cut =
    threshold === null || threshold < 0 || threshold > 1
      ? null
      : html`<line
          class="axis"
          x1="${x(threshold)}"
          y1="${TOP}"
          x2="${x(threshold)}"
          y2="${HEIGHT - BOTTOM}"
          stroke-width="1.5"
          stroke-dasharray="5 3"
        />`
  const description = `Score bins with positives and negatives: ${bins
    .filter((bin) => bin.positives + bin.negatives > 0)
    .map((bin) => `${inPercent(bin.from)} to ${inPercent(bin.to)}: ${bin.positives}, ${bin.negatives}`)
    .join('; ')}`
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" preserveAspectRatio="xMidYMid meet">
    <title>Scores by label</title>
    <desc>${description}</desc>
    ${ticksX()} ${bars} ${cut}
    <line class="axis" x1="${x(0)}" y1="${middle}" x2="${x(1)}" y2="${middle}" />
    <text x="${LEFT + 4}" y="${TOP + 9}">positives, ${inWhole(positives)}</text>
    <text x="${WIDTH - RIGHT - 4}" y="${HEIGHT - BOTTOM - 5}" text-anchor="end">negatives, ${inWhole(negatives)}</text>
    <text x="${LEFT - 6}" y="${middle - half + 18}" text-anchor="end">${(100 * most).toFixed(0)}</text>
    <text x="${LEFT - 6}" y="${middle + 4}" text-anchor="end">0</text>
    <text x="${LEFT - 6}" y="${middle + half - 10}" text-anchor="end">${(100 * most).toFixed(0)}</text>
    <text x="12" y="${middle}" text-anchor="middle" transform="rotate(-90 12 ${middle})">Share of the label, %</text>
    <text x="${x(0.5)}" y="${HEIGHT - 6}" text-anchor="middle">Score, %</text>
  </svg>`
}

/** A value on 0…100 % with its interval, and a bar where the constant baseline lies. */
export function strip(figure: Figure, constant: number | null, colour: number | null): Markup {
  const at = (value: number): number => Number((5 + 120 * value).toFixed(1))
  const stroke = colour === null ? 'var(--muted)' : variable(colour)
  const { value, interval } = figure
  const label = value === null ? 'not defined' : `${inPercent(value)} %, constant ${inPercent(constant)} %`
  return html`<svg class="strip" viewBox="0 0 130 20" role="img">
    <title>${label}</title>
    <line class="grid" x1="5" y1="10" x2="125" y2="10" />
    <line class="grid" x1="5" y1="6" x2="5" y2="14" />
    <line class="grid" x1="65" y1="7" x2="65" y2="13" />
    <line class="grid" x1="125" y1="6" x2="125" y2="14" />
    ${constant === null ? null : html`<rect x="${at(constant) - 1}" y="2" width="2" height="16" fill="var(--muted)" />`}
    ${interval === null ? null : html`<line x1="${at(interval.low)}" y1="10" x2="${at(interval.high)}" y2="10" stroke="${stroke}" stroke-width="5" stroke-opacity="0.5" />`}
    ${value === null ? null : html`<circle cx="${at(value)}" cy="10" r="3.6" fill="${stroke}" />`}
  </svg>`
}

/** The key of a series as in the plots. */
export function seriesKey(colour: number): Markup {
  return html`<svg class="key" viewBox="0 0 22 10" aria-hidden="true">
    <line
      x1="0"
      y1="5"
      x2="22"
      y2="5"
      stroke="${variable(colour)}"
      stroke-width="2.5"
      stroke-dasharray="${dashOf(colour)}"
    />
    <circle cx="11" cy="5" r="3.6" fill="${variable(colour)}" />
  </svg>`
}

function variable(colour: number): string {
  return `var(--s${colour})`
}

function line(series: Series, points: readonly (readonly [number, number])[]): Markup {
  const path = points.map(([across, up]) => `${x(across)},${y(up)}`).join(' ')
  return html`<polyline
    class="curve"
    points="${path}"
    stroke="${variable(series.colour)}"
    stroke-dasharray="${dashOf(series.colour)}"
  />`
}

function marker(series: Series, across: number | null, up: number | null): Markup {
  if (across === null || up === null) return html``
  return html`<circle
    cx="${x(across)}"
    cy="${y(up)}"
    r="5"
    fill="${variable(series.colour)}"
    stroke="var(--ground)"
    stroke-width="1.5"
  >
    <title>${series.name}: ${inPercent(across)}, ${inPercent(up)}</title>
  </circle>`
}

function describe(series: readonly Series[]): string {
  return series
    .map(
      ({ name, operating }) =>
        `${name}: recall ${inPercent(operating.recall)} %, precision ${inPercent(operating.precision)} %, false-positive rate ${inPercent(operating.falsePositiveRate)} % at its threshold`,
    )
    .join('; ')
}

function ticksX(): readonly Markup[] {
  return TICKS.map(
    (tick) =>
      html`<line class="grid" x1="${x(tick)}" y1="${TOP}" x2="${x(tick)}" y2="${HEIGHT - BOTTOM}" /><text
          x="${x(tick)}"
          y="${HEIGHT - BOTTOM + 15}"
          text-anchor="middle"
          >${100 * tick}</text
        >`,
  )
}

function frame(title: string, description: string, across: string, up: string, content: readonly Markup[]): Markup {
  const rows = TICKS.map(
    (tick) =>
      html`<line class="grid" x1="${x(0)}" y1="${y(tick)}" x2="${x(1)}" y2="${y(tick)}" /><text
          x="${LEFT - 6}"
          y="${y(tick) + 4}"
          text-anchor="end"
          >${100 * tick}</text
        >`,
  )
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" preserveAspectRatio="xMidYMid meet">
    <title>${title}</title>
    <desc>${description}</desc>
    ${ticksX()} ${rows}
    <text x="${x(0.5)}" y="${HEIGHT - 6}" text-anchor="middle">${across}</text>
    <text x="12" y="${y(0.5)}" text-anchor="middle" transform="rotate(-90 12 ${y(0.5)})">${up}</text>
    ${content}
  </svg>`
}
