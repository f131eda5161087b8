/** The first tables of the report: every subject on every set, a table a task, with the constant baseline beside each figure. */
import type { EvaluationRun, Figure, SetSummary, SubjectSummary } from '../run-format.ts'
import type { EvaluationTask } from '../sample.ts'
import { html, type Markup } from './markup.ts'
import { inPercent } from './numbers.ts'
import { strip } from './plots.ts'
import { f1Cell, figureCell, overRefusalCell, setLine, subjectName, taskWords, type View } from './view.ts'

export function summarySection(view: View): Markup {
  const tasks = [...new Set(view.run.sets.map(({ task }) => task))]
  return html`<section id="summary">
    <h2>Summary</h2>
    <p>
      All figures in per cent, with 95 % intervals below. In a strip the dot is the value, the bar its interval, and the
      upright mark what flagging everything gets. A figure that is no better than that mark says nothing about the
      guard.
    </p>
    ${warnings(view.run)} ${tasks.map((task) => taskTable(view, task))}
  </section>`
}

function warnings({ overRefusal }: EvaluationRun): Markup | null {
  const few = overRefusal.filter(({ enough }) => !enough)
  if (few.length === 0) return null
  return html`<div class="alert" id="over-refusal" role="note">
    <p>
      <strong>F1 without false alarms.</strong> An F1 says little about how often harmless text is stopped. Two
      over-refusal sets belong beside it; this run has
      ${few.map(({ task, sets }) => `${sets.length} for ${taskWords(task)}`).join(', ')}. Every F1 it touches is marked.
    </p>
  </div>`
}

function taskTable(view: View, task: EvaluationTask): Markup {
  const sets = view.run.sets.filter((set) => set.task === task)
  return html`<h3>${capital(taskWords(task))}</h3>
    <div class="scroll" tabindex="0" role="region" aria-label="${`Summary of ${taskWords(task)}`}">
      <table>
        <thead>
          <tr>
            <th scope="col">Subject</th>
            <th scope="col">AUPRC</th>
            <th scope="col">F1</th>
            <th scope="col">FPR</th>
            <th scope="col">Recall</th>
            <th scope="col">Failures</th>
            <th scope="col">FPR on over-refusal sets</th>
          </tr>
        </thead>
        ${sets.map((set) => setRows(view, set))}
      </table>
    </div>`
}

function setRows(view: View, set: SetSummary): Markup {
  return html`<tbody>
    <tr class="group">
      <th scope="rowgroup" colspan="7">
        <a href="#${view.anchor(set.name)}">${set.name}</a> <small>${setLine(set)}</small>
      </th>
    </tr>
    ${view.run.subjects.map((subject) => subjectRow(view, set, subject))}
  </tbody>`
}

function subjectRow(view: View, set: SetSummary, { name, kind }: SubjectSummary): Markup {
  const result = view.result(name, set.name)
  const heading = html`<th scope="row">${subjectName(view, name)}</th>`
  if (result === null)
    return html`<tr>
      ${heading}
      <td colspan="6" class="text">not judged: this subject has no ${taskWords(set.task)} task</td>
    </tr>`
  const { averagePrecision, f1, falsePositiveRate, recall } = result.metrics
  const constant = view.constant(set.name)?.metrics
  const colour = view.colour(name)
  const beside = (figure: Figure, baseline: Figure | undefined): Markup | null =>
    kind === 'measured' && figure.value !== null ? strip(figure, baseline?.value ?? null, colour) : null
  const failed = result.failures.parseFailures + result.failures.errors + result.failures.timeouts
  return html`<tr class="${kind}">
    ${heading} ${figureCell(averagePrecision, beside(averagePrecision, constant?.averagePrecision))}
    ${f1Cell(view, set.task, f1, beside(f1, constant?.f1))} ${figureCell(falsePositiveRate)} ${figureCell(recall)}
    <td>${failed}<small>${failed === 0 ? '' : `${inPercent(failed / set.rows)} %`}</small></td>
    ${f1.value === null ? html`<td></td>` : overRefusalCell(view, name, set.task)}
  </tr>`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
