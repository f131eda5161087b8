/** One set of a run: what it is, curves, calibration, histograms, and tables of failures, latency, categories and languages. */
import { publishedFor, PUBLISHED_LABEL, type PublishedMatch, type PublishedSize } from '../published.ts'
import type { Figure, MeasuredResult, SetSummary, SliceFigures } from '../run-format.ts'
import { html, when, type Markup } from './markup.ts'
import { inDecimals, inMilliseconds, inPercent, inWhole } from './numbers.ts'
import { histogramPlot, precisionRecallPlot, reliabilityPlot, rocPlot, type Series } from './plots.ts'
import { SERIES } from './style.ts'
import { f1Cell, figureCell, overRefusalMark, subjectName, taskWords, type View } from './view.ts'

/** Rows of a category or language table. */
const SLICES = 40

export function setSection(view: View, set: SetSummary): Markup {
  const results = view.measured(set.name)
  return html`<section id="${view.anchor(set.name)}">
    <h2>${set.name}</h2>
    ${facts(set)}
    ${results.length === 0 ? html`<p>Not judged by any subject of this run: none has the task ${taskWords(set.task)}.</p>` : body(view, set, results)}
    ${published(set)}
  </section>`
}

function facts(set: SetSummary): Markup {
  return html`<dl class="facts">
    <div>
      <dt>Task</dt>
      <dd>${taskWords(set.task)}</dd>
    </div>
    <div>
      <dt>Purpose</dt>
      <dd>${set.purpose.replaceAll('_', ' ')}</dd>
    </div>
    <div>
      <dt>Rows</dt>
      <dd>${inWhole(set.rows)}</dd>
    </div>
    <div>
      <dt>Positive</dt>
      <dd>${inWhole(set.positives)} (${inPercent(set.positives / set.rows)} %)</dd>
    </div>
    <div>
      <dt>Licence</dt>
      <dd>${set.licence}</dd>
    </div>
    <div class="wide">
      <dt>Published by</dt>
      <dd>${set.citation}</dd>
    </div>
    <div class="wide">
      <dt>SHA-256</dt>
      <dd><small>${set.sha256}</small></dd>
    </div>
  </dl>`
}

function body(view: View, set: SetSummary, results: readonly MeasuredResult[]): Markup {
  const all = [...results, ...constants(view, set)]
  return html`${curves(view, set, results)} ${figuresTable(view, set, all)} ${distributions(view, results)}
    <h3>Decisions and failures</h3>
    ${decisionsTable(view, all)}
    <h3>Latency and contamination</h3>
    ${latencyTable(view, results)}
    <h3>Thresholds</h3>
    ${thresholds(view, results)} ${results.map((result) => slices(view, set, result))}`
}

function constants(view: View, set: SetSummary): readonly MeasuredResult[] {
  return view.run.subjects.flatMap(({ name, kind }) => (kind === 'constant' ? (view.result(name, set.name) ?? []) : []))
}

function curves(view: View, set: SetSummary, results: readonly MeasuredResult[]): Markup {
  const series = results.flatMap((result): readonly Series[] => {
    const colour = view.colour(result.subject)
    if (colour === null || result.curve === null) return []
    const { recall, precision, falsePositiveRate } = result.metrics
    const operating = {
      recall: recall.value,
      precision: precision.value,
      falsePositiveRate: falsePositiveRate.value,
    }
    return [{ name: result.subject, colour, curve: result.curve, operating }]
  })
  if (series.length === 0)
    return html`<p class="muted">
      No curves:
      ${set.positives === 0 || set.positives === set.rows ? 'every sample has the same label' : 'no subject gave a score for every sample'}.
    </p>`
  return html`<ul class="legend">
      ${series.map(({ name }) => html`<li>${subjectName(view, name)}</li>`)}
    </ul>
    <div class="plots">
      <figure>
        <figcaption>ROC curve <small>dot: the threshold in use; dotted: chance</small></figcaption>
        ${rocPlot(series)}
      </figure>
      <figure>
        <figcaption>
          Precision against recall <small>dot: the threshold in use; dotted: flag everything</small>
        </figcaption>
        ${precisionRecallPlot(series, set.positives / set.rows)}
      </figure>
    </div>
    ${when(results.length > SERIES, () => html`<p class="muted">Only the first ${SERIES} subjects are drawn; the tables hold all.</p>`)}`
}

function figuresTable(view: View, set: SetSummary, results: readonly MeasuredResult[]): Markup {
  const decimals = (figure: Figure): Markup => html`<td>${inDecimals(figure.value)}</td>`
  return scrollTable(
    `Figures on ${set.name}`,
    [
      'Subject',
      'AUPRC',
      'AUROC',
      'F1',
      'Precision',
      'Recall',
      'FPR',
      'Accuracy',
      'Recall at FPR ≤ 1 %',
      'Recall at FPR ≤ 5 %',
      'ECE',
      'Brier',
    ],
    results.map(
      ({ subject, metrics }) =>
        html`<tr>
          <th scope="row">${subjectName(view, subject)}</th>
          ${figureCell(metrics.averagePrecision)} ${figureCell(metrics.areaUnderRoc)}
          ${f1Cell(view, set.task, metrics.f1)} ${figureCell(metrics.precision)} ${figureCell(metrics.recall)}
          ${figureCell(metrics.falsePositiveRate)} ${figureCell(metrics.accuracy)} ${figureCell(metrics.recallAtFpr1)}
          ${figureCell(metrics.recallAtFpr5)} ${decimals(metrics.expectedCalibrationError)} ${decimals(metrics.brier)}
        </tr>`,
    ),
  )
}

function distributions(view: View, results: readonly MeasuredResult[]): Markup | null {
  const pairs = results.flatMap((result) => distributionPair(view, result) ?? [])
  return pairs.length === 0
    ? null
    : html`<h3>Scores and calibration</h3>
        ${pairs}`
}

function distributionPair(view: View, result: MeasuredResult): Markup | null {
  const { subject, histogram, reliability, threshold, metrics } = result
  const colour = view.colour(subject)
  if (colour === null || histogram === null) return null
  // With one label the diagram would only show the base rate.
  const calibration = metrics.areaUnderRoc.value === null ? null : reliability
  return html`<div class="pair">
    <h4>${subjectName(view, subject)}</h4>
    <figure>
      <figcaption>
        Scores by label ${when(threshold.value !== null, () => html`<small>dashed: threshold</small>`)}
      </figcaption>
      ${histogramPlot(histogram, threshold.value)}
    </figure>
    ${
      calibration === null
        ? null
        : html`<figure>
            <figcaption>
              Reliability
              <small>ECE ${inDecimals(metrics.expectedCalibrationError.value)}; dotted: perfectly calibrated</small>
            </figcaption>
            ${reliabilityPlot(calibration, colour)}
          </figure>`
    }
  </div>`
}

function decisionsTable(view: View, results: readonly MeasuredResult[]): Markup {
  return scrollTable(
    'Decisions and failures',
    [
      'Subject',
      'True pos.',
      'False pos.',
      'False neg.',
      'True neg.',
      'Parse failures',
      'Errors',
      'Timeouts',
      'Left out',
    ],
    results.map(
      ({ subject, confusion, failures, excluded }) =>
        html`<tr>
          <th scope="row">${subjectName(view, subject)}</th>
          <td>${confusion.truePositives}</td>
          <td>${confusion.falsePositives}</td>
          <td>${confusion.falseNegatives}</td>
          <td>${confusion.trueNegatives}</td>
          <td>${failures.parseFailures}</td>
          <td>${failures.errors}</td>
          <td>${failures.timeouts}</td>
          <td>${excluded}</td>
        </tr>`,
    ),
  )
}

function latencyTable(view: View, results: readonly MeasuredResult[]): Markup {
  return scrollTable(
    'Latency and contamination',
    ['Subject', 'p50 ms', 'p99 ms', 'In training data', 'By 8-grams', 'In fitting sets', 'Tiers'],
    results.map(({ subject, latency, contamination, tiers }) => {
      const shares = Object.entries(tiers)
      const scored = shares.reduce((sum, [, count]) => sum + count, 0)
      const known = (count: number | null, otherwise: string): string =>
        count === null ? otherwise : `${inWhole(count)} (${inPercent(count / contamination.samples)} %)`
      const least = contamination.partlyKnown === true && contamination.exact !== null ? 'at least ' : ''
      return html`<tr>
        <th scope="row">${subjectName(view, subject)}</th>
        <td>${latency === null ? '–' : inMilliseconds(latency.p50)}</td>
        <td>${latency === null ? '–' : inMilliseconds(latency.p99)}</td>
        <td>${least}${known(contamination.exact, 'not known')}</td>
        <td>${known(contamination.eightGram, 'not known')}</td>
        <td>${known(contamination.fitting, 'nothing fitted')}</td>
        <td>
          ${shares.length === 0 ? '–' : shares.map(([tier, count]) => html`<div>${tier} ${inPercent(count / scored)} %</div>`)}
        </td>
      </tr>`
    }),
  )
}

function thresholds(view: View, results: readonly MeasuredResult[]): Markup {
  return html`${results.map(({ subject, threshold, otherFailurePolicy: other }) => {
    const value = threshold.value === null ? '' : ` Threshold ${threshold.value.toPrecision(4)}.`
    const fitted = threshold.fittedRows === 0 ? '' : ` Fitted on ${inWhole(threshold.fittedRows)} samples.`
    const failed =
      other === null
        ? null
        : html`<p class="muted">
            Had failures been ${other.policy === 'exclude' ? 'left out' : 'counted as flagged'}: F1
            ${inPercent(other.f1)}, recall ${inPercent(other.recall)}, FPR ${inPercent(other.falsePositiveRate)}.
          </p>`
    return html`<p><strong>${subjectName(view, subject)}.</strong> ${threshold.words}${value}${fitted}</p>
      ${failed}`
  })}`
}

function slices(view: View, set: SetSummary, result: MeasuredResult): Markup | null {
  const tables = [
    ['category', 'Category', result.byCategory],
    ['language', 'Language', result.byLanguage],
  ] as const
  const shown = tables.filter(([kind, , rows]) => rows.length > (kind === 'language' ? 1 : 0))
  if (shown.length === 0) return null
  return html`${shown.map(
    ([kind, heading, rows]) =>
      html`<details>
        <summary>${result.subject} by ${kind} (${rows.length})</summary>
        ${sliceTable(view, set, `${result.subject} by ${kind}`, heading, rows)}
      </details>`,
  )}`
}

function sliceTable(
  view: View,
  set: SetSummary,
  label: string,
  heading: string,
  rows: readonly SliceFigures[],
): Markup {
  return html`${scrollTable(
    label,
    [heading, 'Rows', 'Positive', 'Recall', 'FPR', 'F1', 'AUPRC'],
    rows.slice(0, SLICES).map(
      (row) =>
        html`<tr>
          <th scope="row">${row.name}</th>
          <td>${row.rows}</td>
          <td>${row.positives}</td>
          ${figureCell(row.recall)} ${figureCell(row.falsePositiveRate)}
          <td>${inPercent(row.f1)}${row.f1 === null ? null : overRefusalMark(view, set.task)}</td>
          <td>${inPercent(row.averagePrecision)}</td>
        </tr>`,
    ),
  )}
  ${when(rows.length > SLICES, () => html`<p class="muted">The largest ${SLICES} of ${rows.length}; run.json holds all.</p>`)}`
}

function published(set: SetSummary): Markup | null {
  const { figures, extent, size } = publishedFor(set)
  if (figures.length === 0) return null
  const papers = [...new Set(figures.map(({ paper }) => paper))]
  const guards = [...new Set(figures.map(({ guard }) => guard))]
  const printed = (guard: string, paper: string): number | null =>
    figures.find((one) => one.guard === guard && one.paper === paper)?.f1 ?? null
  return html`<h3>F1 of other guards: ${PUBLISHED_LABEL}</h3>
    ${extentNote(set, extent, size)}
    <p class="muted">
      As papers print them for a benchmark of this name. Rows, prompts, thresholds and label rules may differ from this
      run's, and the same guard differs by up to 15 points between papers. A lead of a few points over these is no
      evidence.
    </p>
    ${scrollTable(
      `Published figures for ${set.name}`,
      ['Guard', ...papers.map((paper) => `F1 in ${paper}${extent === 'part' ? ' (whole set)' : ''}`)],
      guards.map(
        (guard) =>
          html`<tr>
            <th scope="row">${guard}</th>
            ${papers.map((paper) => html`<td>${inPercent(printed(guard, paper))}</td>`)}
          </tr>`,
      ),
    )}
    <ul>
      ${papers.map((paper) => html`<li><small>${figures.find((one) => one.paper === paper)?.source ?? ''}; ${PUBLISHED_LABEL}.</small></li>`)}
    </ul>`
}

/** Whether this run's set is the one that the papers measured on, as far as counts tell. */
function extentNote(set: SetSummary, extent: PublishedMatch['extent'], size: PublishedSize | null): Markup {
  if (size === null)
    return html`<p>How many rows the papers measured on is not known here: this set may be another or a part.</p>`
  const positives = size.positives === null ? '' : `, ${inWhole(size.positives)} positive`
  if (extent === 'whole')
    return html`<p>This set has the counts of the published one: ${inWhole(size.rows)} rows${positives}.</p>`
  return html`<p>
    <strong>A part:</strong> this set has ${inWhole(set.rows)} rows, ${inWhole(set.positives)} positive; the papers
    measured on ${inWhole(size.rows)}${positives}. Figures of a part and of the whole cannot be compared closely.
  </p>`
}

function scrollTable(label: string, headings: readonly string[], rows: readonly Markup[]): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">
    <table>
      <thead>
        <tr>
          ${headings.map((heading) => html`<th scope="col">${heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}
