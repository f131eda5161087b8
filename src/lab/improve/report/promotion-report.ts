/**
 * A comparison of two versions as one HTML page that stands alone, for whoever owns the product: what changed, what was learnt from, what
 * got better and worse, and why it was decided so. It computes nothing that is not in the record.
 */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inPercent, inWhole } from '../../eval/report/numbers.ts'
import { renderPage } from '../../eval/report/page.ts'
import { inThousand, type Gate } from '../promote/gates.ts'
import { conclusionOf, triesInWords, type Promotion } from '../promote/promotion.ts'
import { alarmsSection } from './alarms-section.ts'
import { dataSection } from './data-section.ts'
import { slicesSection } from './slices-section.ts'

export function renderPromotionReport(promotion: Promotion): string {
  const { candidate, current, gain, falseAlarms, at, outcome, options, pins } = promotion
  return renderPage({
    title: `Guard ${candidate.id} against ${current}`,
    about: html`${DECIDED[outcome]} on ${at.slice(0, 10)} at ${at.slice(11, 16)} UTC.`,
    sections: SECTIONS.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`),
    main: html`<div class="alert"><p>${conclusionOf(promotion)}</p></div>
      <dl class="facts">
        ${fact('False alarms in a thousand harmless messages', `${alarms(falseAlarms.errorsBefore, falseAlarms.rows)} → ${alarms(falseAlarms.errorsAfter, falseAlarms.rows)}`)}
        ${fact(
          gain.measure === 'f1' ? 'F1 on the target sets' : 'Right decisions on the target sets',
          `${inPercent(gain.before)} % → ${inPercent(gain.after)} %`,
        )}
        ${fact('Wrong only before', inWhole(sum(promotion, 'better')))}
        ${fact('Wrong only after', inWhole(sum(promotion, 'worse')))}
        ${fact('Texts measured', inWhole(promotion.sets.reduce((all, { rows }) => all + rows, 0)))}
      </dl>
      ${changedSection(promotion)} ${whySection(promotion)} ${alarmsSection(promotion)} ${slicesSection(promotion)}
      ${dataSection(promotion)}`,
    footer: html`Decisions at a score of ${String(promotion.threshold)}, a threshold that each version's own calibration
    sets. Bootstrap ${inWhole(options.resamples)} resamples, seed ${String(options.seed)}.
    ${pins.map(({ file, sha256 }) => `${file} ${sha256.slice(0, 16)}. `)}
    ${Object.entries(candidate.models).map(([name, { sha256 }]) => `${candidate.id}/${name} ${sha256.slice(0, 16)}. `)}`,
  })
}

const SECTIONS: readonly (readonly [string, string])[] = [
  ['changed', 'What changed'],
  ['why', 'Why'],
  ['alarms', 'False alarms'],
  ['slices', 'Gains and losses'],
  ['data', 'Data'],
]

const DECIDED = { promoted: 'Promoted', refused: 'Refused', compared: 'Compared, without moving anything,' } as const

function alarms(count: number, rows: number): string {
  return inThousand(count, rows)
}

function sum({ sets }: Promotion, what: 'better' | 'worse'): number {
  return sets.reduce((all, set) => all + set[what], 0)
}

function changedSection(promotion: Promotion): Markup {
  const { candidate, data, falseAlarms, sets, languages } = promotion
  const { origin } = candidate
  const targets = sets.filter(({ role }) => role === 'target')
  const rows = targets.reduce((all, set) => all + set.rows, 0)
  const [before, after] = (['errorsBefore', 'errorsAfter'] as const).map((name) =>
    targets.reduce((all, set) => all + set[name], 0),
  )
  const most = [...sets, ...languages].filter(({ better, worse }) => worse > better).map(({ name }) => name)
  return html`<h2 id="changed">What changed</h2>
    <ul>
      <li>
        ${
          origin.kind === 'trained'
            ? `The guard was trained again on its base data (${inWhole(origin.base.reduce((all, file) => all + file.rows, 0))} rows) and ${inWhole(origin.data.rows)} collected messages that people or a judge had labelled.`
            : 'The guard was trained elsewhere and handed in.'
        }
        ${data === null || data.agreement.texts === 0 ? '' : `Two people or more spoke on ${inWhole(data.agreement.texts)} texts and agreed on ${inWhole(data.agreement.agreed)}.`}
      </li>
      <li>
        On the ${inWhole(rows)} messages it was meant to get better at, it decides ${inWhole(after ?? 0)} wrongly;
        before it was ${inWhole(before ?? 0)}.
      </li>
      <li>
        Of a thousand harmless messages it stops ${inThousand(falseAlarms.errorsAfter, falseAlarms.rows)} by mistake;
        before it was ${inThousand(falseAlarms.errorsBefore, falseAlarms.rows)}.
      </li>
      ${most.length === 0 ? null : html`<li>It makes more mistakes than before in: ${most.join(', ')}.</li>`}
    </ul>`
}

const TITLES: Readonly<Record<Gate['id'], string>> = {
  answers: 'Every text was answered',
  untrained: 'Measured on what it never saw',
  gain: 'A real gain on the target sets',
  targets: 'No target set got worse',
  'false-alarms': 'No more false alarms',
  languages: 'No language got worse',
  keep: 'Nothing else got worse',
}

function whySection(promotion: Promotion): Markup {
  const { gates, constants } = promotion
  return html`<h2 id="why">Why</h2>
    <p class="muted">A version is promoted only where every condition holds. ${triesInWords(promotion)}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Conditions">
      <table>
        <thead>
          <tr>
            <th>Condition</th>
            <th>Holds</th>
            <th class="text">Reason</th>
          </tr>
        </thead>
        <tbody>
          ${gates.map(
            ({ id, about, passed, reason }) =>
              html`<tr>
                <th scope="row">${TITLES[id]}<small>${about}</small></th>
                <td>${passed ? 'yes' : html`<span class="mark">no</span>`}</td>
                <td class="text">${reason}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="muted">
      Flagging every message would have F1 ${inPercent(constants.flagAll)} % on the target sets, flagging none
      ${inPercent(constants.flagNone)} %. The gain is a paired bootstrap, its interval 95 %; bounds of increases are
      Tango's score bounds for paired proportions, one-sided 95 %.
    </p>`
}

function fact(name: string, value: string): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`
}
