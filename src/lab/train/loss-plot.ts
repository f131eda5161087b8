/** The loss over the steps of a run as inline SVG, on a logarithmic scale. Runs in several stages get a line each, one after another. */
import { html, type Markup } from '../eval/report/markup.ts'
import type { StepProgress } from './step-loop.ts'

export interface LossStage {
  readonly name: string
  readonly history: readonly StepProgress[]
}

const WIDTH = 440
const HEIGHT = 270
const LEFT = 50
const RIGHT = 12
const TOP = 10
const BOTTOM = 42

export interface LossPlotOptions {
  /** What a loss is counted in. Default: nats a token that is learnt. */
  readonly unit?: string
}

export function lossPlot(
  stages: readonly LossStage[],
  { unit = 'nats a token that is learnt' }: LossPlotOptions = {},
): Markup {
  const all = stages.flatMap(({ history }) => history)
  const losses = all.map(({ loss }) => loss).filter((loss) => loss > 0)
  const steps = stages.reduce((sum, { history }) => sum + (history.at(-1)?.step ?? 0), 0)
  if (losses.length === 0 || steps === 0) return html`<p class="muted">No loss was recorded.</p>`
  const low = Math.floor(Math.log10(Math.min(...losses)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...losses))))
  const x = (step: number): string => (LEFT + (step / steps) * (WIDTH - LEFT - RIGHT)).toFixed(1)
  const y = (loss: number): string =>
    (TOP + ((high - Math.log10(loss)) / (high - low)) * (HEIGHT - TOP - BOTTOM)).toFixed(1)
  const decades = Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at))
  const ticks = [...new Set([0, 0.25, 0.5, 0.75, 1].map((part) => Math.round(part * steps)))]
  let before = 0
  const lines = stages.map(({ history }, at) => {
    const points = history.filter(({ loss }) => loss > 0).map(({ step, loss }) => `${x(before + step)},${y(loss)}`)
    before += history.at(-1)?.step ?? 0
    const [only] = points
    if (only !== undefined && points.length === 1) {
      const [cx = '', cy = ''] = only.split(',')
      return html`<circle cx="${cx}" cy="${cy}" r="3" fill="var(--s${at % 6})" />`
    }
    return html`<polyline class="curve" points="${points.join(' ')}" stroke="var(--s${at % 6})" />`
  })
  const described = stages.map(
    ({ name, history }) => `${name}: ${history.at(-1)?.loss.toFixed(4) ?? 'none'} at its end`,
  )
  return html`<figure>
    <figcaption>Loss<small>${unit}, mean since the point before</small></figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Loss over steps. ${described.join('; ')}">
      ${decades.map(
        (loss) =>
          html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(loss)}" y2="${y(loss)}" /><text
              x="${LEFT - 6}"
              y="${Number(y(loss)) + 4}"
              text-anchor="end"
              >${loss < 1 ? loss.toFixed(-Math.round(Math.log10(loss))) : String(loss)}</text
            >`,
      )}
      ${ticks.map(
        (step) =>
          html`<text x="${x(step)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="${step === steps ? 'end' : 'middle'}"
            >${step}</text
          >`,
      )}
      <text x="${LEFT + (WIDTH - LEFT - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">steps</text>
      ${lines}
    </svg>
    <ul class="legend">
      ${stages.map(
        ({ name, history }, at) =>
          html`<li>
            <svg class="key" viewBox="0 0 22 10"><rect width="22" height="10" fill="var(--s${at % 6})" /></svg>${name},
            ${history.at(-1)?.step ?? 0} steps
          </li>`,
      )}
    </ul>
  </figure>`
}
