/**
 * Training rows of the generated world as a source for export: conversations for SFT, pairs for the losses that need a worse answer.
 * What is worse is known by construction: a forbidden request carried out, a turn that breaks the guideline. The held-out sets are not
 * exported; `lab world --evaluate` measures on them.
 */
import { createRandom } from '../../nn/random.ts'
import { ParapetError } from '../../spec/errors.ts'
import type { LabelledTurn, PreferencePair } from '../align/pairs.ts'
import type { PreferenceKind } from '../align/preference-loss.ts'
import { badTurns } from '../world/flow.ts'
import { worldTrainingRows } from '../world/rows.ts'
import type { WorldRow, WorldStage } from '../world/types.ts'
import type { ExportSource } from './data.ts'

export interface WorldDataOptions {
  readonly stage: WorldStage
  /** Rows of the world to go through. Those that have no worse answer make no pair. */
  readonly rows: number
  readonly seed: number
}

/**
 * The rows as the method wants them. KTO gets the wanted answer of every row as desirable and the worse ones as undesirable. Throws
 * `configuration` for pairs of the base stage, which complies with everything.
 */
export function worldSource(method: PreferenceKind, { stage, rows: count, seed }: WorldDataOptions): ExportSource {
  const rows = [...worldTrainingRows({ seed, count, stage })]
  if (method === 'sft') return { kind: 'conversations', rows: rows.map(({ messages }) => ({ messages })) }
  if (stage === 'base')
    throw new ParapetError('configuration', `${method} needs worse answers, which the base stage has not.`)
  const random = createRandom(seed)
  if (method === 'kto') return { kind: 'turns', rows: rows.flatMap((row) => worldTurns(row, random)) }
  return { kind: 'pairs', rows: rows.flatMap((row) => worldPairs(row, random)) }
}

function worldPairs(row: WorldRow, random: () => number): readonly PreferencePair[] {
  const prompt = row.messages.slice(0, -1)
  return worseAnswers(row, random).map((rejected) => ({ prompt, chosen: wantedOf(row), rejected }))
}

function worldTurns(row: WorldRow, random: () => number): readonly LabelledTurn[] {
  const prompt = row.messages.slice(0, -1)
  const bad = worseAnswers(row, random).map((response) => ({ prompt, response, desirable: false }))
  return [{ prompt, response: wantedOf(row), desirable: true }, ...bad]
}

/** Of a guideline one bad turn, so that no row weighs more than another. */
function worseAnswers(row: WorldRow, random: () => number): readonly string[] {
  if (row.flow !== undefined)
    return badTurns(row.flow, random)
      .slice(0, 1)
      .map(({ text }) => text)
  return row.wanted === 'refuse' && row.comply !== undefined ? [row.comply] : []
}

function wantedOf({ messages }: WorldRow): string {
  return messages.at(-1)?.content ?? ''
}
