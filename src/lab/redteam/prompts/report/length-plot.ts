/** Success by length of the question as lines, one for each setting: many-shot attacks grow with it, and guards should not. */
import { html, type Markup } from '../../../eval/report/markup.ts'
import { inPercent } from '../../../eval/report/numbers.ts'
import { dashOf, seriesKey } from '../../../eval/report/plots.ts'
import { SERIES } from '../../../eval/report/style.ts'
import type { SettingSummary } from './summary.ts'

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [420, 230, 46, 14, 10, 42]

export function lengthPlot(all: readonly SettingSummary[]): Markup | null {
  const settings = all.slice(0, SERIES)
  const names = [...new Set(settings.flatMap(({ byLength }) => Object.keys(byLength)))].toSorted(
    (one, other) => edge(one) - edge(other),
  )
  if (names.length < 2) return null
  const x = (at: number): number => LEFT + (at / (names.length - 1)) * (WIDTH - LEFT - RIGHT)
  const y = (rate: number): number => HEIGHT - BOTTOM - rate * (HEIGHT - TOP - BOTTOM)
  const lines = settings.map(({ byLength }, colour) => {
    const points = names.flatMap((name, at) => {
      const rate = byLength[name]?.rate ?? null
      return rate === null ? [] : [{ across: x(at).toFixed(1), up: y(rate).toFixed(1) }]
    })
    const path = points.map(({ across, up }) => `${across},${up}`).join(' ')
    return html`<polyline
        class="curve"
        points="${path}"
        stroke="var(--s${colour})"
        stroke-dasharray="${dashOf(colour)}"
      />
      ${points.map(({ across, up }) => html`<circle cx="${across}" cy="${up}" r="3" fill="var(--s${colour})" />`)}`
  })
  const described = settings.map(
    ({ setting, byLength }) =>
      `${setting}: ${names.map((name) => `${name} ${inPercent(byLength[name]?.rate ?? null)} %`).join(', ')}`,
  )
  return html`<figure>
    <figcaption>Attacks that got through by tokens of the question, %</figcaption>
    <ul class="legend">
      ${settings.map(({ setting }, colour) => html`<li>${seriesKey(colour)}${setting}</li>`)}
    </ul>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" preserveAspectRatio="xMidYMid meet">
      <title>Success by length</title>
      <desc>${described.join('; ')}</desc>
      ${[0, 0.5, 1].map((rate) => html`<line class="grid" x1="${LEFT}" y1="${y(rate)}" x2="${WIDTH - RIGHT}" y2="${y(rate)}" /><text x="${LEFT - 6}" y="${y(rate) + 4}" text-anchor="end">${100 * rate}</text>`)}
      ${names.map((name, at) => html`<text x="${x(at)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${name.replace('up to ', '≤ ').replace('above ', '> ')}</text>`)}
      ${lines}
      <text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">Tokens</text>
    </svg>
  </figure>`
}

const edge = (name: string): number => Number(name.replace(/\D+/g, '')) + (name.startsWith('above') ? 0.5 : 0)
