/**
 * Which examples make up each step of an alignment run: rows of about equal length together, a fixed number of examples a step, one
 * padded length for each graph, everything decided by a seed. A plan covers one pass over the data; no row is scored here.
 *
 * A batch that is not full repeats examples at weight 0, which changes no loss.
 */
import { createRandom } from '../../nn/random.ts'
import { ParapetError } from '../../spec/errors.ts'
import { roomFor } from '../train/decoder/batches.ts'
import type { EncodedPair, EncodedTurn } from './encode-preferences.ts'
import { ktoBatches } from './kto-batches.ts'
import { shuffled } from './pairs.ts'
import { type ResponseBucket, type ResponseTokens, responseTokens } from './sequence-log-probabilities.ts'

export interface AlignmentBatch {
  /** Rows of all blocks together. */
  readonly bucket: ResponseBucket
  /** Block after block, as the registry of losses wants them. */
  readonly rows: readonly ResponseTokens[]
  /** Of the examples; 0 where one only fills the batch. */
  readonly weights: readonly number[]
  /** 1 or 0; of labelled turns. */
  readonly desirable: readonly number[]
}

/** What a step learns from, in the three forms the losses know. */
export type AlignmentExamples =
  | { readonly form: 'pairs'; readonly rows: readonly EncodedPair[] }
  | { readonly form: 'turns'; readonly rows: readonly EncodedTurn[] }
  /** Labelled turns with mismatched responses beside them, for KTO's reference point. */
  | { readonly form: 'mismatched-turns'; readonly rows: readonly EncodedTurn[] }

export interface AlignmentPlanOptions {
  /** Examples of one step. */
  readonly batch: number
  /** Longest row, in tokens. */
  readonly maxLength: number
  readonly seed: number
}

/** Batches of one pass in random order. Every example is in exactly one of them at its own weight. */
export function planAlignment(
  examples: AlignmentExamples,
  options: AlignmentPlanOptions,
  pass: number,
): readonly AlignmentBatch[] {
  const { batch, seed } = options
  if (!Number.isInteger(batch) || batch < 1)
    throw new ParapetError('configuration', `A step needs a whole number of examples above 0, not ${batch}.`)
  const random = createRandom(seed * 1_000_003 + pass)
  return shuffled(examples.form === 'pairs' ? pairBatches() : turnBatches(examples.rows), random)

  function pairBatches(): readonly AlignmentBatch[] {
    const pairs = examples.rows as readonly EncodedPair[]
    const length = ({ chosen, rejected }: EncodedPair): number => Math.max(positions(chosen), positions(rejected))
    return byLength(pairs, length, 1).flatMap((group) =>
      chunks(shuffled(group, random), batch).map(({ members, counted }) =>
        batchOf(
          [...members.map(({ chosen }) => chosen), ...members.map(({ rejected }) => rejected)],
          members.map(({ weight }, at) => (at < counted ? weight : 0)),
          members.map(() => 1),
        ),
      ),
    )
  }

  function turnBatches(turns: readonly EncodedTurn[]): readonly AlignmentBatch[] {
    const mismatched = examples.form === 'mismatched-turns'
    return byLength(turns, ({ tokens }) => positions(tokens), mismatched ? 2 : 1).flatMap((group) =>
      mismatched
        ? mismatchedBatches(group, options, Math.floor(random() * 2 ** 31))
        : chunks(shuffled(group, random), batch).map(({ members, counted }) =>
            batchOf(
              members.map(({ tokens }) => tokens),
              members.map(({ turn: { weight = 1 } }, at) => (at < counted ? weight : 0)),
              members.map(({ turn: { desirable } }) => (desirable ? 1 : 0)),
            ),
          ),
    )
  }
}

function mismatchedBatches(
  group: readonly EncodedTurn[],
  { batch, maxLength }: AlignmentPlanOptions,
  seed: number,
): readonly AlignmentBatch[] {
  const encoded = new Map(group.map(({ turn, tokens }) => [turn, tokens]))
  const turns = group.map(({ turn }) => turn)
  return ktoBatches(turns, { batchSize: batch, seed }).map(({ turns: members, weights, shift }) => {
    const rows = members.map((turn) => encoded.get(turn) as ResponseTokens)
    const others = rows.map(({ prompt }, row) => {
      const { response } = rows[(row + shift) % rows.length] as ResponseTokens
      // Two rows that fit need not fit together; the start of the response stands for the whole in the estimate.
      return { prompt, response: response.slice(0, Math.max(1, maxLength - prompt.length)) }
    })
    return batchOf(
      [...rows, ...others],
      weights,
      members.map(({ desirable }) => (desirable ? 1 : 0)),
    )
  })
}

const LENGTHS = [32, 48, 64, 80, 96, 112, 128, 160, 192, 256, 320, 384, 512, 768, 1024, 1536, 2048, 4096]

/** Positions that a row takes: its last token is only predicted. */
export function positions({ prompt, response }: ResponseTokens): number {
  return prompt.length + response.length - 1
}

/** The length that rows of so many positions are padded to. */
export function paddedLength(length: number): number {
  return LENGTHS.find((candidate) => candidate >= length) ?? length
}

/** Room for so many tokens of responses among so many positions: in eighths of them, because each size is a graph of its own. */
export function responseRoom(tokens: number, among: number): number {
  return roomFor(tokens, among).learnt ?? among
}

/** Rows of one padded length together, short ones first; a group of fewer than `least` goes to the next. */
export function byLength<Row>(
  rows: readonly Row[],
  length: (row: Row) => number,
  least: number,
): readonly (readonly Row[])[] {
  const groups = new Map<number, Row[]>()
  for (const row of rows) {
    const padded = paddedLength(length(row))
    const group = groups.get(padded)
    if (group === undefined) groups.set(padded, [row])
    else group.push(row)
  }
  const kept: Row[][] = []
  let waiting: Row[] = []
  for (const [, group] of [...groups].toSorted(([one], [other]) => one - other)) {
    waiting.push(...group)
    if (waiting.length < least) continue
    kept.push(waiting)
    waiting = []
  }
  if (waiting.length > 0) {
    const last = kept.at(-1)
    if (last === undefined) kept.push(waiting)
    else last.push(...waiting)
  }
  return kept
}

/** Parts of `size` rows; the last one is filled up from the front, and `counted` says how many are its own. */
function chunks<Row>(
  rows: readonly Row[],
  size: number,
): readonly { readonly members: readonly Row[]; readonly counted: number }[] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, at) => ({
    members: Array.from({ length: size }, (__, place) => rows[(at * size + place) % rows.length] as Row),
    counted: Math.min(size, rows.length - at * size),
  }))
}

function batchOf(
  rows: readonly ResponseTokens[],
  weights: readonly number[],
  desirable: readonly number[],
): AlignmentBatch {
  const longest = rows.reduce((most, row) => Math.max(most, positions(row)), 1)
  const length = paddedLength(longest)
  const learnt = responseRoom(responseTokens(rows), rows.length * length)
  return { bucket: { rows: rows.length, length, learnt }, rows, weights, desirable }
}
