/**
 * A run as one HTML page that stands alone: no script, no request, plots as inline SVG, light and dark, made for a phone as well.
 *
 * It computes nothing that is not in the run, and escapes everything (see `markup.ts`).
 */
import type { EvaluationRun } from '../run-format.ts'
import { policyInWords } from '../threshold-policy.ts'
import { comparisonSection } from './comparison.ts'
import { html, type Markup } from './markup.ts'
import { inWhole } from './numbers.ts'
import { setSection } from './set-section.ts'
import { renderPage } from './page.ts'
import { summarySection } from './summary.ts'
import { createView, taskWords } from './view.ts'

/** The page of a run. */
export function renderReport(run: EvaluationRun): string {
  const view = createView(run)
  const measured = run.subjects.filter(({ kind }) => kind === 'measured')
  const rows = run.sets.reduce((sum, set) => sum + set.rows, 0)
  return renderPage({
    title: `Evaluation: ${measured.map(({ name }) => name).join(', ')}`,
    heading: 'Guard evaluation',
    about: html`${measured.length} ${measured.length === 1 ? 'subject' : 'subjects'} on ${run.sets.length}
    ${run.sets.length === 1 ? 'set' : 'sets'}, ${inWhole(rows)} labelled
    samples${run.startedAt === null ? '' : `, begun ${run.startedAt}`}`,
    sections: [
      html`<li><a href="#summary">Summary</a></li>`,
      ...(run.comparisons.length > 0 ? [html`<li><a href="#comparison">Paired comparison</a></li>`] : []),
      ...run.sets.map(({ name }) => html`<li><a href="#${view.anchor(name)}">${name}</a></li>`),
      html`<li><a href="#method">How it was measured</a></li>`,
    ],
    main: html`${summarySection(view)} ${comparisonSection(view)} ${run.sets.map((set) => setSection(view, set))}
    ${methodSection(run)}`,
    footer: html`Format ${run.formatVersion} of Parapet's evaluation runs. No judged text is part of this page.`,
  })
}

function methodSection(run: EvaluationRun): Markup {
  const { configuration, environment } = run
  const failures =
    configuration.failurePolicy === 'count_as_positive'
      ? 'A parse failure, error or timeout counts as flagged and ranks above every score, as a guard that fails closed. It is counted in a column of its own, and never passes as a verdict.'
      : 'A sample with a parse failure, error or timeout is left out of the figures and counted in a column of its own.'
  return html`<section id="method">
    <h2>How it was measured</h2>
    <dl class="facts">
      <div>
        <dt>Seed</dt>
        <dd>${configuration.seed}</dd>
      </div>
      <div>
        <dt>Resamples</dt>
        <dd>${inWhole(configuration.resamples)}</dd>
      </div>
      <div>
        <dt>Samples at a time</dt>
        <dd>${configuration.concurrency}</dd>
      </div>
      <div>
        <dt>Deadline a sample</dt>
        <dd>${inWhole(configuration.perSampleTimeoutMs)} ms</dd>
      </div>
      <div>
        <dt>Machine</dt>
        <dd>${environment.cpuCount} × ${environment.cpuModel}</dd>
      </div>
      <div>
        <dt>Platform</dt>
        <dd>Node ${environment.node}, ${environment.platform} ${environment.architecture}</dd>
      </div>
    </dl>
    <h3>Subjects</h3>
    <ul>
      ${run.subjects.map(({ name, version, tasks, kind }) => html`<li><strong>${name}</strong>, version ${version}${kind === 'constant' ? ', baseline' : `: ${tasks.map(taskWords).join(', ')}`}</li>`)}
    </ul>
    <h3>Thresholds</h3>
    <p>Default: ${policyInWords(configuration.thresholds.default)}</p>
    ${Object.entries(configuration.thresholds.bySubject ?? {}).map(([name, policy]) => html`<p>${name}: ${policyInWords(policy)}</p>`)}
    ${run.fittingSets.map(({ name, rows, licence, citation, sha256 }) => html`<p>Fitting set ${name}: ${inWhole(rows)} rows, ${licence}, ${citation} <small>SHA-256 ${sha256}</small></p>`)}
    <h3>Failures</h3>
    <p>${failures} Calibration leaves failures out: they have no score.</p>
    <h3>Figures</h3>
    <p>
      AUPRC is average precision, without interpolation; equal scores are one step. AUROC counts ties as half. Recall at
      a bounded FPR is the highest recall of a threshold on this very set, so it is a little optimistic. ECE uses 15
      bins of equal width. FPR and recall have exact (Clopper-Pearson) intervals; the others have percentile bootstrap
      intervals, resampled within each label. A dash means that a figure is not defined: a set without positives has no
      F1.
    </p>
    <p>
      "In training data" counts samples whose text is one the subject was trained on, but for case and white space:
      another comma hides a text. "By 8-grams" counts those that share at least half of their runs of eight words; the
      shipped models carry hashes of whole texts only, so near copies of their training texts are not looked for.
      Paraphrases and translations are not found by either. "Not known" is not "none", and "at least" stands where other
      models, whose training texts nobody tells, decide too.
    </p>
  </section>`
}
