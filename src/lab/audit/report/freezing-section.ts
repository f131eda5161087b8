/** The freezing test: attack success by weights kept and examples learnt. */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inPercent, intervalInPercent } from '../../eval/report/numbers.ts'
import type { AuditRun } from '../audit-run.ts'

export function freezingSection({ summary, settings }: AuditRun): Markup {
  const { freezing: rows } = summary
  if (rows.length === 0) return html``
  const { epochs, rate: learning, batch } = settings.freezing
  return html`<h2>Freezing the safety-critical weights</h2>
    <p>
      The model is tuned on forbidden requests with answers (${epochs} passes, learning rate ${learning}, batch
      ${batch}) while the top of each row by safety may not change, or is set back afterwards. Success by words / in
      fact, in per cent of forbidden requests.
    </p>
    <div class="scroll" tabindex="0">
      <table>
        <thead>
          <tr>
            <th>weights kept</th>
            ${settings.freezing.examples.map((count) => html`<th>${count} examples</th>`)}
          </tr>
        </thead>
        <tbody>
          ${(['freeze', 'rewind'] as const).flatMap((mode) =>
            settings.freezing.shares.map((share) => {
              const own = rows.filter((row) => row.mode === mode && row.share === share)
              if (own.length === 0) return html``
              return html`<tr>
                <th>
                  ${share === 0 ? 'none' : `${Math.round(100 * share)} % of each row, ${mode === 'freeze' ? 'frozen' : 'set back'}`}
                </th>
                ${settings.freezing.examples.map((count) => {
                  const found = own.find(({ examples: of }) => of === count)
                  return found === undefined
                    ? html`<td>–</td>`
                    : html`<td>
                        ${inPercent(found.string.rate)} / ${inPercent(found.strict.rate)}<small
                          >${intervalInPercent(found.string.interval)}</small
                        >
                      </td>`
                })}
              </tr>`
            }),
          )}
        </tbody>
      </table>
    </div>`
}
