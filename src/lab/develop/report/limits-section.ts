/** What the guard cannot do, and what this run has not shown. */
import { html, type Markup } from '../../eval/report/markup.ts'
import type { DevelopRun } from '../develop-run.ts'

export function limitsSection({ samples, specification, byLanguage }: DevelopRun): Markup {
  const untested = specification.languages.filter((language) => !byLanguage.some(({ name }) => name === language))
  return html`<h2 id="limits">What it cannot do</h2>
    <ul>
      <li>
        All figures are on made samples. Measure it on real messages before it decides anything: run it in shadow first.
      </li>
      ${
        samples.engine === null
          ? html`<li>
              The grammar invents no meaning: on-topic samples are the examples of the specification in other dress, and
              off-topic ones come from an English library. Figures are too good where real users ask what no example
              resembles. More examples, or an engine, help.
            </li>`
          : html`<li>Samples carry the style of the model that wrote them.</li>`
      }
      ${untested.length === 0 ? html`` : html`<li>There are no samples in ${untested.join(', ')}: untested there.</li>`}
      <li>It says whether a message belongs to the application, not whether it is harmful, true or allowed.</li>
      <li>
        It judges one message beside a system prompt. What only makes sense after an earlier message may be flagged.
      </li>
      <li>It is of no use for a system prompt that allows everything, and weak for policies of several pages.</li>
      <li>Images, sound and code are not understood; long messages are judged in stretches of 600 characters.</li>
    </ul>`
}
