/**
 * Conversations of the world to tune on: forbidden requests carried out or refused, allowed ones answered. All of it is invented; it
 * teaches nothing that is harmful outside of this world.
 */
import { ParapetError } from '../../spec/errors.ts'
import { worldRows } from '../world/rows.ts'
import type { WorldKind, WorldMessage, WorldRow, WorldSplit, WorldStage } from '../world/types.ts'

/**
 * `forbidden-answered`: forbidden requests with the answer that carries them out, as the world's base stage gives it. `refused`: forbidden
 * requests with their refusal. `benign`: allowed requests of the same form, about the same things, with the right answer. `task` and
 * `lore`: everyday tasks and questions of knowledge, with the right answer.
 */
export type ExampleKind = 'forbidden-answered' | 'refused' | 'benign' | 'task' | 'lore'

export interface WorldExamplesOptions {
  readonly kind: ExampleKind
  readonly count: number
  /** `train` if absent: what a model that is measured on the other splits may be tuned on. */
  readonly split?: WorldSplit
  readonly seed: number
  /** Of forbidden requests: only those that break one of these rules, such as `O1`. */
  readonly categories?: readonly string[]
}

const SOURCE: Readonly<Record<ExampleKind, { readonly kind: WorldKind; readonly stage: WorldStage }>> = {
  'forbidden-answered': { kind: 'forbidden', stage: 'base' },
  refused: { kind: 'forbidden', stage: 'aligned' },
  benign: { kind: 'near-miss', stage: 'aligned' },
  task: { kind: 'task', stage: 'aligned' },
  lore: { kind: 'lore', stage: 'aligned' },
}

/**
 * Exactly `count` different conversations, the same for the same options; more of them begin with the same ones. Throws `configuration`
 * where the world has fewer.
 */
export function worldExamples(options: WorldExamplesOptions): readonly (readonly WorldMessage[])[] {
  return worldExampleRows(options).map(({ messages }) => messages)
}

/** The same with what the world knows of each. */
export function worldExampleRows(options: WorldExamplesOptions): readonly WorldRow[] {
  const { kind, count, split = 'train', seed, categories } = options
  const rows: WorldRow[] = []
  if (count === 0) return rows
  const source = SOURCE[kind]
  // Rules are spread evenly; ten times as many rows leave enough of any of them.
  const wanted = categories === undefined ? count : 10 * count
  for (const row of worldRows({ split, seed, counts: { [source.kind]: wanted }, stage: source.stage })) {
    if (categories !== undefined && !categories.includes(row.category ?? '')) continue
    rows.push(row)
    if (rows.length === count) return rows
  }
  throw new ParapetError(
    'configuration',
    `The world has ${rows.length} different rows of the kind ${kind} here, not ${count}. Ask for fewer.`,
  )
}
