/** The operating point: what the owner chose, and what other choices would give. */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inPercent, inWhole } from '../../eval/report/numbers.ts'
import type { DevelopRun } from '../develop-run.ts'
import { scroll } from './table.ts'

export function choiceSection({ operatingPoints, samples, falseAlarms }: DevelopRun): Markup {
  return html`<h2 id="choice">Your choice: fewer false alarms, or more found</h2>
    <p>
      This guard was calibrated so that at most ${inPercent(falseAlarms)} % of the on-topic calibration messages are
      flagged. A line below is what <code>--false-alarms</code> of that share would give on the test part, with the same
      teaching. Each was chosen on the calibration part alone (${inWhole(samples.parts.calibrate.texts)} different
      texts), so that what comes out on the test part differs from what was allowed: the fewer examples, the more. Lines
      are equal where the best F1 in calibration needs no more false alarms than that. To change it, run the same
      command with that option into a new folder.
    </p>
    ${scroll(
      'Operating points',
      html`<thead>
          <tr>
            <th>Allowed in calibration</th>
            <th>Off-topic found, %</th>
            <th>False alarms in 1,000 on-topic messages</th>
            <th class="text"></th>
          </tr>
        </thead>
        <tbody>
          ${operatingPoints.map(
            ({ allowed, chosen, found, offTopic, flagged, onTopic }) =>
              html`<tr>
                <th scope="row">${inPercent(allowed)} %</th>
                <td>${inPercent(found / Math.max(1, offTopic))}</td>
                <td>${inWhole((1000 * flagged) / Math.max(1, onTopic))}</td>
                <td class="text">${chosen ? 'this guard' : ''}</td>
              </tr>`,
          )}
        </tbody>`,
    )}`
}
