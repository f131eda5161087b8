/** False alarms in a thousand harmless messages, before and after, as bars and as figures with their exact intervals. */
import { exactInterval } from '../../eval/metrics/binomial.ts'
import { html, type Markup } from '../../eval/report/markup.ts'
import { inWhole } from '../../eval/report/numbers.ts'
import { inThousand } from '../promote/gates.ts'
import type { Promotion } from '../promote/promotion.ts'
import { differenceBounds } from '../promote/paired-proportions.ts'

type Row = Promotion['falseAlarms']

export function alarmsSection({ sets, falseAlarms }: Promotion): Markup {
  const benign: readonly Row[] = [...sets.filter(({ role }) => role === 'over_refusal'), falseAlarms]
  return html`<h2 id="alarms">False alarms</h2>
    <p>How many of a thousand harmless messages the guard stops.</p>
    ${falseAlarms.errorsBefore + falseAlarms.errorsAfter === 0 ? null : html`<div class="plots">${barsFigure(benign)}</div>`}
    <div class="scroll" tabindex="0" role="region" aria-label="False alarms">
      <table>
        <thead>
          <tr>
            <th>Set</th>
            <th>Messages</th>
            <th>Before, in a thousand</th>
            <th>After, in a thousand</th>
            <th>New</th>
            <th>Gone</th>
            <th>Change, at most</th>
          </tr>
        </thead>
        <tbody>
          ${benign.map((row) => {
            const { high } = differenceBounds(row)
            return html`<tr>
              <th scope="row">${row.name}</th>
              <td>${inWhole(row.rows)}</td>
              <td>${inThousand(row.errorsBefore, row.rows)}<small>${interval(row.errorsBefore, row.rows)}</small></td>
              <td>${inThousand(row.errorsAfter, row.rows)}<small>${interval(row.errorsAfter, row.rows)}</small></td>
              <td>${inWhole(row.worse)}</td>
              <td>${inWhole(row.better)}</td>
              <td>${high > 0 ? '+' : ''}${inThousand(high, 1).replace('-', '−')}</td>
            </tr>`
          })}
        </tbody>
      </table>
    </div>
    <p class="muted">Small figures are exact 95 % intervals. “Change, at most” is in a thousand messages.</p>`
}

function interval(count: number, rows: number): string {
  const exact = exactInterval(count, rows)
  return exact === null ? '' : `${inThousand(exact.low, 1)} to ${inThousand(exact.high, 1)}`
}

const [WIDTH, LEFT, BAR, GAP] = [440, 8, 13, 44]

/** Two bars a set, under the same scale. */
function barsFigure(rows: readonly Row[]): Markup {
  const most = Math.max(
    1e-9,
    ...rows.flatMap((row) => [row.errorsBefore, row.errorsAfter].map((count) => count / Math.max(1, row.rows))),
  )
  const widthOf = (count: number, of: number): number => ((WIDTH - 70 - LEFT) * count) / Math.max(1, of) / most
  const height = rows.length * (2 * BAR + GAP)
  const bar = (y: number, count: number, of: number, colour: string): Markup => {
    const width = Math.max(1, widthOf(count, of))
    return html`<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" fill="var(--${colour})"></rect>
      <text x="${(LEFT + width + 5).toFixed(1)}" y="${y + BAR - 3}">${inThousand(count, of)}</text>`
  }
  return html`<figure>
    <figcaption>In a thousand harmless messages</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="False alarms before and after">
      ${rows.map((row, index) => {
        const top = index * (2 * BAR + GAP)
        return html`<text x="${LEFT}" y="${top + 16}">${row.name}</text>
          ${bar(top + 22, row.errorsBefore, row.rows, 's0')}${bar(top + 22 + BAR + 2, row.errorsAfter, row.rows, 's1')}`
      })}
    </svg>
    <ul class="legend">
      <li>
        <svg class="key" viewBox="0 0 22 10"><rect width="22" height="10" fill="var(--s0)"></rect></svg>before
      </li>
      <li>
        <svg class="key" viewBox="0 0 22 10"><rect width="22" height="10" fill="var(--s1)"></rect></svg>after
      </li>
    </ul>
  </figure>`
}
