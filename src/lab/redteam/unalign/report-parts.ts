/** Tables and figures of the Unalignment report. */
import { html, type Markup } from '../../eval/report/markup.ts'
import type { SeedsRate } from './unalign-summary.ts'

type Cell = Markup | string

/** Cells of words in place of numbers where `as` says so; the first column is the row's name. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[], as?: 'text'): Markup {
  const cell = (value: Cell): Markup => (as === 'text' ? html`<td class="text">${value}</td>` : html`<td>${value}</td>`)
  return html`<div
    class="scroll"
    tabindex="0"
    role="region"
    aria-label="${head.filter((name) => name !== '').join(', ')}"
  >
    <table>
      <thead>
        <tr>
          ${head.map((name) => (as === 'text' ? html`<th class="text">${name}</th>` : html`<th>${name}</th>`))}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([name = '', ...values]) =>
            html`<tr>
              <th scope="row">${name}</th>
              ${values.map(cell)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

/** 87.5, and its interval. */
export function rate({ mean, interval }: SeedsRate): Markup {
  const percent = (value: number): string => (100 * value).toFixed(1)
  return html`${percent(mean)}${interval === null ? null : html`<small>${percent(interval.low)}–${percent(interval.high)}</small>`}`
}

export function fact(name: string, value: string): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`
}
