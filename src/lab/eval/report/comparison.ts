/** Two subjects on the same samples: who is right where the other is wrong, and differences with paired intervals. */
import type { Comparison } from '../run-format.ts'
import type { Difference } from '../metrics/paired.ts'
import { html, type Markup } from './markup.ts'
import { inPoints, inProbability } from './numbers.ts'
import { overRefusalMark, type View } from './view.ts'

export function comparisonSection(view: View): Markup | null {
  const { comparisons } = view.run
  if (comparisons.length === 0) return null
  return html`<section id="comparison">
    <h2>Paired comparison</h2>
    <p>
      Differences in points, first subject minus second, on the samples both judged, with 95 % paired bootstrap
      intervals. p is McNemar's mid-p: how likely so uneven a split of the disagreements would be if both were right
      equally often. Nothing is corrected for the ${comparisons.length} comparisons of this table: of 20 without any
      difference, one falls below 0.05 by chance.
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="Paired comparison">
      <table>
        <thead>
          <tr>
            <th scope="col">Set and pair</th>
            <th scope="col">Samples</th>
            <th scope="col">AUPRC</th>
            <th scope="col">F1</th>
            <th scope="col">FPR</th>
            <th scope="col">Only one right</th>
            <th scope="col">p</th>
          </tr>
        </thead>
        <tbody>
          ${comparisons.map((one) => row(view, one))}
        </tbody>
      </table>
    </div>
  </section>`
}

function row(view: View, { set, left, right, result }: Comparison): Markup {
  const task = view.run.sets.find(({ name }) => name === set)?.task
  const mark = task === undefined || result.f1.value === null ? null : overRefusalMark(view, task)
  const { mcNemar } = result
  return html`<tr>
    <th scope="row">${set}<small>${left} − ${right}</small></th>
    <td>${result.rows}</td>
    ${cell(result.averagePrecision)} ${cell(result.f1, mark)} ${cell(result.falsePositiveRate)}
    <td>${mcNemar.onlyLeftRight} : ${mcNemar.onlyRightRight}</td>
    <td>${inProbability(mcNemar.midP)}<small>exact ${inProbability(mcNemar.exactP)}</small></td>
  </tr>`
}

function cell({ value, interval }: Difference, mark: Markup | null = null): Markup {
  const range = interval === null ? '' : `${inPoints(interval.low)} to ${inPoints(interval.high)}`
  return html`<td>${inPoints(value)}${mark}<small>${range}</small></td>`
}
