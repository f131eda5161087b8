/** Average precision by round as inline SVG, a line a language, with the intervals of the mean over sets and seeds. */
import { html, type Markup } from '../../../eval/report/markup.ts'
import { inPercent } from '../../../eval/report/numbers.ts'
import { dashOf, seriesKey } from '../../../eval/report/plots.ts'
import type { Estimate } from '../compare-rounds.ts'

export interface RoundsLine {
  readonly name: string
  /** Place in the palette. */
  readonly colour: number
  readonly rounds: readonly Estimate[]
}

const WIDTH = 440
const HEIGHT = 280
const [LEFT, RIGHT, TOP, BOTTOM] = [46, 16, 10, 42]

/** The axis begins and ends at tens that hold all lines of all plots, so that plots beside each other compare. */
export function axisOf(lines: readonly RoundsLine[]): readonly [low: number, high: number] {
  const values = lines.flatMap(({ rounds }) => rounds.flatMap(({ interval }) => [interval.low, interval.high]))
  const low = Math.floor(10 * Math.min(1, ...values)) / 10
  return [Math.max(0, low), Math.min(1, Math.max(low + 0.1, Math.ceil(10 * Math.max(0, ...values)) / 10))]
}

export function roundsPlot(
  title: string,
  lines: readonly RoundsLine[],
  [low, high]: readonly [number, number],
): Markup {
  const most = Math.max(1, ...lines.map(({ rounds }) => rounds.length - 1))
  const x = (round: number, colour: number): number =>
    whole(LEFT + 14 + (round / most) * (WIDTH - LEFT - RIGHT - 28) + (colour % 4) * 3 - 4.5)
  const y = (value: number): number => whole(HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM))
  const ticks = Array.from({ length: Math.round((high - low) * 10) + 1 }, (_, at) => low + at / 10)
  const described = lines.map(
    ({ name, rounds }) => `${name}: ${rounds.map(({ value }) => inPercent(value)).join(', ')}`,
  )
  return html`<figure>
    <figcaption>${title}<small>bars: 95 % intervals</small></figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}. ${described.join('; ')}">
      ${ticks.map(
        (tick) =>
          html`<line class="grid" x1="${LEFT}" y1="${y(tick)}" x2="${WIDTH - RIGHT}" y2="${y(tick)}" /><text
              x="${LEFT - 6}"
              y="${y(tick) + 4}"
              text-anchor="end"
              >${Math.round(100 * tick)}</text
            >`,
      )}
      ${Array.from(
        { length: most + 1 },
        (_, round) =>
          html`<text x="${x(round, 1)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${String(round)}</text>`,
      )}
      <text x="${LEFT + (WIDTH - LEFT - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">
        round (0: the seed alone)
      </text>
      <text x="12" y="${y((low + high) / 2)}" text-anchor="middle" transform="rotate(-90 12 ${y((low + high) / 2)})">
        Average precision, %
      </text>
      ${lines.map((line) => drawn(line, x, y))}
    </svg>
    <ul class="legend">
      ${lines.map(({ name, colour }) => html`<li>${seriesKey(colour)}${name}</li>`)}
    </ul>
  </figure>`
}

function drawn(
  { colour, rounds }: RoundsLine,
  x: (round: number, colour: number) => number,
  y: (value: number) => number,
): Markup {
  const stroke = `var(--s${colour % 6})`
  const path = rounds.map(({ value }, round) => `${x(round, colour)},${y(value)}`).join(' ')
  return html`<polyline class="curve" points="${path}" stroke="${stroke}" stroke-dasharray="${dashOf(colour)}" />
    ${rounds.map(
      ({ value, interval }, round) =>
        html`<line
            x1="${x(round, colour)}"
            y1="${y(interval.low)}"
            x2="${x(round, colour)}"
            y2="${y(interval.high)}"
            stroke="${stroke}"
            stroke-width="1.5"
          /><circle cx="${x(round, colour)}" cy="${y(value)}" r="3.4" fill="${stroke}" />`,
    )}`
}

const whole = (value: number): number => Number(value.toFixed(1))
