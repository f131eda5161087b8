/** Which ways were proposed and how far they came, a harmless sample of each, and how the policy moved. */
import { html, type Markup } from '../../../eval/report/markup.ts'
import { inPercent, inWhole } from '../../../eval/report/numbers.ts'
import { LEVELS } from '../preferences.ts'
import type { TwoPlayerRun } from '../two-player-run.ts'
import { table } from './table.ts'

/** Of the game, or the first arm there is, of the first seed, all rounds together. */
export function waysSection({ arms, seeds }: TwoPlayerRun): Markup {
  const { rounds = [] } = arms.find(({ arm, seed }) => arm === 'game' && seed === seeds[0]) ?? arms[0] ?? {}
  const all = rounds.flatMap(({ ways }) => ways)
  const names = [...new Set(all.map(({ way }) => way))]
  return html`<h2 id="ways">Ways</h2>
    ${table(
      'Ways',
      [
        'Way',
        'Passed the filters',
        ...LEVELS.map((level) => `Level ${level}`),
        'Kept the label, %',
        'A sample of a harmless seed',
      ],
      names.map((name) => {
        const own = all.filter(({ way }) => way === name)
        const proposals = own.reduce((sum, one) => sum + one.proposals, 0)
        const levels = LEVELS.map((level) => own.reduce((sum, one) => sum + one.levels[level], 0))
        const kept = (levels[0] ?? 0) + (levels[1] ?? 0)
        const sample = own.find((one) => one.sample !== null)?.sample
        return [
          name,
          inWhole(proposals),
          ...levels.map(inWhole),
          inPercent(proposals === 0 ? null : kept / proposals),
          sample === undefined || sample === null
            ? '–'
            : html`<span>${shortened(sample.text)}</span><small>${sample.language}, level ${sample.level}</small>`,
        ]
      }),
      new Set([7]),
    )}
    <p class="muted">
      Length and refusal filters have run; repeated texts are left out. A control that turns the label must lose it: its
      share of kept labels is the rater's miss.
    </p>`
}

/** A look, not the whole text. */
function shortened(text: string): string {
  return text.length > 90 ? `${text.slice(0, 89)}…` : text
}

export function policySection({ arms, seeds }: TwoPlayerRun): Markup {
  const { rounds = [] } = arms.find(({ arm, seed }) => arm === 'game' && seed === seeds[0]) ?? {}
  const last = rounds.at(-1)
  if (last === undefined || last.probabilities.length === 0)
    return html`<h2 id="policy">What the generator learnt</h2>
      <p>This generator has no probabilities in closed form.</p>`
  const ways = [...new Set(last.probabilities.flatMap((one) => one.ways.map(({ way }) => way)))]
  return html`<h2 id="policy">What the generator learnt</h2>
    ${table(
      'Policy',
      ['Language, label of the seed', ...ways],
      last.probabilities.map(({ language, label, ways: own }) => [
        `${language}, ${label === 1 ? 'harmful' : 'harmless'}`,
        ...ways.map((name) => {
          const one = own.find(({ way }) => way === name)
          return one === undefined ? '–' : html`${inPercent(one.now)}<small>from ${inPercent(one.before)}</small>`
        }),
      ]),
    )}
    <p class="muted">Probabilities of ways, %, for a short seed that is no question, after the last round.</p>`
}
