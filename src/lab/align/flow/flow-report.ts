/**
 * The flow experiment as one HTML page that stands alone: conclusion, table of regimes, checks, chosen settings, loss curves, samples. It
 * computes nothing that is not in the run, and escapes everything.
 */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inDecimals, inWhole } from '../../eval/report/numbers.ts'
import { renderPage } from '../../eval/report/page.ts'
import type { StepProgress } from '../../train/step-loop.ts'
import { lossPlot } from '../../train/loss-plot.ts'
import type { CrossedMean } from './crossed-bootstrap.ts'
import type { FlowRow } from './flow-summary.ts'
import { range } from './flow-table.ts'
import type { FlowRun } from './run-flows.ts'

export function renderFlowReport(run: FlowRun): string {
  const { rows, checks, conclusion, seeds, size, parameters, samples, choices } = run
  return renderPage({
    title: 'Alignment of a conversation bot',
    about: html`The protocol of arXiv 2406.18954 on generated flows: ${inWhole(parameters)} parameters, seeds
    ${seeds.join(', ')}, ${size.situations} turns and ${size.conversations} whole flows of held-out orders of steps;
    every phase has ${size.phaseSteps} steps of ${size.phaseRows} rows.`,
    main: html`<p>${conclusion}</p>
      <h2>Regimes</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Regimes">
        <table>
          <thead>
            <tr>
              <th>Regime</th>
              <th>Joint, greedy</th>
              <th>Joint, T = 1</th>
              <th>Over S′</th>
              <th>Flow</th>
              <th>Guideline</th>
              <th>Over-refusal</th>
              <th>Helpful</th>
              <th>Wrong fact</th>
              <th>Refusals</th>
              <th>Flows passed, greedy</th>
              <th>Words</th>
              <th>KL, nats a turn</th>
              <th>Better / worse than S′</th>
            </tr>
          </thead>
          <tbody>
            ${rows.map(regimeRow)}
          </tbody>
        </table>
      </div>
      <p class="muted">
        Shares at temperature 1 unless greedy is said, by the rules of the world. Intervals at 95 % resample seeds and
        situations; below them the value of each seed. Over-refusal is of turns in which nothing forbidden is asked,
        helpfulness and wrong facts of allowed questions. KL is estimated from the model's own turns on held-out
        prompts, against what its last phase started from.
      </p>
      <h2>Checks</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Checks">
        <table>
          <thead>
            <tr>
              <th>Check</th>
              <th>Wanted</th>
              <th>Found</th>
              <th>Holds</th>
            </tr>
          </thead>
          <tbody>
            ${checks.map(
              ({ what, wanted, found, passed }) =>
                html`<tr>
                  <th scope="row">${what}</th>
                  <td>${wanted}</td>
                  <td>${found}</td>
                  <td>${passed ? 'yes' : 'no'}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <h2>Settings, chosen on the selection split after S′</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Settings">
        <table>
          <thead>
            <tr>
              <th>Loss</th>
              <th class="text">Settings</th>
              <th>Learning rate</th>
              <th>Joint</th>
              <th>Over-refusal</th>
              <th>Chosen</th>
            </tr>
          </thead>
          <tbody>
            ${Object.values(choices)
              .flat()
              .map(({ candidate, joint, overRefusal, chosen }) => {
                const { kind, ...options } = candidate.loss
                const ratio = candidate.imbalanceRatio
                const told = { ...options, ...(ratio === undefined ? {} : { ratio: Number(ratio.toFixed(2)) }) }
                return html`<tr>
                  <th scope="row">${kind}</th>
                  <td class="text">${JSON.stringify(told)}</td>
                  <td>${String(candidate.learningRate)}</td>
                  <td>${inDecimals(joint)}</td>
                  <td>${inDecimals(overRefusal)}</td>
                  <td>${chosen ? 'yes' : ''}</td>
                </tr>`
              })}
          </tbody>
        </table>
      </div>
      <h2>Training of the first seed</h2>
      <div class="plots">${plots(run)}</div>
      <p class="muted">
        SFT is in nats a token. Preference losses are in the units of each loss and comparable only among themselves.
      </p>
      <h2>Samples of the first seed, at temperature 1</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Samples">
        <table>
          <thead>
            <tr>
              <th class="text">Guideline, then the conversation</th>
              <th class="text">Answers</th>
            </tr>
          </thead>
          <tbody>
            ${samples.map(
              ({ guideline, asked, answers }) =>
                html`<tr>
                  <td class="text">${guideline}<br />${asked}</td>
                  <td class="text">
                    ${Object.entries(answers).map(([title, text]) => html`<small>${title}:</small> ${text}<br />`)}
                  </td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`,
    footer: html`Generated text only. One thread gives the same numbers again on one kind of processor and version of
    onnxruntime.`,
  })
}

function regimeRow(row: FlowRow): Markup {
  const { title, greedyJoint, joint, gain, divergence, wins } = row
  return html`<tr>
    <th scope="row">${title}</th>
    <td>${inDecimals(greedyJoint)}</td>
    ${cell(joint)}
    <td>${inDecimals(gain.mean)}<small>${range(gain)}</small></td>
    ${[row.flow, row.guideline, row.overRefusal, row.helpfulness].map(cell)}
    ${[row.hallucination, row.refusal, row.conversations].map(({ mean }) => html`<td>${inDecimals(mean)}</td>`)}
    <td>${row.words.mean.toFixed(1)}</td>
    <td>${divergence.perResponse.toFixed(2)}<small>${divergence.perToken.toFixed(3)} a token</small></td>
    <td>${wins === undefined ? '–' : `${inDecimals(wins.won)} / ${inDecimals(wins.lost)}`}</td>
  </tr>`
}

function cell(mean: CrossedMean): Markup {
  return html`<td>
    ${inDecimals(mean.mean)}<small>${range(mean)}</small
    ><small>${mean.seeds.map((seed) => seed.toFixed(2)).join(' · ')}</small>
  </td>`
}

/** Losses of one scale together: those of likelihood, then each preference loss for itself. */
function plots({ history, rows }: FlowRun): readonly Markup[] {
  const titles = new Map(rows.map(({ id, title }) => [id, title]))
  const groups = new Map<string, { name: string; history: readonly StepProgress[] }[]>()
  for (const [id, curve] of Object.entries(history)) {
    const loss = id === 'pretraining' ? 'pretraining' : lossOf(id)
    if (curve.length === 0) continue
    const stages = groups.get(loss) ?? []
    stages.push({ name: titles.get(id) ?? 'pre-training on right turns', history: curve as readonly StepProgress[] })
    groups.set(loss, stages)
  }
  return [...groups.values()].map((stages) => lossPlot(stages))
}

function lossOf(id: string): string {
  return /(sft|ipo|kto|dpo|orpo|simpo)[^.]*$/.exec(id.split('.').at(-1) ?? '')?.[1] ?? 'other'
}
