/** What was asked and answered, where texts are kept: of each setting one success of each family, and one case that did not succeed. */
import { html, type Markup } from '../../../eval/report/markup.ts'
import type { RedTeamRow } from '../run/row.ts'

const MOST = 40
const SHOWN = 300

export function samplesTable(rows: readonly RedTeamRow[]): Markup {
  const samples = samplesOf(rows)
  if (samples.length === 0) return html`<p class="muted">No texts were kept.</p>`
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Samples">
    <table>
      <thead>
        <tr>
          ${['Attack', 'Setting', 'Outcome'].map((name) => html`<th>${name}</th>`)}
          ${['Asked, at last', 'Answered'].map((name) => html`<th class="text">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${samples.map(
          ({ attack, setting, outcome, texts }) =>
            html`<tr>
              <th scope="row">${attack}</th>
              <td>${setting}</td>
              <td>${outcome}</td>
              <td class="text">${cut(texts?.asked ?? '')}</td>
              <td class="text">${cut(texts?.answer ?? '')}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

function samplesOf(rows: readonly RedTeamRow[]): readonly RedTeamRow[] {
  const kept = rows.filter(({ kind, texts }) => kind === 'attack' && texts !== undefined)
  const first = new Map<string, RedTeamRow>()
  for (const row of kept) {
    const key = `${row.outcome === 'success' ? 0 : 1}|${row.setting}|${row.family}`
    if (!first.has(key)) first.set(key, row)
  }
  // Successes of all settings come first.
  return [...first]
    .toSorted(([one], [other]) => Number(one[0]) - Number(other[0]))
    .slice(0, MOST)
    .map(([, row]) => row)
}

/** What no page shows, or what turns the order of the words around, as its code: what was said must be seen as it was said. */
const HIDDEN = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g

function cut(text: string): string {
  const shown = text.length <= SHOWN ? text : `${text.slice(0, SHOWN)} …`
  return shown.replaceAll(HIDDEN, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}
