/** A table that scrolls by itself where the page is narrow. */
import { html, type Markup } from '../../eval/report/markup.ts'

export function scroll(label: string, rows: Markup): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">
    <table>
      ${rows}
    </table>
  </div>`
}
