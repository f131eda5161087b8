/** The cells of a sweep as points: what is lost at most against what the attack reaches. The corner to fear is on the upper left. */
import { html, type Markup } from '../../eval/report/markup.ts'

export interface SweepPoint {
  readonly title: string
  /** Largest loss of the other sets, and attack success; 0 … 1. */
  readonly loss: number
  readonly success: number
  readonly kind: 'set-difference' | 'projection'
  readonly chosen: boolean
}

const WIDTH = 440
const HEIGHT = 280
const LEFT = 46
const RIGHT = 14
const TOP = 12
const BOTTOM = 42
const TICKS = [0, 0.25, 0.5, 0.75, 1] as const

export function sweepPlot(points: readonly SweepPoint[], floor: number): Markup {
  const x = (value: number): string => (LEFT + Math.min(1, Math.max(0, value)) * (WIDTH - LEFT - RIGHT)).toFixed(1)
  const y = (value: number): string => (HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM)).toFixed(1)
  const described = points.map(
    ({ title, loss, success }) => `${title}: loses ${percent(loss)}, success ${percent(success)}`,
  )
  return html`<figure>
    <figcaption>Sweep<small>selection split; the shaded strip is what may be lost</small></figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Sweep. ${described.join('; ')}">
      <rect
        x="${x(0)}"
        y="${y(1)}"
        width="${Number(x(floor)) - Number(x(0))}"
        height="${Number(y(0)) - Number(y(1))}"
        fill="var(--s2)"
        fill-opacity="0.16"
      />
      ${TICKS.map(
        (tick) =>
          html`<line class="grid" x1="${x(0)}" x2="${x(1)}" y1="${y(tick)}" y2="${y(tick)}" /><text
              x="${LEFT - 6}"
              y="${Number(y(tick)) + 4}"
              text-anchor="end"
              >${percent(tick)}</text
            ><text x="${x(tick)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="${tick === 1 ? 'end' : 'middle'}"
              >${percent(tick)}</text
            >`,
      )}
      <text x="${LEFT + (WIDTH - LEFT - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">
        largest loss of allowed requests, knowledge and tasks, %
      </text>
      ${points.map(({ loss, success, kind, chosen }) =>
        kind === 'projection'
          ? html`<rect
              x="${Number(x(loss)) - 5}"
              y="${Number(y(success)) - 5}"
              width="10"
              height="10"
              fill="var(--s1)"
              fill-opacity="${chosen ? 1 : 0.45}"
            />`
          : html`<circle
              cx="${x(loss)}"
              cy="${y(success)}"
              r="${chosen ? 7 : 5}"
              fill="var(--s0)"
              fill-opacity="${chosen ? 1 : 0.45}"
            />`,
      )}
    </svg>
    <ul class="legend">
      <li>
        <svg class="key" viewBox="0 0 22 10"><circle cx="11" cy="5" r="5" fill="var(--s0)" /></svg>set difference,
        success by words
      </li>
      <li>
        <svg class="key" viewBox="0 0 22 10"><rect x="6" width="10" height="10" fill="var(--s1)" /></svg>projection,
        success by words
      </li>
    </ul>
  </figure>`
}

function percent(share: number): string {
  return (100 * share).toFixed(0)
}
