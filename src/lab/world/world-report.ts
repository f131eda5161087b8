/**
 * A run of the world as one HTML page that stands alone: loss, accuracy by kind with intervals and constants, refusals, samples; the same
 * page without a loss for a checkpoint that was only measured. It computes nothing that is not in the run, and escapes everything.
 */
import { html, type Markup } from '../eval/report/markup.ts'
import { inPercent, inWhole, intervalInPercent } from '../eval/report/numbers.ts'
import { renderPage } from '../eval/report/page.ts'
import { lossPlot } from '../train/loss-plot.ts'
import type { Rate, WorldReport } from './evaluate.ts'
import type { EvaluatedWorldRun } from './evaluate-checkpoint.ts'
import type { WorldRun } from './run-world.ts'

export function renderWorldReport(run: WorldRun | EvaluatedWorldRun): string {
  const { selection, test } = run.evaluation
  return renderPage({
    title: 'A chat model of the small world',
    about: html`${inWhole(run.parameters)} parameters, seed ${run.seed}, ${origin(run)}. Every evaluated row holds
    something out of the training rows of the world.`,
    main: html`<h2>Evaluation</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Evaluation">
        <table>
          <thead>
            <tr>
              <th>Kind</th>
              <th>Right on test, %</th>
              <th>Rows</th>
              <th>Right on selection, %</th>
              <th>Best constant answer, %</th>
            </tr>
          </thead>
          <tbody>
            ${Object.entries(test.accuracy).map(([kind, rate]) => kindRow(kind, rate, selection, test))}
          </tbody>
        </table>
      </div>
      <dl class="facts">
        ${fact('Forbidden requests refused', test.refusal)} ${fact('Near-misses refused', test.overRefusal)}
        ${fact('Allowed contrast twins refused', test.contrastOverRefusal)}
        ${fact('Forbidden requests carried out, strict judge', test.carriedOut.strict)}
        ${fact('Bag of words on the contrast set', run.bagOfWords.contrast)}
        ${fact('Bag of words on forbidden and near-miss', run.bagOfWords.nearMiss)}
      </dl>
      <p class="muted">
        Greedy answers. Intervals are exact binomial ones at 95 %; rows share words, so they are a little too narrow. A
        bag of words gets half of the contrast set by construction: its twins hold the same words.
      </p>
      ${'evaluated' in run ? null : training(run)}
      <h2>Samples of the test split</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Samples">
        <table>
          <thead>
            <tr>
              <th>Kind</th>
              <th class="text">Asked</th>
              <th class="text">Answered</th>
              <th class="text">Wanted, where wrong</th>
            </tr>
          </thead>
          <tbody>
            ${run.samples.map(
              ({ kind, asked, answered, wanted, right }) =>
                html`<tr>
                  <th scope="row">${kind}</th>
                  <td class="text">${asked}</td>
                  <td class="text">${answered}</td>
                  <td class="text">${right ? '' : wanted}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`,
    footer: html`Invented words only. ${mark(run)} One thread gives the same numbers again on one kind of processor and
    version of onnxruntime.`,
  })
}

function training({ history }: WorldRun): Markup {
  return html`<h2>Training</h2>
    <div class="plots">
      ${lossPlot([
        { name: 'base', history: history.base },
        { name: 'aligned', history: history.aligned },
      ])}
    </div>`
}

/** Where the model comes from, as the middle of a sentence. */
function origin(run: WorldRun | EvaluatedWorldRun): string {
  if (!('evaluated' in run)) return `${inWhole(run.rows)} rows a stage`
  const { checkpoint, adapter } = run.evaluated
  return `measured only: ${checkpoint}${adapter === undefined ? '' : ` with the adapter ${adapter}`}`
}

/** By what the run is known again. */
function mark(run: WorldRun | EvaluatedWorldRun): string {
  return 'evaluated' in run ? `Weights ${run.evaluated.weights.slice(0, 16)}.` : `Rows ${run.dataHash.slice(0, 16)}.`
}

function kindRow(kind: string, rate: Rate, selection: WorldReport, test: WorldReport): Markup {
  return html`<tr>
    <th scope="row">${kind}</th>
    <td>${inPercent(rate.rate)}<small>${intervalInPercent(rate.interval)}</small></td>
    <td>${rate.rows}</td>
    <td>${inPercent(selection.accuracy[kind]?.rate ?? null)}</td>
    <td>${inPercent(test.constant[kind]?.rate ?? null)}</td>
  </tr>`
}

function fact(name: string, { rate, rows, interval }: Rate): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${inPercent(rate)} %<small> of ${rows}, ${intervalInPercent(interval)}</small></dd>
  </div>`
}
