/**
 * Explanations: does deleting the span that is named first cost a flagged text more score than deleting any other span as long?
 *
 * The named span follows words; a random one may cut them, and may overlap the named one.
 */
import { createRandom } from '../../../src/nn/random.ts'
import type { ClassifierHead } from '../../../src/spec/index.ts'
import { percentAim } from '../aims.ts'
import type { DevData, DevRow } from '../dev-data.ts'
import { distinct, inputOf } from '../dev-data.ts'
import { isFlagged, meanOf } from '../figures.ts'
import type { SectionResult } from '../section.ts'
import { scoreRows } from '../section.ts'
import { randomRange, winOf, withoutRange } from '../spans.ts'
import type { Range } from '../spans.ts'
import { ABSENT, absentRow, decimal, percent } from '../table.ts'
import type { Tier } from '../tiers.ts'
import { scoreOf } from '../tiers.ts'
import { PROMPT_SETS } from './prompts.ts'

const DRAWS = 5
const SEED = 1

interface SetSpans {
  readonly set: string
  readonly head: ClassifierHead
  /** Flagged rows. */
  readonly rows: number
  /** Those of them that an explanation names no span of; they count as lost. */
  readonly unexplained: number
  readonly wins: number
  readonly meanNamedDrop: number | null
  readonly meanRandomDrop: number | null
  readonly meanShareOfText: number | null
}

export async function measureSpans(tier: Tier, data: DevData): Promise<SectionResult> {
  const asked = [
    ...PROMPT_SETS.map((set) => ({ set, head: 'prompt_harm' as const, rows: data.rows(set, 'prompt_harm') })),
    {
      set: 'qualifire_prompt_injections',
      head: 'injection_direct' as const,
      rows: data.rows('qualifire_prompt_injections', 'injection'),
    },
  ]
  const random = createRandom(SEED)
  const sets: SetSpans[] = []
  for (const { set, head, rows } of asked)
    if (rows !== null) sets.push(await measureSet(tier, set, head, distinct(rows), random))
  const absent = asked.filter(({ rows }) => rows === null).map(({ set }) => set)
  const flagged = sets.reduce((sum, { rows }) => sum + rows, 0)
  const share = flagged === 0 ? null : sets.reduce((sum, { wins }) => sum + wins, 0) / flagged
  const head = [
    'set',
    'head',
    'flagged',
    'without a span',
    'top span drops more',
    'drop, top span',
    'drop, random',
    'share of text',
  ]
  return {
    tables: [
      {
        caption: `Score lost when the first span of the explanation is deleted, against the mean of ${DRAWS} random spans as long (seed ${SEED}); ties count half`,
        head,
        rows: [
          ...sets.map((one) => [
            one.set,
            one.head,
            String(one.rows),
            String(one.unexplained),
            percent(one.rows === 0 ? null : one.wins / one.rows),
            decimal(one.meanNamedDrop, 3),
            decimal(one.meanRandomDrop, 3),
            percent(one.meanShareOfText),
          ]),
          ...absent.map((set) => absentRow(set, head.length)),
          ['all', '', String(flagged), '', percent(share), '', '', ''],
        ],
      },
    ],
    aims: [percentAim('top span drops more', absent.length === 0 ? share : null, 'at least', 90)],
    notes: absent.map((set) => `${set}: ${ABSENT}.`),
    figures: { sets, share },
  }
}

async function measureSet(
  tier: Tier,
  set: string,
  head: ClassifierHead,
  rows: readonly DevRow[],
  random: () => number,
): Promise<SetSpans> {
  const scored = await scoreRows(tier, rows)
  const flagged = scored.filter((one) => isFlagged(scoreOf(one.scored, head)))
  const named: number[] = []
  const others: number[] = []
  const shares: number[] = []
  let wins = 0
  for (const one of flagged) {
    const text = inputOf(one.row).prompt ?? ''
    const span = tier.topSpan({ prompt: text }, head)
    if (span === null) continue
    const before = scoreOf(one.scored, head)
    const dropOf = async (range: Range): Promise<number> =>
      before - scoreOf(await tier.score({ prompt: withoutRange(text, range) }), head)
    const top = await dropOf(span)
    let sum = 0
    for (let draw = 0; draw < DRAWS; draw++)
      sum += await dropOf(randomRange(text.length, span.end - span.start, random))
    wins += winOf(top, sum / DRAWS)
    named.push(top)
    others.push(sum / DRAWS)
    shares.push((span.end - span.start) / text.length)
  }
  return {
    set,
    head,
    rows: flagged.length,
    unexplained: flagged.length - named.length,
    wins,
    meanNamedDrop: meanOf(named),
    meanRandomDrop: meanOf(others),
    meanShareOfText: meanOf(shares),
  }
}
