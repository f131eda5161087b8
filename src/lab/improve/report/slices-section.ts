/** Where the candidate is right more often and where less: by set, language and category. */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inPercent, inWhole } from '../../eval/report/numbers.ts'
import type { SliceChange } from '../promote/paired-rows.ts'
import type { Promotion } from '../promote/promotion.ts'

/** Categories shown; the rest stands in `promotion.json`. */
const MOST = 20

const ROLES = { target: 'target', over_refusal: 'harmless texts', keep: 'to keep' } as const

export function slicesSection({ sets, languages, categories }: Promotion): Markup {
  const groups: readonly (readonly [string, readonly SliceChange[]])[] = [
    ['By set', sets.map((set) => ({ ...set, name: `${set.name} (${ROLES[set.role]})` }))],
    ['By language', languages],
    ['By category', categories.slice(0, MOST)],
  ]
  return html`<h2 id="slices">Gains and losses</h2>
    <p>
      Wrong decisions before and after; the bar shows texts that are right only now to the right, and wrong only now to
      the left.
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="Gains and losses">
      <table>
        <thead>
          <tr>
            <th>Texts</th>
            <th>Number</th>
            <th>Harmful</th>
            <th>Wrong before</th>
            <th>Wrong after</th>
            <th>Right only now</th>
            <th>Wrong only now</th>
            <th>Balance</th>
          </tr>
        </thead>
        ${groups.map(([title, slices]) =>
          slices.length === 0
            ? html``
            : html`<tbody>
                <tr class="group">
                  <th scope="rowgroup" colspan="8">${title}</th>
                </tr>
                ${slices.map(sliceRow)}
              </tbody>`,
        )}
      </table>
    </div>
    ${categories.length > MOST ? html`<p class="muted">The ${MOST} largest of ${categories.length} categories; all stand in promotion.json.</p>` : null}`
}

function sliceRow(slice: SliceChange): Markup {
  const { name, rows, positives, errorsBefore, errorsAfter, better, worse } = slice
  return html`<tr>
    <th scope="row">${name}</th>
    <td>${inWhole(rows)}</td>
    <td>${inWhole(positives)}</td>
    <td>${inWhole(errorsBefore)}<small>${inPercent(errorsBefore / Math.max(1, rows))} %</small></td>
    <td>${inWhole(errorsAfter)}<small>${inPercent(errorsAfter / Math.max(1, rows))} %</small></td>
    <td>${inWhole(better)}</td>
    <td>${inWhole(worse)}</td>
    <td>${balance(better / Math.max(1, rows), worse / Math.max(1, rows))}</td>
  </tr>`
}

/** Shares from the middle outwards; the square root, so that a few texts of a large set are seen. */
function balance(better: number, worse: number): Markup {
  const [right, left] = [52 * Math.sqrt(better), 52 * Math.sqrt(worse)]
  return html`<svg class="strip" viewBox="0 0 112 17" role="img" aria-label="balance">
    <line class="axis" x1="56" x2="56" y1="1" y2="16"></line>
    <rect x="56" y="4" width="${right.toFixed(1)}" height="9" fill="var(--s2)"></rect>
    <rect x="${(56 - left).toFixed(1)}" y="4" width="${left.toFixed(1)}" height="9" fill="var(--s1)"></rect>
  </svg>`
}
