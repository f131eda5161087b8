/** What the guard cannot do, and what this run has not shown. */
import { html, type Markup } from '../../eval/report/markup.ts'
import type { DevelopRun } from '../develop-run.ts'

/** The guard, two baselines and two constants: one more is a judge. */
const JUDGED = 5

export function limitsSection({ samples, specification, byLanguage, subjects }: DevelopRun): Markup {
  const untested = specification.languages.filter(
    (language) => !byLanguage.some(({ name, onTopic, offTopic }) => name === language && onTopic > 0 && offTopic > 0),
  )
  return html`<h2 id="limits">What it cannot do</h2>
    <ul>
      <li>
        All figures are on made samples. Measure it on real messages before it decides anything: run it in shadow first.
      </li>
      ${
        samples.engine === null
          ? html`<li>
              The grammar invents no meaning: on-topic samples are the examples of the specification in other dress, and
              off-topic ones are lines of an invented library that are seldom close to the application. Figures are too
              good where real users ask what no example resembles. More examples, or a model that writes samples, help.
            </li>`
          : html`<li>Samples carry the style of the model that wrote them.</li>`
      }
      ${
        untested.length === 0
          ? html``
          : html`<li>The test part has not both labels in ${untested.join(', ')}: untested there.</li>`
      }
      ${
        subjects.length > JUDGED
          ? html``
          : html`<li>No zero-shot judge was measured beside it: that needs a model (--engine).</li>`
      }
      ${
        specification.languages.every((language) => language === 'en' || language.startsWith('en-'))
          ? html`<li>
              It was made for English. Messages in another language beside an English system prompt are mostly flagged,
              also when they are on topic: keep it away from them.
            </li>`
          : html`<li>
              The general model behind it learnt from English. In German, French and Spanish it is hardly better than
              chance (area under ROC 0.58 to 0.63 on 720 pairs each), and beside an English system prompt it flags most
              messages in them, on topic or not. Trust the figures by language above, and no others.
            </li>`
      }
      <li>It says whether a message belongs to the application, not whether it is harmful, true or allowed.</li>
      <li>
        It judges one message beside a system prompt. What only makes sense after an earlier message may be flagged.
      </li>
      <li>It is of no use for a system prompt that allows everything, and weak for policies of several pages.</li>
      <li>Images, sound and code are not understood; long messages are judged in stretches of 600 characters.</li>
    </ul>`
}
