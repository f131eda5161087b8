/** What the candidate learnt from: rows by who labelled them, language and label, what was masked, and what was left out and why. */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inPercent, inWhole } from '../../eval/report/numbers.ts'
import { COUNTS } from '../collect/collect.ts'
import type { DataSetFacts, Slice } from '../collect/data-set.ts'
import type { Promotion } from '../promote/promotion.ts'

export function dataSection({ data, candidate }: Promotion): Markup {
  const { origin } = candidate
  if (data === null)
    return html`<h2 id="data">Data</h2>
      <p>
        ${origin.kind === 'given' ? 'This version was handed in; nothing is known here of its data.' : `It learnt from ${origin.data.id}, which is no longer there.`}
      </p>`
  const { agreement, consent } = data
  const allowed = ['applications', 'keys', 'sources'].flatMap((name) => {
    const names = consent[name]
    return Array.isArray(names) && names.length > 0 ? [`${name} ${names.map(String).join(', ')}`] : []
  })
  return html`<h2 id="data">Data</h2>
    <p>
      Data set ${data.id}, made on ${data.madeAt.slice(0, 10)}: ${inWhole(data.rows.rows)} rows to learn from,
      ${inWhole(data.rows['held-out'])} held out and never learnt from.
      ${
        agreement.texts === 0
          ? 'No text was judged by two people, so their agreement is not known.'
          : `Where two people or more spoke (${inWhole(agreement.texts)} texts), they agree on ${inPercent(agreement.agreed / agreement.texts)} %.`
      }
    </p>
    <p>
      Consent:
      ${allowed.length === 0 ? 'by user only' : allowed.join('; ')}${typeof consent['basis'] === 'string' ? ` (${consent['basis']})` : ''}.
      ${data.scrubbed.length === 0 ? '' : `${inWhole(data.scrubbed.reduce((all, { rows }) => all + rows, 0))} rows of forgotten users were taken out later.`}
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="Rows">
      <table>
        <thead>
          <tr>
            <th>Rows</th>
            <th>Harmless</th>
            <th>Harmful</th>
            <th>Held out</th>
          </tr>
        </thead>
        ${GROUPS.map(([title, keyOf]) => groupRows(title, data.slices, keyOf))}
      </table>
    </div>
    ${countsTable('Read, and left out', leftOut(data))}
    ${countsTable('Masked before anything was written', Object.entries(data.masked))}
    <p class="muted">
      ${
        data.names === true
          ? 'Names of persons within English sentences were looked for; some may remain.'
          : 'Names of persons within sentences were not looked for: the optional package compromise was not installed.'
      }
    </p>`
}

const GROUPS: readonly (readonly [string, (slice: Slice) => string])[] = [
  ['By who labelled them', ({ by }) => (by === 'person' ? 'people' : 'a judge')],
  ['By language', ({ lang }) => (lang === 'und' ? 'too short to tell' : lang)],
  ['By task', ({ task }) => task],
]

function groupRows(title: string, slices: readonly Slice[], keyOf: (slice: Slice) => string): Markup {
  const count = (key: string, test: (slice: Slice) => boolean): string =>
    inWhole(slices.filter((slice) => keyOf(slice) === key && test(slice)).reduce((all, { rows }) => all + rows, 0))
  return html`<tbody>
    <tr class="group">
      <th scope="rowgroup" colspan="4">${title}</th>
    </tr>
    ${[...new Set(slices.map(keyOf))].toSorted().map(
      (key) =>
        html`<tr>
          <th scope="row">${key}</th>
          <td>${count(key, ({ part, label }) => part === 'rows' && label === 0)}</td>
          <td>${count(key, ({ part, label }) => part === 'rows' && label === 1)}</td>
          <td>${count(key, ({ part }) => part === 'held-out')}</td>
        </tr>`,
    )}
  </tbody>`
}

function leftOut({ counts }: DataSetFacts): readonly (readonly [string, number])[] {
  return Object.entries(COUNTS).map(([name, words]) => [words, counts[name] ?? 0] as const)
}

function countsTable(title: string, counts: readonly (readonly [string, number])[]): Markup | null {
  const shown = counts.filter(([, count]) => count > 0)
  if (shown.length === 0) return null
  return html`<h3>${title}</h3>
    <div class="scroll" tabindex="0" role="region" aria-label="${title}">
      <table>
        <tbody>
          ${shown.map(
            ([name, count]) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td>${inWhole(count)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`
}
