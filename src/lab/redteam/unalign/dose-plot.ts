/** Rates over the number of examples as inline SVG, a line each with the range of the seeds. The axis of examples is logarithmic after 0. */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inPercent } from '../../eval/report/numbers.ts'
import { dashOf, seriesKey } from '../../eval/report/plots.ts'
import type { SeedsRate } from './unalign-summary.ts'

export interface DoseLine {
  readonly name: string
  /** Place in the palette. */
  readonly colour: number
  readonly points: readonly { readonly examples: number; readonly rate: SeedsRate }[]
}

const WIDTH = 440
const HEIGHT = 280
const LEFT = 46
const RIGHT = 16
const TOP = 10
const BOTTOM = 42
const TICKS = [0, 0.25, 0.5, 0.75, 1] as const

export function dosePlot(title: string, lines: readonly DoseLine[]): Markup {
  const counts = [...new Set(lines.flatMap(({ points }) => points.map(({ examples }) => examples)))].toSorted(
    (left, right) => left - right,
  )
  const most = Math.max(1, counts.at(-1) ?? 1)
  const x = (examples: number): number =>
    round(LEFT + (Math.log1p(examples / 5) / Math.log1p(most / 5)) * (WIDTH - LEFT - RIGHT))
  const y = (rate: number): number => round(HEIGHT - BOTTOM - rate * (HEIGHT - TOP - BOTTOM))
  const described = lines.map(
    ({ name, points }) =>
      `${name}: ${points.map(({ examples, rate }) => `${examples} examples ${inPercent(rate.mean)} %`).join(', ')}`,
  )
  return html`<figure>
    <figcaption>${title}<small>bars: lowest and highest seed</small></figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}. ${described.join('; ')}">
      ${TICKS.map(
        (tick) =>
          html`<line class="grid" x1="${LEFT}" y1="${y(tick)}" x2="${WIDTH - RIGHT}" y2="${y(tick)}" /><text
              x="${LEFT - 6}"
              y="${y(tick) + 4}"
              text-anchor="end"
              >${100 * tick}</text
            >`,
      )}
      ${counts.map(
        (count) => html`<text x="${x(count)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${String(count)}</text>`,
      )}
      <text x="${LEFT + (WIDTH - LEFT - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">examples</text>
      <text x="12" y="${y(0.5)}" text-anchor="middle" transform="rotate(-90 12 ${y(0.5)})">Share of requests, %</text>
      ${lines.map(({ colour, points }) => line(colour, points, x, y))}
    </svg>
    <ul class="legend">
      ${lines.map(({ name, colour }) => html`<li>${seriesKey(colour)}${name}</li>`)}
    </ul>
  </figure>`
}

function line(
  colour: number,
  points: DoseLine['points'],
  x: (examples: number) => number,
  y: (rate: number) => number,
): Markup {
  const path = points.map(({ examples, rate }) => `${x(examples)},${y(rate.mean)}`).join(' ')
  const stroke = `var(--s${colour})`
  return html`<polyline class="curve" points="${path}" stroke="${stroke}" stroke-dasharray="${dashOf(colour)}" />
    ${points.map(
      ({ examples, rate }) =>
        html`<line
            x1="${x(examples)}"
            y1="${y(rate.lowest)}"
            x2="${x(examples)}"
            y2="${y(rate.highest)}"
            stroke="${stroke}"
            stroke-width="1.5"
          /><circle cx="${x(examples)}" cy="${y(rate.mean)}" r="3.6" fill="${stroke}" />`,
    )}`
}

const round = (value: number): number => Number(value.toFixed(1))
