/** The report of a red team as one HTML page: what got through, by setting, family, language and length, what it cost, and the controls. */
import { html, type Markup } from '../../../eval/report/markup.ts'
import { inPercent, intervalInPercent, inWhole } from '../../../eval/report/numbers.ts'
import { renderPage } from '../../../eval/report/page.ts'
import { strip } from '../../../eval/report/plots.ts'
import { costsOf } from './cheapest.ts'
import { judgeTable } from './judge-table.ts'
import { lengthPlot } from './length-plot.ts'
import type { RedTeamRecord } from './run-record.ts'
import { samplesTable } from './samples-table.ts'
import type { SettingSummary, Share } from './summary.ts'
import { table } from './table.ts'

export function renderRedTeamPage(record: RedTeamRecord): string {
  const { settings } = record.summary
  return renderPage({
    title: 'Prompt red team',
    about: html`${record.target}. ${record.goals.about} ${inWhole(record.rows.length)} cases of
    ${inWhole(record.planned)} planned, ${record.seeds.length === 1 ? 'one seed' : `${record.seeds.length} seeds`},
    ${record.attacks.length} attacks.`,
    sections: [
      ['#settings', 'Guard settings'],
      ['#families', 'Families'],
      ['#attacks', 'Attacks'],
      ['#controls', 'Controls'],
      ['#judges', 'Judges'],
      ['#samples', 'Samples'],
    ].map(([href = '', name = '']) => html`<li><a href="${href}">${name}</a></li>`),
    main: html`${warnings(record)}
      <h2 id="settings">Guard settings</h2>
      ${settingsTable(settings)}
      <p class="muted">
        Rates are over cases with a verdict; the bar in each strip is the plain request without an attack. A goal counts
        as reached when any attack reached it. Intervals are exact binomial ones at 95 %; cases of one goal are not
        independent, so those of cases are too narrow, those of goals are not.
      </p>
      <h2 id="families">Success by family</h2>
      ${shareTable('Family', settings, ({ byFamily }) => byFamily)}
      <h2>Success by language and length</h2>
      ${shareTable('Language', settings, ({ byLanguage }) => byLanguage)} ${lengthPlot(settings)}
      ${shareTable('Tokens of the question', settings, ({ byLength }) => byLength)}
      <h2 id="attacks">Success by attack</h2>
      ${shareTable('Attack', settings, ({ byAttack }) => byAttack)}
      <h2 id="controls">Controls: harmless requests in the same wrappers</h2>
      <p class="muted">
        Refused or blocked, in percent; below it the share that was answered as wanted. Where that is small without a
        guard, the model does not understand the wrapper, and few successes of it say nothing about safety.
      </p>
      ${controlTable(settings)}
      <h2 id="judges">Judges against the truth</h2>
      ${judgeTable(record.summary.judges, record.judges[0] ?? '')}
      <h2>Outcomes</h2>
      ${outcomeTable(settings)}
      <h2 id="samples">Samples</h2>
      ${samplesTable(record.rows)}`,
    footer: html`For testing one's own model. Run ${record.fingerprint.slice(0, 16)}; every figure is made from the rows
    in run.json. ${record.gates.length === 0 ? '' : gateWords(record)}`,
  })
}

function warnings({ notRun, skipped, goals, gates }: RedTeamRecord): Markup | null {
  const words = [
    ...(notRun > 0
      ? [`${inWhole(notRun)} cases were not asked, because the budget was spent. They are in no rate.`]
      : []),
    ...(goals.skippedLines > 0 ? [`${goals.skippedLines} lines of the goals' file were left out.`] : []),
    ...skipped.map(({ attack, reason, goals: count }) => `${attack} was not asked of ${count} goals: ${reason}.`),
    ...gates
      .filter(({ failed }) => failed)
      .map(
        ({ gate, setting, rate }) =>
          `Limit ${gate.text} is passed under ${setting}: ${rate === null ? 'nothing to measure it on' : rate.toFixed(3)}.`,
      ),
  ]
  if (words.length === 0) return null
  return html`<div class="alert">${words.map((line) => html`<p>${line}</p>`)}</div>`
}

function gateWords({ gates }: RedTeamRecord): string {
  const failed = gates.filter((gate) => gate.failed).length
  return `${gates.length - failed} of ${gates.length} limits kept.`
}

function settingsTable(settings: readonly SettingSummary[]): Markup {
  return table(
    'Guard settings',
    [
      'Setting',
      'Got through, %',
      'Goals reached, %',
      'Plain request, %',
      'Over-refusal, %',
      'Cheapest, a success',
      'Calls a question',
    ],
    settings.map(({ setting, asr, byGoal, plain, overRefusal, cheapest, cost }, at) => [
      html`${setting}`,
      html`${cell(asr)}${strip({ value: asr.rate, interval: asr.interval }, plain.rate, at)}`,
      cell(byGoal),
      cell(plain),
      cell(overRefusal['control']),
      cheapest === null
        ? html`none`
        : html`${cheapest.attack}${costsOf(cheapest).map((cost) => html`<small>${cost}</small>`)}`,
      html`${cost.queries === 0 ? '–' : (cost.calls / cost.queries).toFixed(2)}`,
    ]),
  )
}

function shareTable(
  head: string,
  settings: readonly SettingSummary[],
  of: (setting: SettingSummary) => Readonly<Record<string, Share>>,
): Markup {
  const names = [...new Set(settings.flatMap((setting) => Object.keys(of(setting))))]
  return table(
    head,
    [head, ...settings.map(({ setting }) => `${setting}, %`)],
    names.map((name) => [html`${name}`, ...settings.map((setting) => cell(of(setting)[name]))]),
  )
}

function controlTable(settings: readonly SettingSummary[]): Markup {
  const names = [...new Set(settings.flatMap(({ overRefusal }) => Object.keys(overRefusal)))]
  return table(
    'Controls',
    ['Family', ...settings.map(({ setting }) => `${setting}, %`)],
    names.map((name) => [
      html`${name}`,
      ...settings.map(
        ({ overRefusal, helped }) =>
          html`${cell(overRefusal[name])}<small>answered ${inPercent(helped[name]?.rate ?? null)}</small>`,
      ),
    ]),
  )
}

function outcomeTable(settings: readonly SettingSummary[]): Markup {
  const names = Object.keys(settings[0]?.outcomes.attack ?? {})
  return table(
    'Outcomes',
    ['Outcome', ...settings.map(({ setting }) => setting)],
    names.map((name) => [
      html`${name.replaceAll('_', ' ')}`,
      ...settings.map(({ outcomes }) => {
        const of = (kind: 'attack' | 'benign'): number => new Map(Object.entries(outcomes[kind])).get(name) ?? 0
        return html`${inWhole(of('attack'))}<small>control ${inWhole(of('benign'))}</small>`
      }),
    ]),
  )
}

function cell(share: Share | undefined): Markup {
  if (share === undefined || share.rate === null)
    return html`–${share === undefined || share.excluded === 0 ? null : html`<small>${share.excluded} without a verdict</small>`}`
  const { rate, interval, hits, rows, excluded } = share
  const left = excluded === 0 ? '' : `, ${excluded} left out`
  return html`${inPercent(rate)}<small>${intervalInPercent(interval)}</small><small>${hits} of ${rows}${left}</small>`
}
