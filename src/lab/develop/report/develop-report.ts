/** The report of a run, for the owner of a product: what the guard is to do, what it was taught with, how well it does, and what it cannot do. */
import type { Interval } from '../../eval/metrics/binomial.ts'
import { html, type Markup } from '../../eval/report/markup.ts'
import { inDecimals, inMilliseconds, inPercent, inWhole, intervalInPercent } from '../../eval/report/numbers.ts'
import { renderPage } from '../../eval/report/page.ts'
import { reliabilityPlot } from '../../eval/report/plots.ts'
import type { DevelopRun, PartFigures } from '../develop-run.ts'
import { choiceSection } from './choice-section.ts'
import { limitsSection } from './limits-section.ts'
import { samplesSection } from './samples-section.ts'
import { scroll } from './table.ts'

export function renderDevelopReport(run: DevelopRun): string {
  const { specification, guard, latency, subjects, samples, alarmsPerThousand, promise } = run
  const [own] = subjects
  return renderPage({
    title: `Off-topic guard of ${specification.name}`,
    about: html`Made without traffic, from a specification: ${specification.use}`,
    sections: [
      html`<li><a href="#policy">Policy</a></li>`,
      html`<li><a href="#data">Data</a></li>`,
      html`<li><a href="#choice">Your choice</a></li>`,
      html`<li><a href="#quality">Quality</a></li>`,
      html`<li><a href="#slices">Slices</a></li>`,
      html`<li><a href="#calibration">Calibration</a></li>`,
      html`<li><a href="#limits">What it cannot do</a></li>`,
    ],
    main: html`<div class="alert"><p>${run.conclusion}</p></div>
      <dl class="facts">
        ${fact('Off-topic prompts found', `${inPercent(own?.figures.recall ?? null)} %`)}
        ${fact('False alarms in 1,000 on-topic messages', inWhole(alarmsPerThousand.value))}
        ${fact('Area under ROC', inDecimals(own?.figures.auc ?? null))}
        ${fact('Promised: at most, in 1,000 on-topic requests (95 %)', inWhole(1000 * promise.upper))}
        ${fact('Test samples (different texts)', `${inWhole(samples.parts.test.rows)} (${inWhole(samples.parts.test.texts)})`)}
        ${fact('Time of a prompt', `${inMilliseconds(latency.median)} ms`)}
      </dl>
      ${policySection(run)} ${samplesSection(run)} ${choiceSection(run)} ${qualitySection(run)} ${slicesSection(run)}
      ${calibrationSection(run)} ${limitsSection(run)}`,
    footer: html`Specification ${run.specificationSha256.slice(0, 16)}. Generator ${samples.generator}. Seed
    ${String(run.seed)}. Model ${guard.id} ${guard.sha256.slice(0, 16)}, ${inWhole(guard.bytes)} bytes, begun from
    ${guard.start}.`,
  })
}

/** Promised false alarms may be this share before the report asks for more examples. */
const SURE = 0.1
/** Area under ROC of a coin. */
const CHANCE = 0.5

/** The result in a few sentences. */
export function conclusionOf(run: Omit<DevelopRun, 'conclusion'>): string {
  const [own, cosine] = run.subjects
  const auc = (value: number | null | undefined): string => inDecimals(value ?? null)
  const better = (own?.figures.intervals.auc?.low ?? 0) > Math.max(CHANCE, cosine?.figures.auc ?? 1)
  return (
    `On ${inWhole(run.samples.parts.test.rows)} made samples of ${inWhole(run.samples.parts.test.texts)} different texts, beside system prompts it was not taught with, the guard finds ` +
    `${inPercent(own?.figures.recall ?? null)} % of the off-topic prompts (95 %: ${intervalInPercent(run.found.interval)}) and flags ` +
    `${inWhole(run.alarmsPerThousand.value)} in 1,000 on-topic ones (${perThousand(run.alarmsPerThousand.interval)}). ` +
    `Its area under ROC is ${auc(own?.figures.auc)}, that of plain likeness ${auc(cosine?.figures.auc)}: ${better ? 'it is better than likeness on these samples.' : 'no gain over likeness is shown on these samples.'} ` +
    `${(own?.figures.intervals.auc?.low ?? 0) > CHANCE ? '' : 'It is not shown to tell on-topic from off-topic messages at all: do not use it. '}` +
    `By cross-fitting on ${inWhole(run.promise.texts)} on-topic requests, ${inWhole(1000 * run.promise.expected)} in 1,000 like them are to be expected flagged, at most ${inWhole(1000 * run.promise.upper)} (95 %)${run.promise.kept ? '' : `: more than the ${inWhole(1000 * run.falseAlarms)} that were allowed`}. ` +
    `${run.promise.upper <= SURE ? '' : 'So few different on-topic texts say little about false alarms: write more examples. '}` +
    `What real users write has not been measured.`
  )
}

function perThousand(interval: Interval | null): string {
  return interval === null ? 'no interval' : `${inWhole(1000 * interval.low)} to ${inWhole(1000 * interval.high)}`
}

function policySection({ specification, threshold }: DevelopRun): Markup {
  const { name, use, misuse, topics, edgeCases, offTopic } = specification
  return html`<h2 id="policy">The policy in plain words</h2>
    <p>
      A user of ${name} may ask about anything it is for: ${use} A message that has nothing to do with it is off topic:
      ${misuse} Greetings, thanks and short answers are on topic. A message is stopped when the guard gives it a score
      above ${String(threshold)}; when the guard fails, the policy's onError decides, which blocks unless it says
      otherwise.
    </p>
    ${scroll(
      'Topics',
      html`<thead>
          <tr>
            <th>On topic</th>
            <th class="text">For example</th>
          </tr>
        </thead>
        <tbody>
          ${topics.map(
            (topic) =>
              html`<tr>
                <th scope="row">${topic.name}</th>
                <td class="text">${topic.examples[0] ?? ''}</td>
              </tr>`,
          )}
        </tbody>`,
    )}
    <p>
      ${edgeCases.map((edge) => (typeof edge === 'string' ? `${edge} ` : `“${edge.prompt}” is ${edge.label}${edge.why === undefined ? '' : ` (${edge.why})`}. `))}
      ${offTopic.length === 0 ? '' : `Off topic, for example: “${offTopic[0] ?? ''}”.`}
    </p>`
}

function qualitySection({ subjects, harmful, samples, latency, guard, seed }: DevelopRun): Markup {
  return html`<h2 id="quality">How well it does, and the baselines</h2>
    ${scroll(
      'Quality',
      html`<thead>
          <tr>
            <th>Who judges</th>
            <th>AUC</th>
            <th>F1, %</th>
            <th>Precision, %</th>
            <th>Recall, %</th>
            <th>False alarms, %</th>
            <th>Threshold</th>
            <th>Failures</th>
          </tr>
        </thead>
        <tbody>
          ${subjects.map(
            ({ name, figures, thresholdFrom, failures }) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td>
                  ${inDecimals(figures.auc)}<small
                    >${figures.intervals.auc === null ? '' : `${inDecimals(figures.intervals.auc.low)} to ${inDecimals(figures.intervals.auc.high)}`}</small
                  >
                </td>
                <td>${inPercent(figures.f1)}<small>${intervalInPercent(figures.intervals.f1)}</small></td>
                <td>${inPercent(figures.precision)}</td>
                <td>${inPercent(figures.recall)}<small>${intervalInPercent(figures.intervals.recall)}</small></td>
                <td>
                  ${inPercent(figures.falsePositiveRate)}<small
                    >${intervalInPercent(figures.intervals.falsePositiveRate)}</small
                  >
                </td>
                <td>${String(Number(figures.threshold.toPrecision(3)))}<small>${thresholdFrom}</small></td>
                <td>${inWhole(failures)}</td>
              </tr>`,
          )}
        </tbody>`,
    )}
    <p class="muted">
      ${inWhole(samples.parts.test.rows)} made samples (${inWhole(samples.parts.test.texts)} different texts) of
      ${inWhole(samples.parts.test.systemPrompts)} system prompts that nothing was taught or calibrated with; seed
      ${String(seed)}. 95 % intervals in this table by bootstrap over samples: samples of one text or system prompt
      resemble each other, so the true uncertainty is larger. The intervals at the head of the page count each text
      once. By cross-fitting (${inWhole(guard.folds)} folds) the area under ROC was ${inDecimals(guard.before)} before
      teaching and ${inDecimals(guard.after)} after; the ${guard.kept === 'taught' ? 'taught' : 'general'} network was
      kept.
    </p>
    <p>
      ${
        harmful === null
          ? 'Harmful prompts were not measured: give a file of them.'
          : `Of ${inWhole(harmful.rows)} harmful prompts beside random system prompts, ${inPercent(harmful.flagged / Math.max(1, harmful.rows))} % (${intervalInPercent(harmful.interval)}) are flagged. That shows that they are off topic, not that harm is understood.`
      }
      One prompt takes ${inMilliseconds(latency.median)} ms (99th percentile ${inMilliseconds(latency.p99)} ms) with the
      ${latency.runtime === 'node' ? 'native' : 'WebAssembly'} runtime on the machine of this run, once its system
      prompt was read: ${inWhole(latency.pairsPerMinute)} pairs a minute.
    </p>`
}

function slicesSection({ bySlice, byLanguage }: DevelopRun): Markup {
  return html`<h2 id="slices">By slice and language</h2>
    ${partTable('Slice', bySlice)} ${partTable('Language', byLanguage)}`
}

function partTable(what: string, parts: readonly PartFigures[]): Markup {
  return scroll(
    what,
    html`<thead>
        <tr>
          <th>${what}</th>
          <th>Samples</th>
          <th>On topic</th>
          <th>of them flagged</th>
          <th>Off topic</th>
          <th>of them missed</th>
        </tr>
      </thead>
      <tbody>
        ${parts.map(
          ({ name, rows, onTopic, falseAlarms, offTopic, missed }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td>${inWhole(rows)}</td>
              <td>${inWhole(onTopic)}</td>
              <td>
                ${inWhole(falseAlarms)}<small>${onTopic === 0 ? '' : `${inPercent(falseAlarms / onTopic)} %`}</small>
              </td>
              <td>${inWhole(offTopic)}</td>
              <td>${inWhole(missed)}<small>${offTopic === 0 ? '' : `${inPercent(missed / offTopic)} %`}</small></td>
            </tr>`,
        )}
      </tbody>`,
  )
}

function calibrationSection({ reliability, subjects }: DevelopRun): Markup {
  const [own] = subjects
  return html`<h2 id="calibration">Whether scores mean what they say</h2>
    <div class="plots"><figure>${reliabilityPlot(reliability, 0)}</figure></div>
    <p>
      Of messages with a score near 0.8, about eight in ten should be off topic: then the dots lie on the diagonal.
      Calibration that holds false alarms down sets scores lower than that: read a score as a rank, and one half as the
      line. The mean distance (expected calibration error, ten bins) is
      ${inDecimals(own?.figures.calibrationError ?? null)}, the Brier score ${inDecimals(own?.figures.brier ?? null)}.
    </p>`
}

function fact(name: string, value: string): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`
}
