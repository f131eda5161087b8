/** Plans of alignment passes: every example once at its own weight, rows that fit their graph, mismatches that belong to other rows. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AlignmentBatch, type AlignmentExamples, byLength, planAlignment, positions } from './alignment-plan.ts'
import type { LabelledTurn } from './pairs.ts'
import { type ResponseTokens, responseTokens } from './sequence-log-probabilities.ts'

const MAX_LENGTH = 200

/** Room for all rows, and no more learnt positions than positions. */
function expectRoom({ bucket, rows }: AlignmentBatch): void {
  expect(Math.max(...rows.map(positions))).toBeLessThanOrEqual(bucket.length)
  expect(bucket.learnt).toBeGreaterThanOrEqual(responseTokens(rows))
  expect(bucket.learnt).toBeLessThanOrEqual(bucket.rows * bucket.length)
}

/** Rows that can be told apart by their first token. */
function rowsOf(lengths: readonly (readonly [number, number])[], first = 0): readonly ResponseTokens[] {
  return lengths.map(([prompt, response], at) => ({
    prompt: [first + at, ...Array.from({ length: prompt - 1 }, () => 1)],
    response: Array.from({ length: response }, () => 2),
  }))
}

const lengths = fc.array(fc.tuple(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 80 })), {
  minLength: 2,
  maxLength: 40,
})
const options = fc.record({ batch: fc.integer({ min: 2, max: 9 }), seed: fc.nat(1000), pass: fc.nat(5) })

test('pairs: each once, the chosen block before the rejected one, in graphs that fit', () => {
  fc.assert(
    fc.property(lengths, options, (given, { batch, seed, pass }) => {
      const rejected = rowsOf(given.toReversed(), 1000)
      const rows = rowsOf(given).map((chosen, at) => ({
        ...{ chosen, rejected: rejected[at] ?? chosen, weight: 1 + at },
      }))
      const plan = planAlignment({ form: 'pairs', rows }, { batch, seed, maxLength: MAX_LENGTH }, pass)
      const seen = plan.flatMap((planned) => {
        const { rows: members, weights } = planned
        expect([members.length, weights.length]).toEqual([2 * batch, batch])
        expectRoom(planned)
        return weights.flatMap((weight, at) => {
          const [good, bad] = [members[at]?.prompt[0] ?? -1, members[batch + at]?.prompt[0] ?? -1]
          expect(bad).toBe(good + 1000)
          return weight > 0 ? [[good, weight]] : []
        })
      })
      expect(seen.toSorted(([one = 0], [other = 0]) => one - other)).toEqual(rows.map(({ weight }, at) => [at, weight]))
    }),
    { numRuns: 60 },
  )
})

test('turns: each once with its label; a mismatch is the prompt of its row with the response of another', () => {
  fc.assert(
    fc.property(lengths, options, fc.boolean(), (given, { batch, seed, pass }, mismatched) => {
      const rows = rowsOf(given).map((tokens, at) => {
        const prompt = [{ role: 'user', content: String(at) }] as const
        const turn: LabelledTurn = { prompt, response: String(at), desirable: at % 3 === 0 }
        return { tokens, turn }
      })
      const examples: AlignmentExamples = { form: mismatched ? 'mismatched-turns' : 'turns', rows }
      const plan = planAlignment(examples, { batch, seed, maxLength: MAX_LENGTH }, pass)
      const seen = plan.flatMap((planned) => {
        const { rows: members, weights, desirable } = planned
        expect(members.length).toBe(mismatched ? 2 * batch : batch)
        expectRoom(planned)
        return weights.flatMap((weight, at) => {
          const row = members[at]?.prompt[0] ?? -1
          if (mismatched) expect(members[batch + at]?.prompt[0]).toBe(row)
          return weight > 0 ? [[row, desirable[at]]] : []
        })
      })
      const wanted = rows.map((_, at) => [at, at % 3 === 0 ? 1 : 0])
      expect(seen.toSorted(([one = 0], [other = 0]) => one - other)).toEqual(wanted)
    }),
    { numRuns: 60 },
  )
})

test('few sizes serve many batches: an eighth, two eighths, and so on', () => {
  const rows = rowsOf(Array.from({ length: 200 }, (_, at) => [40, 1 + (at % 20)] as const)).map((chosen) => ({
    ...{ chosen, rejected: chosen, weight: 1 },
  }))
  const plan = planAlignment({ form: 'pairs', rows }, { batch: 4, seed: 1, maxLength: 64 }, 0)
  const shares = new Set(plan.map(({ bucket }) => (8 * bucket.learnt) / (bucket.rows * bucket.length)))
  expect([...shares].every((share) => [1, 2, 3, 4].includes(share))).toBe(true)
})

test('another pass has another order, the same pass the same', () => {
  const rows = rowsOf(Array.from({ length: 30 }, () => [20, 5] as const)).map((chosen) => ({
    ...{ chosen, rejected: chosen, weight: 1 },
  }))
  const order = (pass: number): readonly unknown[] =>
    planAlignment({ form: 'pairs', rows }, { batch: 4, seed: 1, maxLength: 64 }, pass).flatMap((batch) =>
      batch.rows.map(({ prompt }) => prompt[0]),
    )
  expect(order(1)).toEqual(order(1))
  expect(order(2)).not.toEqual(order(1))
})

test('a group that is too small joins a longer one, or the last one', () => {
  const groups = (list: readonly number[], least: number): readonly (readonly number[])[] =>
    byLength(list, (length) => length, least)
  expect(groups([10, 60, 12, 200], 1)).toEqual([[10, 12], [60], [200]])
  expect(groups([10, 60, 200, 201], 2)).toEqual([
    [10, 60],
    [200, 201],
  ])
  expect(groups([10, 12, 200], 2)).toEqual([[10, 12, 200]])
  expect(groups([10], 2)).toEqual([[10]])
})
