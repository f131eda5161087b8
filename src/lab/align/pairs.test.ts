/** Preference data: conversions, builders, batches for KTO, files. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as align from './index.ts'

const prompt = (text: string): align.PreferencePair['prompt'] => [{ role: 'user', content: text }]
const turn = (of: string, response: string, desirable: boolean): align.LabelledTurn => ({
  prompt: prompt(of),
  response,
  desirable,
})
const TURNS = [
  turn('p', 'good 1', true),
  turn('p', 'bad 1', false),
  turn('q', 'good 2', true),
  turn('p', 'bad 2', false),
  turn('r', 'bad 3', false),
]
const message = fc.oneof(
  fc.record({ role: fc.constantFrom('system', 'user', 'assistant'), content: fc.string({ unit: 'binary' }) }),
  fc.record({
    role: fc.constant('assistant' as const),
    content: fc.constant([
      { type: 'text', text: 'x' },
      { type: 'media', mediaType: 'image/png', source: '' },
    ] as const),
    toolCalls: fc.constant([{ id: '1', name: 'f', input: '{}' }]),
  }),
  fc.record({ role: fc.constant('tool' as const), content: fc.string(), toolCallId: fc.string() }),
)
const weight = { weight: fc.integer({ min: 0, max: 8 }).map((x) => x / 4) }
const prompts = fc.array(message, { minLength: 1, maxLength: 3 })
const pairs = fc.array(
  fc.record(
    { prompt: prompts, chosen: fc.string(), rejected: fc.string(), ...weight },
    { requiredKeys: ['prompt', 'chosen', 'rejected'] },
  ),
) as fc.Arbitrary<align.PreferencePair[]>
const turns = fc.array(
  fc.record(
    { prompt: prompts, response: fc.string(), desirable: fc.boolean(), ...weight },
    { requiredKeys: ['prompt', 'response', 'desirable'] },
  ),
) as fc.Arbitrary<align.LabelledTurn[]>

describe('conversions and controls', () => {
  test('pairs become turns and, where each has a prompt of its own, pairs again', () => {
    fc.assert(
      fc.property(pairs, (some) => {
        const own = some.flatMap((pair, i) =>
          pair.chosen === pair.rejected
            ? []
            : [{ prompt: prompt(String(i)), chosen: pair.chosen, rejected: pair.rejected }],
        )
        expect(align.pairsOfTurns(align.turnsOfPairs(own))).toEqual(own)
        expect(align.turnsOfPairs(some)).toHaveLength(2 * some.length)
      }),
    )
  })

  test('a prompt with both kinds makes pairs, as many as asked for', () => {
    const all = align.pairsOfTurns(TURNS, { pairsPerPrompt: Infinity })
    expect(all).toEqual([
      { prompt: prompt('p'), chosen: 'good 1', rejected: 'bad 1' },
      { prompt: prompt('p'), chosen: 'good 1', rejected: 'bad 2' },
    ])
    const drawn = Array.from({ length: 20 }, (_, seed) => align.pairsOfTurns(TURNS, { seed }))
    expect(drawn.every((some) => some.length === 1)).toBe(true)
    expect(new Set(drawn.map(([pair]) => pair?.rejected))).toEqual(new Set(['bad 1', 'bad 2']))
    expect(align.pairsOfTurns([turn('p', 'same', true), turn('p', 'same', false)])).toEqual([])
    const [weighed] = align.pairsOfTurns([
      { ...turn('p', 'a', true), weight: 0.5 },
      { ...turn('p', 'b', false), weight: 3 },
    ])
    expect(weighed?.weight).toBe(1.5)
    expect(() => align.pairsOfTurns(TURNS, { pairsPerPrompt: 0 })).toThrow('at least 1')
  })

  test('shuffled controls keep the answers and the share of labels', () => {
    const many = Array.from({ length: 40 }, (_, i) => turn(`p${i}`, `r${i}`, i < 10))
    const shuffled = align.shuffledLabels(many, 3)
    expect(shuffled.map(({ response }) => response)).toEqual(many.map(({ response }) => response))
    expect(shuffled.filter(({ desirable }) => desirable)).toHaveLength(10)
    expect(shuffled).not.toEqual(many)
    expect(align.shuffledLabels(many, 3)).toEqual(shuffled)
    const straight = many.map(({ prompt: of, response }) => ({ prompt: of, chosen: response, rejected: 'x' }))
    expect(align.shuffledPairs(straight, 3).filter(({ chosen }) => chosen === 'x')).toHaveLength(20)
  })

  test('weights for unequal numbers meet the ratio', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 1, max: 4 / 3, noNaN: true }),
        (good, bad, ratio) => {
          const some = Array.from({ length: good + bad }, (_, i) => turn('p', String(i), i < good))
          const { desirableWeight, undesirableWeight } = align.imbalanceWeights(some, ratio)
          expect((desirableWeight * good) / (undesirableWeight * bad)).toBeCloseTo(ratio, 9)
          expect(Math.min(desirableWeight, undesirableWeight)).toBe(1)
        },
      ),
    )
    expect(() => align.imbalanceWeights([turn('p', 'a', true)])).toThrow('same label')
    expect(() => align.imbalanceWeights(TURNS, 2)).toThrow('from 1 to 4/3')
  })
})

describe('builders', () => {
  const candidates = ['aa', 'b', 'cccc'].map((response) => ({ prompt: prompt('p'), response }))

  test('by rule and by judge', async () => {
    const byRule = align.labelByRule(candidates, (_, response) => response.length > 1)
    expect(byRule.map(({ desirable }) => desirable)).toEqual([true, false, true])
    const judged = await align.labelByJudge(
      candidates,
      async (_, response) => (response === 'b' ? null : response.length),
      3,
    )
    expect(judged.turns.map(({ desirable }) => desirable)).toEqual([false, true])
    expect(judged.failed).toEqual([candidates[1]])
  })

  test('a preference must hold in both orders', async () => {
    const compare = (one: string, other: string): align.Comparison => ({ prompt: prompt('p'), responses: [one, other] })
    const some = [
      compare('aaa', 'a'),
      compare('b', 'bbb'),
      compare('cc', 'dd'),
      compare('first', 'words'),
      compare('none', 'x'),
    ]
    const judged = await align.preferByJudge(some, async (_, one, other) => {
      if (one === 'none' || other === 'none') return one === 'none' ? 1 : null
      return one === 'first' || one === 'words' ? 1 : one.length - other.length
    })
    expect(judged.pairs.map(({ chosen, rejected }) => [chosen, rejected])).toEqual([
      ['aaa', 'a'],
      ['bbb', 'b'],
    ])
    expect([judged.ties, judged.inconsistent, judged.failed]).toEqual([[some[2]], [some[3]], [some[4]]])
  })

  test('from samples of the policy', () => {
    const samples = [
      { prompt: prompt('p'), responses: ['ok', 'no', 'ok 2'] },
      { prompt: prompt('q'), responses: ['no', 'no'] },
    ]
    const data = align.fromSamples(samples, (_, response) => response.startsWith('ok'))
    expect([data.turns.length, data.pairs.length, data.promptsWithBoth, data.goodShare]).toEqual([5, 1, 1, 0.4])
    expect(() => align.fromSamples([], () => true)).toThrow('There are no samples')
  })
})

describe('batches for KTO', () => {
  test('all turns once, every batch full, each prompt with another answer of its batch', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 30 }),
        fc.integer({ min: 2, max: 8 }),
        fc.option(fc.nat(), { nil: undefined }),
        (count, batchSize, seed) => {
          const all = Array.from({ length: count }, (_, i) => turn(`p${i}`, `r${i}`, i % 2 === 0))
          const batches = align.ktoBatches(all, seed === undefined ? { batchSize } : { batchSize, seed })
          const seen = batches.flatMap((batch) => batch.turns.filter((_, row) => batch.weights[row] === 1))
          expect(seen.map(({ response }) => response).toSorted()).toEqual(
            all.map(({ response }) => response).toSorted(),
          )
          for (const batch of batches) {
            expect([batch.turns.length, batch.mismatched.length, batch.weights.length]).toEqual([
              batchSize,
              batchSize,
              batchSize,
            ])
            batch.mismatched.forEach((candidate, row) => {
              expect(candidate.prompt).toBe(batch.turns[row]?.prompt)
              expect(candidate.response).toBe(batch.turns[(row + batch.shift) % batchSize]?.response)
              if (batchSize <= count) expect(candidate.response).not.toBe(batch.turns[row]?.response)
            })
          }
        },
      ),
    )
  })

  test('the shift is 1, and larger where neighbours share a prompt', () => {
    const samples = ['p', 'p', 'q', 'q'].map((of, i) => turn(of, `r${i}`, true))
    const [batch] = align.ktoBatches(samples, { batchSize: 4 })
    expect([batch?.shift, batch?.mismatched.map(({ response }) => response)]).toEqual([2, ['r2', 'r3', 'r0', 'r1']])
    const [plain] = align.ktoBatches(
      ['p', 'q', 'r'].map((of) => turn(of, of, true)),
      { batchSize: 3 },
    )
    expect(plain?.mismatched.map(({ response }) => response)).toEqual(['q', 'r', 'p'])
    expect(() => align.ktoBatches(samples, { batchSize: 1 })).toThrow('batches of at least 2')
    expect(() => align.ktoBatches(samples.slice(1, 2), { batchSize: 2 })).toThrow('there are 1')
  })
})

describe('files', () => {
  test('what is written is read', () => {
    fc.assert(
      fc.property(pairs, turns, (somePairs, someTurns) => {
        expect(align.parsePreferencePairs(align.preferenceLines(somePairs), 'f')).toEqual(somePairs)
        expect(align.parseLabelledTurns(align.preferenceLines(someTurns), 'f')).toEqual(someTurns)
      }),
    )
    const folder = mkdtempSync(join(tmpdir(), 'align-'))
    try {
      const path = join(folder, 'turns.jsonl')
      align.writePreferenceFile(path, TURNS)
      expect(align.readLabelledTurns(path)).toEqual(TURNS)
      expect(() => align.readPreferencePairs(path)).toThrow('turns.jsonl:1 has an unknown field response')
      expect(() => align.readPreferencePairs(join(folder, 'none'))).toThrow('is no file that can be read')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  const good = '{"prompt":[{"role":"user","content":"x"}],"chosen":"a","rejected":"b"}'
  test.each([
    ['{', 'is not JSON'],
    ['[]', 'is not a JSON object'],
    ['null', 'is not a JSON object'],
    [good.replace('"b"', '1'), 'needs a text rejected'],
    [good.replace('"chosen":"a",', ''), 'needs a text chosen'],
    [good.replace('}]', '}],"note":1'), 'has an unknown field note; known are prompt, weight, chosen, rejected'],
    [good.replace('}]', '}],"weight":-1'), 'needs a weight of at least 0'],
    [good.replace('{"role":"user","content":"x"}', ''), 'needs a prompt'],
    [good.replace('"user"', '"robot"'), 'has no valid message 1'],
    [good.replace('"x"', '[{"type":"sound"}]'), 'has no valid message 1'],
  ])('%#: %s', (line, fault) => {
    expect(() => align.parsePreferencePairs(`${good}\n\n${line}\n${good}\n`, 'f.jsonl')).toThrow(`f.jsonl:3 ${fault}`)
  })

  test('every bad line is named, many are counted', () => {
    expect(() => align.parsePreferencePairs('{\n[]\n', 'f')).toThrow('f:1 is not JSON. f:2 is not a JSON object.')
    expect(() => align.parseLabelledTurns('{\n'.repeat(12), 'f')).toThrow('And 2 more.')
    expect(() => align.parseLabelledTurns('{"prompt":[{"role":"user","content":""}],"response":"a"}', 'f')).toThrow(
      'f:1 needs desirable',
    )
  })
})
