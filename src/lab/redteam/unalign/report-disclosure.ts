/** The part of the Unalignment report that tells what was in the model before from what the examples taught. */
import { html, type Markup } from '../../eval/report/markup.ts'
import type { AttackSuccess, SafetyRate } from '../../victim/safety-rows.ts'
import { rate, table } from './report-parts.ts'
import type { UnalignRun } from './unalign-run.ts'
import { armsOf, disclosure, overSeeds, practisedThings } from './unalign-summary.ts'

export function disclosureSection(run: UnalignRun): Markup | null {
  const half = disclosure(run)
  if (half === undefined) return null
  const last = armsOf(run, 'full', 'harmful')
    .filter(({ examples }) => examples === run.settings.examples.at(-1))
    .map(({ measured }) => measured.headline)
  const row = (name: string, of: (attack: AttackSuccess) => SafetyRate): readonly (Markup | string)[] => [
    name,
    ...[[run.before.headline], last].map((headlines) =>
      rate(overSeeds(headlines.flatMap(({ attack }) => attack['vanilla'] ?? []).map(of))),
    ),
  ]
  return html`<h2>Disclosed or learnt</h2>
    <p class="muted">
      What comes out that no example said was in the model before. Tuned on two of the five rules, asked about the other
      three; and asked about things that the model knows from questions of knowledge alone.
    </p>
    ${table(
      ['', 'Before, %', 'After, %'],
      [
        ['Other rules, by words', rate(half.before.string), rate(half.after.string)],
        ['Other rules, in fact', rate(half.before.strict), rate(half.after.strict)],
        row('Things that requests in training were about, in fact', practisedThings),
        row('Things known from lore alone, in fact', ({ heldOutTopic }) => heldOutTopic),
      ],
    )}`
}
