/** What data was made: how much of which kind, how varied, what was dropped, and whether a judge agrees with the labels. */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inPercent, inWhole } from '../../eval/report/numbers.ts'
import type { DevelopRun } from '../develop-run.ts'
import { scroll } from './table.ts'

export function samplesSection({ samples }: DevelopRun): Markup {
  const { generator, parts, slices, languages, diversity, dropped, engine, agreement } = samples
  return html`<h2 id="data">The data that was made</h2>
    <p>
      ${
        engine === null
          ? `No model wrote it: the grammar ${generator} recombined the specification's words and system prompts with an invented library.`
          : `A model wrote it (${generator}). Of ${inWhole(engine.asked)} replies ${inWhole(engine.outcomes.samples)} were used; ${inWhole(engine.outcomes.unreadable)} could not be read, ${inWhole(engine.outcomes.short)} were short, ${inWhole(engine.outcomes.failed)} failed. ${inWhole(engine.tokens)} tokens${engine.cut ? '; the budget ended it early' : ''}.`
      }
      ${inWhole(diversity.prompts)} different prompts beside ${inWhole(diversity.systemPrompts)} system prompts, from
      ${inWhole(diversity.words)} words; of all pairs of neighbouring words ${inPercent(diversity.distinctPairs)} % are
      different ones. Dropped: ${inWhole(dropped.duplicates)} duplicates, ${inWhole(dropped.contradictions)} with both
      labels, ${inWhole(dropped.repeated)} whose text an earlier part holds, ${inWhole(dropped.unbalanced)} above the
      balance of labels.
    </p>
    ${scroll(
      'Samples',
      html`<thead>
          <tr>
            <th>Part</th>
            <th>Samples</th>
            <th>System prompts</th>
            <th>Different texts</th>
            <th class="text">Used for</th>
          </tr>
        </thead>
        <tbody>
          ${(['train', 'calibrate', 'test'] as const).map(
            (part) =>
              html`<tr>
                <th scope="row">${part}</th>
                <td>${inWhole(parts[part].rows)}</td>
                <td>${inWhole(parts[part].systemPrompts)}</td>
                <td>${inWhole(parts[part].texts)}</td>
                <td class="text">${USES[part]}</td>
              </tr>`,
          )}
        </tbody>`,
    )}
    ${scroll(
      'Slices of the data',
      html`<thead>
          <tr>
            <th>Slice</th>
            <th>On topic</th>
            <th>Off topic</th>
          </tr>
        </thead>
        <tbody>
          ${slices.map(
            ({ slice, onTopic, offTopic }) =>
              html`<tr>
                <th scope="row">${slice}</th>
                <td>${inWhole(onTopic)}</td>
                <td>${inWhole(offTopic)}</td>
              </tr>`,
          )}
        </tbody>`,
    )}
    <p class="muted">
      Different texts count dressings of one text (a greeting before it, other marks) once. Languages:
      ${languages.map(({ language, rows }) => `${language} ${inWhole(rows)}`).join(', ')}.
      ${
        agreement === null
          ? 'No judge was asked whether the labels are right: read some samples.'
          : `${agreement.judge} agrees with ${inPercent(agreement.agree / Math.max(1, agreement.rows))} % of ${inWhole(agreement.rows)} labels of the test part; it failed on ${inWhole(agreement.failures)}.${agreement.sameModel ? ' It is the model that wrote them, so it agrees with itself: have a person read some.' : ''}`
      }
    </p>`
}

const USES = {
  train: 'the guard learns from it, and is calibrated with it by cross-fitting',
  calibrate: 'the same; nothing of it was known to the general model',
  test: 'every figure below; used for nothing else',
} as const
