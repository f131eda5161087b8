/** The operating point: what the owner chose, and what other choices would give. */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inPercent, inWhole } from '../../eval/report/numbers.ts'
import type { DevelopRun } from '../develop-run.ts'
import { textsFor } from '../model/operating-point.ts'
import { scroll } from './table.ts'

export function choiceSection({ operatingPoints, falseAlarms, promise, guard }: DevelopRun): Markup {
  const enough = textsFor(falseAlarms)
  const basis = `By ${inWhole(promise.texts)} different requests, each scored by a network that learnt neither it nor the system prompt beside it (${inWhole(guard.folds)} folds), ${perThousand(promise.expected)} in 1,000 further ones are to be expected, and with 95 % confidence no more than ${perThousand(promise.upper)}.`
  return html`<h2 id="choice">Your choice: fewer false alarms, or more found</h2>
    <p>
      You allowed ${inPercent(falseAlarms)} % of on-topic requests to be flagged. ${basis}
      ${
        promise.kept
          ? ''
          : promise.texts < enough
            ? html`That is more than you allowed:
              ${Number.isFinite(enough) ? `${inWhole(enough)} different requests are the least that can promise it` : 'no number of examples can promise that there will be none'}.
              Write more examples.`
            : html`That is more than you allowed, because the threshold is below one half.`
      }
      That holds for requests like your examples, not for what users ask that no example resembles.
    </p>
    <p>
      A line below is what <code>--false-alarms</code> of that share would promise for on-topic requests, and what it
      gives on the test part, which had no part in choosing: off-topic prompts found, and on-topic messages flagged.
      Lines are equal where the best F1 needs no more false alarms than that. To change it, run the same command with
      that option into a new folder.
    </p>
    ${scroll(
      'Operating points',
      html`<thead>
          <tr>
            <th>Allowed</th>
            <th>Promised in 1,000</th>
            <th>At most (95 %)</th>
            <th>Test: found, %</th>
            <th>Test: alarms in 1,000</th>
            <th class="text"></th>
          </tr>
        </thead>
        <tbody>
          ${operatingPoints.map(
            ({ allowed, chosen, promise: one, found, offTopic, flagged, onTopic }) =>
              html`<tr>
                <th scope="row">${inPercent(allowed)} %</th>
                <td>${perThousand(one.expected)}${one.kept ? '' : html`<small>too few texts</small>`}</td>
                <td>${perThousand(one.upper)}</td>
                <td>${inPercent(found / Math.max(1, offTopic))}</td>
                <td>${inWhole((1000 * flagged) / Math.max(1, onTopic))}</td>
                <td class="text">${chosen ? 'this guard' : ''}</td>
              </tr>`,
          )}
        </tbody>`,
    )}`
}

function perThousand(share: number): string {
  return inWhole(1000 * share)
}
