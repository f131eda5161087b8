/** A table of the report: heads, rows, the first cell of a row its name. */
import { html, type Markup } from '../../../eval/report/markup.ts'

/** A table that scrolls on small screens; a row of one cell is the heading of those below it. */
export function table(
  name: string,
  heads: readonly string[],
  rows: readonly (readonly (Markup | string)[])[],
  /** Columns of running text, which wrap. */
  texts: ReadonlySet<number> = new Set(),
): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${name}">
    <table>
      <thead>
        <tr>
          ${heads.map((head, at) => html`<th class="${kindOf(at, texts)}">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(([first = '', ...others]) =>
          others.length === 0
            ? html`<tr class="group">
                <th scope="rowgroup" colspan="${heads.length}">${first}</th>
              </tr>`
            : html`<tr>
                <th scope="row">${first}</th>
                ${others.map((cell, at) => html`<td class="${kindOf(at + 1, texts)}">${cell}</td>`)}
              </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

function kindOf(column: number, texts: ReadonlySet<number>): string {
  return texts.has(column) ? 'text' : 'figure'
}
