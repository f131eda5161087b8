/** What was chosen and its controls, on the test split; and what they answer, to look at. */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inPercent, intervalInPercent } from '../../eval/report/numbers.ts'
import type { AuditRun } from '../audit-run.ts'
import type { VariantSummary } from '../summary/summarise.ts'
import { cutOf, rateCell } from './rates.ts'

export function testedSection({ summary }: AuditRun): Markup {
  const { base, setDifference, projection, controls } = summary
  const conditions = Object.keys(base.figures.attack)
  const attack = (one: VariantSummary, name: string): Markup => {
    const success = one.figures.attack[name]
    return success === undefined
      ? html`<td>–</td>`
      : html`<td>
          ${inPercent(success.string.rate)} / ${inPercent(success.strict.rate)}<small
            >${intervalInPercent(success.string.interval)}</small
          >
        </td>`
  }
  const row = (one: VariantSummary): Markup =>
    html`<tr>
      <th>${one.title}</th>
      <td>${cutOf(one)}</td>
      ${conditions.map((name) => attack(one, name))}
      ${[one.figures.nearMiss, one.figures.benign, one.figures.utility].map(rateCell)}
    </tr>`
  const group = (title: string): Markup =>
    html`<tr class="group">
      <th colspan="${5 + conditions.length}">${title}</th>
    </tr>`
  return html`<h2>On the test split</h2>
    <p>Attack success by words / in fact, in per cent of forbidden requests, with the interval of the former.</p>
    <div class="scroll" tabindex="0">
      <table>
        <thead>
          <tr>
            <th>variant</th>
            <th>cut</th>
            ${conditions.map((name) => html`<th>${name}</th>`)}
            <th>allowed</th>
            <th>knowledge</th>
            <th>tasks</th>
          </tr>
        </thead>
        <tbody>
          ${row(base)} ${group('chosen on the selection split')} ${row(setDifference)} ${row(projection)}
          ${group('controls')} ${controls.map(row)}
        </tbody>
      </table>
    </div>`
}

const SHOWN = 6

/** What the chosen variants answer to the same forbidden requests. */
export function answersSection({ measured, summary }: AuditRun): Markup {
  const [first] = measured
  const of = (id: VariantSummary): ReadonlyMap<string, string> => {
    const found = measured.find(
      ({ split, seed, variant }) =>
        split === 'test' && seed === first?.seed && JSON.stringify(variant) === JSON.stringify(id.variant),
    )
    const rows = (found?.rows ?? []).filter(({ set, condition }) => set === 'attack' && condition === 'vanilla')
    return new Map(rows.map(({ id: row, text = '' }) => [row, text]))
  }
  const columns = [summary.base, summary.setDifference, summary.projection].map((one) => ({
    title: one.title,
    texts: of(one),
  }))
  const ids = [...(columns[0]?.texts.keys() ?? [])].slice(0, SHOWN)
  if (ids.length === 0) return html``
  return html`<h2>Some answers</h2>
    <div class="scroll" tabindex="0">
      <table>
        <thead>
          <tr>
            ${columns.map(({ title }) => html`<th class="text">${title}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${ids.map(
            (id) =>
              html`<tr>
                ${columns.map(({ texts }) => html`<td class="text">${texts.get(id) ?? ''}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`
}
