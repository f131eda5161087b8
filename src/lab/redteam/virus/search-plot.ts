/** J over the steps of a search as inline SVG, a line for each slot. */
import { html, type Markup } from '../../eval/report/markup.ts'
import type { SlotRow } from './seed-bench.ts'

const WIDTH = 440
const HEIGHT = 220
const [LEFT, RIGHT, TOP, BOTTOM] = [50, 12, 10, 42]

export function searchPlot(lambda: number, slots: readonly Pick<SlotRow, 'history'>[]): Markup {
  const values = slots.flatMap(({ history }) => history)
  const steps = Math.max(1, ...slots.map(({ history }) => history.length - 1))
  const [low, high] = [Math.floor(Math.min(...values)), Math.ceil(Math.max(...values))]
  const span = Math.max(1, high - low)
  const x = (step: number): string => (LEFT + (step / steps) * (WIDTH - LEFT - RIGHT)).toFixed(1)
  const y = (value: number): string => (TOP + ((high - value) / span) * (HEIGHT - TOP - BOTTOM)).toFixed(1)
  const title = `J with λ ${lambda}`
  return html`<figure>
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}, from ${high} down to ${low}">
      ${[high, (high + low) / 2, low].map(
        (value) =>
          html`<line class="grid" x1="${LEFT}" y1="${y(value)}" x2="${WIDTH - RIGHT}" y2="${y(value)}" />
            <text x="${LEFT - 6}" y="${y(value)}" text-anchor="end" dy="4">${value}</text>`,
      )}
      ${slots.map(
        ({ history }) =>
          html`<polyline
            class="curve"
            stroke="currentColor"
            stroke-opacity="0.5"
            points="${history.map((value, step) => `${x(step)},${y(value)}`).join(' ')}"
          />`,
      )}
      <text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">steps, 0 to ${steps}</text>
    </svg>
  </figure>`
}
