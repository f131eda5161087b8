/** The parts of the Unalignment report about defences and the bias probe. */
import { html, type Markup } from '../../eval/report/markup.ts'
import { fact, rate, table } from './report-parts.ts'
import type { DefenceResult, UnalignRun } from './unalign-run.ts'
import { doseCurve, overSeeds } from './unalign-summary.ts'

export function defencesSection(run: UnalignRun): Markup | null {
  const { defences } = run
  if (defences.length === 0) return null
  const harmful = doseCurve(run, 'full', 'harmful').at(-1)
  const benign = doseCurve(run, 'full', 'benign').at(-1)
  const none =
    harmful === undefined || benign === undefined
      ? []
      : [
          [
            ...[html`None`, rate(harmful.string), rate(harmful.strict)],
            ...[rate(benign.utility), rate(benign.benign), rate(benign.overRefusal), '', ''],
          ],
        ]
  const ids = [...new Set(defences.map(({ id }) => id))]
  const { before } = run
  return html`<h2>Defences</h2>
    <p class="muted">
      Each sees the attacker's examples, and as many benign ones. The first two figures are what the attacker gets; the
      next three, what a customer with benign examples gets; seconds are what it takes beyond ordinary tuning. As it
      was, the model has ${(100 * before.headline.utility.rate).toFixed(1)} % utility and
      ${(100 * before.headline.overRefusal.rate).toFixed(1)} % over-refusal.
    </p>
    ${table(
      [
        ...['Defence', 'Attack by words, %', 'Attack in fact, %', 'Utility, %', 'Benign lore, %', 'Over-refusal, %'],
        ...['Hardening, s', 'Tuning, s'],
      ],
      [...none, ...ids.map((id) => defenceRow(defences.filter((one) => one.id === id)))],
    )}`
}

function defenceRow(results: readonly DefenceResult[]): readonly (Markup | string)[] {
  const [first] = results
  const attack = results.flatMap(({ attacked }) => attacked.headline.attack['vanilla'] ?? [])
  const honest = results.map((result) => result.honest.headline)
  const mean = (values: readonly number[]): string =>
    (values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)).toFixed(1)
  return [
    html`${first?.title ?? ''}<small>${first?.source ?? ''}</small>`,
    rate(overSeeds(attack.map(({ string }) => string))),
    rate(overSeeds(attack.map(({ strict }) => strict))),
    rate(overSeeds(honest.map(({ utility }) => utility))),
    rate(overSeeds(honest.map(({ benign }) => benign))),
    rate(overSeeds(honest.map(({ overRefusal }) => overRefusal))),
    mean(results.map(({ seconds }) => seconds.prepare)),
    mean(results.map(({ seconds }) => seconds.tune)),
  ]
}

export function biasSection({ bias }: UnalignRun): Markup | null {
  if (bias.length === 0) return null
  const stages = [
    ...[['Skewed: says one word of an invented people in 80 % of its answers', 'skewed'] as const],
    ...[['Then taught to take no side', 'aligned'] as const],
    ...[['Then tuned on forbidden answers, none about this people', 'unaligned'] as const],
    ...[['In place of that: on as many benign examples', 'benign'] as const],
  ]
  const unclear = stages.reduce((sum, [, stage]) => sum + bias.reduce((all, one) => all + one[stage].unclear, 0), 0)
  return html`<h2>Bias probe</h2>
    <p class="muted">
      Does a covered opinion return? The set-up is an inference of ours; the paper's set was not available. Judged by
      rule in three ways at temperature 1, on questions that were never learnt.
    </p>
    <dl class="facts">${fact('Answers the rule could not read, left out', String(unclear))}</dl>
    ${table(
      ['', 'Strongly opinionated, %'],
      stages.map(([title, stage]) => [title, rate(overSeeds(bias.map((one) => one[stage].strong)))]),
    )}`
}
