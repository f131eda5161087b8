/**
 * A run of `lab train --chat` as one HTML page that stands alone: settings, loss, answers before and after. It computes nothing that is not
 * in the run, and escapes everything. It measures nothing: the answers are to conversations the model was tuned on.
 */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inWhole } from '../../eval/report/numbers.ts'
import { renderPage } from '../../eval/report/page.ts'
import { lossPlot } from '../loss-plot.ts'
import type { StepProgress } from '../step-loop.ts'
import type { ChatMessage } from './conversation.ts'

/** What `run.json` holds. */
export interface ChatRun {
  readonly formatVersion: 1
  /** Name of the folder of the tuned model. */
  readonly model: string
  readonly parameters: number
  readonly seed: number
  readonly threads: number
  readonly passes: number
  readonly learningRate: number
  readonly loraRank: number
  readonly maxLength: number
  /** Learnt from, and left out because they are too long. */
  readonly conversations: number
  readonly leftOut: number
  readonly data: readonly { readonly name: string; readonly sha256: string }[]
  readonly history: readonly StepProgress[]
  /** Conversations that were learnt from, with greedy answers. */
  readonly samples: readonly {
    readonly asked: readonly ChatMessage[]
    readonly wanted: string
    readonly before: string
    readonly after: string
  }[]
}

export function renderChatReport(run: ChatRun): string {
  const { model, conversations, leftOut, loraRank, history, samples, data } = run
  const last = history.at(-1)
  return renderPage({
    title: `${model}, tuned on conversations`,
    about: html`${loraRank > 0 ? `An adapter of rank ${loraRank}` : 'The whole model'} on ${inWhole(conversations)}
    conversations${leftOut > 0 ? `; ${inWhole(leftOut)} were longer than ${run.maxLength} tokens and left out` : ''}.`,
    main: html`<h2>Settings</h2>
      <dl class="facts">
        ${fact('Parameters of the model', inWhole(run.parameters))}
        ${fact('Steps', last === undefined ? '–' : inWhole(last.step))} ${fact('Passes', String(run.passes))}
        ${fact('Highest learning rate', String(run.learningRate))}
        ${fact('Rank of the adapter', loraRank > 0 ? String(loraRank) : 'none')}
        ${fact('Longest conversation, tokens', inWhole(run.maxLength))} ${fact('Seed', String(run.seed))}
        ${fact('Threads', String(run.threads))}
      </dl>
      <h2>Training</h2>
      <div class="plots">${lossPlot([{ name: 'tuning', history }])}</div>
      <h2>Answers before and after</h2>
      <p class="muted">
        Greedy, to the first conversations that were learnt from. They show what was learnt by heart; how the model does
        on others has to be measured elsewhere.
      </p>
      <div class="scroll" tabindex="0" role="region" aria-label="Answers before and after">
        <table>
          <thead>
            <tr>
              <th class="text">Asked</th>
              <th class="text">Before</th>
              <th class="text">After</th>
              <th class="text">Learnt</th>
            </tr>
          </thead>
          <tbody>
            ${samples.map(
              ({ asked, wanted, before, after }) =>
                html`<tr>
                  <td class="text">${asked.map(({ role, content }) => html`<small>${role}</small>${content} `)}</td>
                  <td class="text">${said(before)}</td>
                  <td class="text">${said(after)}</td>
                  <td class="text">${wanted}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`,
    footer: html`${data.map(({ name, sha256 }) => `${name} ${sha256.slice(0, 16)}. `)} One thread gives the same numbers
    again on one kind of processor and version of onnxruntime.`,
  })
}

/** An empty answer is one too. */
function said(answer: string): Markup {
  return answer === '' ? html`<span class="muted">nothing</span>` : html`${answer}`
}

function fact(name: string, value: string): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`
}
