/**
 * An alignment run as one HTML page that stands alone: held-out figures before and after, loss, samples. It computes nothing that is not
 * in the run, and escapes everything.
 */
import { html, type Markup } from '../eval/report/markup.ts'
import { inDecimals, inPercent, inPoints, inWhole, intervalInPercent } from '../eval/report/numbers.ts'
import { renderPage } from '../eval/report/page.ts'
import { lossPlot } from '../train/loss-plot.ts'
import type { Interval } from '../eval/metrics/binomial.ts'
import type { PreferenceChange, PreferenceFigures } from './preference-measure.ts'
import type { AlignRun } from './run-align.ts'

export function renderAlignReport(run: AlignRun): string {
  const { kind, ...settings } = run.loss
  const { passes, learningRate, loraRank, batch, maxLength, seed, threads } = run.options
  return renderPage({
    title: `Alignment with ${kind}`,
    about: html`${loraRank > 0 ? `An adapter of rank ${loraRank}` : 'The whole model'} on ${inWhole(run.examples)}
    ${run.data.form} of ${run.data.name}; ${inWhole(run.leftOut)} were longer than ${inWhole(maxLength)} tokens and left
    out.`,
    main: html`<h2>Settings</h2>
      <dl class="facts">
        ${Object.entries(settings).map(([name, value]) => fact(`${kind}: ${name}`, String(value)))}
        ${fact('Passes', String(passes))} ${fact('Highest learning rate', String(learningRate))}
        ${fact(`${run.data.form === 'pairs' ? 'Pairs' : 'Turns'} of a step`, inWhole(batch))}
        ${fact('Seed', String(seed))} ${fact('Threads', String(threads))}
      </dl>
      <h2>On prompts that were held out</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Held-out figures">
        <table>
          <thead>
            <tr>
              <th></th>
              <th>Ranked rightly, %</th>
              <th>Margin, nats</th>
              <th>Good, nats a token</th>
              <th>Bad, nats a token</th>
              <th>Rows</th>
            </tr>
          </thead>
          <tbody>
            ${figures('Before', run.heldOut.before)} ${figures('After', run.heldOut.after)}
            ${changeRow(run.heldOut.change)}
          </tbody>
        </table>
      </div>
      <p class="muted">
        By the model's own log-probabilities. Of pairs, the share whose chosen response is the likelier one; of labelled
        turns, the chance that a good one is likelier a token than a bad one. Where both good and bad responses grow
        unlikely, the model moves away from its data: lower the learning rate or raise beta. Below each figure stands
        its 95 % interval, of the change paired by row; several rows of one prompt make them too narrow.
      </p>
      <h2>Training</h2>
      <div class="plots">
        ${lossPlot([{ name: kind, history: run.history }], { unit: kind === 'sft' ? 'nats a token that is learnt' : `units of the ${kind} loss` })}
      </div>
      <h2>Samples of the held-out prompts</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Samples">
        <table>
          <thead>
            <tr>
              <th class="text">Prompt</th>
              <th class="text">Before</th>
              <th class="text">After</th>
            </tr>
          </thead>
          <tbody>
            ${run.samples.map(
              ({ asked, before, after }) =>
                html`<tr>
                  <td class="text">${asked}</td>
                  <td class="text">${before}</td>
                  <td class="text">${after}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`,
    footer: html`${run.data.name} ${run.data.sha256.slice(0, 16)}. One thread gives the same numbers again on one kind
    of processor and version of onnxruntime.`,
  })
}

function fact(name: string, value: string): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`
}

function figures(name: string, measured: PreferenceFigures): Markup {
  const { rows, rankedRightly, rankedRightlyInterval, margin, marginInterval, good, bad } = measured
  return html`<tr>
    <th scope="row">${name}</th>
    <td>${inPercent(rankedRightly)}<small>${intervalInPercent(rankedRightlyInterval)}</small></td>
    <td>${inDecimals(margin)}<small>${inNats(marginInterval)}</small></td>
    ${[good, bad].map((value) => html`<td>${inDecimals(value)}</td>`)}
    <td>${inWhole(rows)}</td>
  </tr>`
}

function changeRow({ rankedRightly, margin }: PreferenceChange): Markup {
  const points = rankedRightly.interval
  return html`<tr>
    <th scope="row">Change</th>
    <td>
      ${inPoints(rankedRightly.value)}
      <small>${points === null ? '' : `${inPoints(points.low)} to ${inPoints(points.high)}`}</small>
    </td>
    <td>${inDecimals(margin.value)}<small>${inNats(margin.interval)}</small></td>
    <td></td>
    <td></td>
    <td></td>
  </tr>`
}

function inNats(interval: Pick<Interval, 'low' | 'high'> | null): string {
  return interval === null ? '' : `${inDecimals(interval.low)} to ${inDecimals(interval.high)}`
}
