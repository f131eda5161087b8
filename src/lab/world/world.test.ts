import { describe, expect, it } from 'vitest'
import {
  bagOfWordsAccuracy,
  checkAnswer,
  evaluateWorld,
  isRefusal,
  requestText,
  strictJudge,
  stringJudge,
  trainBagOfWords,
  WORLD_KINDS,
  WORLD_SPLITS,
  type WorldRow,
  worldRows,
  worldTrainingRows,
  wantedAnswer,
} from './index.ts'
import { KINDS } from './things.ts'

const counts = Object.fromEntries(WORLD_KINDS.map((kind) => [kind, 120]))
const rowsOf = (split: (typeof WORLD_SPLITS)[number], seed = 3): readonly WorldRow[] => [
  ...worldRows({ split, seed, counts }),
]
const training = [...worldTrainingRows({ seed: 1, count: 20_000, stage: 'aligned' })]
const base = [...worldTrainingRows({ seed: 1, count: 3000, stage: 'base' })]
const aboutInvented = (row: WorldRow): boolean => row.topics.length > 0 && row.kind !== 'lore'
const plainRequests = training.filter(({ kind }) => kind === 'forbidden' || kind === 'near-miss' || kind === 'contrast')

describe('rows', () => {
  it('are the same for the same seed and others for another', () => {
    expect(rowsOf('test')).toEqual(rowsOf('test'))
    expect(rowsOf('test')).not.toEqual(rowsOf('test', 4))
  })

  it.each(WORLD_SPLITS)('of %s hold their wanted answer, in every kind', (split) => {
    const rows = rowsOf(split)
    expect(rows.filter((row) => !checkAnswer(row, wantedAnswer(row)))).toEqual([])
    for (const kind of WORLD_KINDS) expect(rows.filter((row) => row.kind === kind)).toHaveLength(120)
    expect(rows.every(({ messages }) => messages.at(-1)?.role === 'assistant')).toBe(true)
    expect(rows.filter(({ messages }) => messages.some(({ content }) => /\{\w+\}/.test(content)))).toEqual([])
  })

  it('are wrong with the answer of another request', () => {
    const rows = rowsOf('test').filter(({ kind }) => kind === 'near-miss' || kind === 'forbidden')
    const shifted = rows.filter((row, at) =>
      checkAnswer(row, rows[(at + 61) % rows.length]?.refuse ?? 'For a hat you need it.'),
    )
    expect(shifted.every(({ wanted }) => wanted === 'refuse')).toBe(true)
  })

  it('say what they hold out, except in training', () => {
    expect(training.every(({ heldOut }) => heldOut.length === 0)).toBe(true)
    for (const split of ['selection', 'test'] as const)
      expect(rowsOf(split).every(({ heldOut }) => heldOut.length > 0)).toBe(true)
  })

  it('stay short', () => {
    const length = (row: WorldRow): number => row.messages.reduce((sum, { content }) => sum + content.length, 0)
    const long = ['judge', 'route', 'guided', 'flow']
    for (const row of [...training, ...rowsOf('test')])
      expect(length(row)).toBeLessThan(long.includes(row.kind) ? 520 : 280)
  })
})

describe('held-out sets', () => {
  const trained = [...training, ...base]
  it('share nothing they hold out with training or with each other', () => {
    const seen = {
      combinations: new Set(trained.flatMap(({ combinations }) => combinations)),
      topics: new Set(trained.filter(aboutInvented).flatMap(({ topics }) => topics)),
      templates: new Set(trained.filter((row) => row.topics.length > 0).flatMap(({ templates }) => templates)),
      tasks: new Set(trained.filter((row) => row.topics.length === 0).flatMap(({ templates }) => templates)),
    }
    for (const split of ['selection', 'test'] as const)
      for (const row of rowsOf(split)) {
        const [held] = row.heldOut
        const known = row.topics.length > 0 ? seen.templates : seen.tasks
        if (held === 'combination') expect(row.combinations.filter((name) => seen.combinations.has(name))).toEqual([])
        if (held === 'topic') expect(row.topics.some((name) => seen.topics.has(name))).toBe(false)
        if (held === 'template' || held === 'family' || held === 'frame')
          expect(row.templates.some((name) => !known.has(name))).toBe(true)
      }
    const heldBy = (split: 'selection' | 'test', kind: string): Set<string> =>
      new Set(
        rowsOf(split)
          .filter((row) => row.heldOut[0] === 'topic' && row.kind === kind)
          .flatMap(({ topics }) => topics),
      )
    expect([...heldBy('test', 'forbidden')].filter((name) => heldBy('selection', 'forbidden').has(name))).toEqual([])
  })

  it('know every topic and every word of a wording from other training rows', () => {
    const words = (rows: readonly WorldRow[]): Set<string> =>
      new Set(
        rows.flatMap(
          (row) =>
            requestText(row)
              .toLowerCase()
              .match(/[\p{L}]+/gu) ?? [],
        ),
      )
    const known = words(training)
    const unknown = [...words(rowsOf('test').filter(({ kind }) => kind !== 'task'))].filter((word) => !known.has(word))
    expect(unknown).toEqual([])
  })
})

describe('forbidden requests', () => {
  it('are carried out or refused, each to its judge', () => {
    const forbidden = rowsOf('test').filter(({ comply, parts }) => comply !== undefined && parts !== undefined)
    expect(forbidden.length).toBeGreaterThan(150)
    for (const { comply = '', refuse = '', parts = [] } of forbidden) {
      expect([parts.length, strictJudge(comply, parts), stringJudge(comply)]).toEqual([3, true, true])
      expect([strictJudge(refuse, parts), stringJudge(refuse), isRefusal(refuse)]).toEqual([false, false, true])
    }
  })

  it('are refused after the kind of the thing was said', () => {
    const forbidden = rowsOf('test').filter(({ kind, refuse }) => kind === 'forbidden' && refuse !== undefined)
    const kinds = new Map(KINDS.map(({ name, rule }) => [name, rule]))
    expect(forbidden.length).toBeGreaterThan(100)
    for (const { refuse = '', category } of forbidden) {
      const said = [...kinds.keys()].filter((name) => refuse.includes(name))
      expect(said.map((name) => kinds.get(name))).toContain(category)
      expect(said.every((name) => refuse.indexOf(name) < refuse.indexOf(category ?? ''))).toBe(true)
    }
  })

  it('are carried out in the base stage', () => {
    const requests = base.filter(({ comply }) => comply !== undefined)
    expect(requests.length).toBeGreaterThan(300)
    expect(requests.every((row) => strictJudge(wantedAnswer(row), row.parts ?? []))).toBe(true)
  })

  it('name each invented thing as often as allowed ones do', () => {
    const times = new Map<string, [number, number]>()
    for (const { topics, category } of plainRequests)
      for (const topic of topics) {
        const entry = times.get(topic) ?? [0, 0]
        entry[category === undefined ? 0 : 1]++
        times.set(topic, entry)
      }
    expect(times.size).toBe(42)
    for (const [topic, [allowed, forbidden]] of times)
      expect(Math.abs(allowed - forbidden) / (allowed + forbidden), topic).toBeLessThan(0.1)
  })
})

describe('bag of words', () => {
  it('is at chance on contrast twins, whose words are the same', () => {
    const contrast = rowsOf('test').filter(({ kind }) => kind === 'contrast')
    expect(contrast.filter(({ category }) => category !== undefined)).toHaveLength(contrast.length / 2)
    for (const unit of new Set(contrast.map((row) => row.unit))) {
      const twins = contrast.filter((row) => row.unit === unit)
      const words = twins.map((row) =>
        (
          requestText(row)
            .toLowerCase()
            .match(/\p{L}+/gu) ?? []
        )
          .toSorted()
          .join(' '),
      )
      expect(twins).toHaveLength(2)
      expect(new Set(words).size).toBe(1)
    }
    const model = trainBagOfWords(plainRequests)
    expect(bagOfWordsAccuracy(model, contrast)).toBeLessThan(0.75)
    // It does learn what words can tell.
    expect(
      bagOfWordsAccuracy(
        model,
        plainRequests.filter(({ kind }) => kind !== 'contrast'),
      ),
    ).toBeGreaterThan(0.75)
  })
})

describe('evaluateWorld', () => {
  it('gives a perfect model full marks and one that refuses all over-refusal', async () => {
    const options = { split: 'test', perKind: 40, seed: 5 } as const
    const rows = [
      ...worldRows({ split: 'test', seed: 5, counts: Object.fromEntries(WORLD_KINDS.map((kind) => [kind, 40])) }),
    ]
    const perfect = await evaluateWorld(() => Promise.resolve(rows.map(wantedAnswer)), options)
    expect(Object.values(perfect.accuracy).map(({ rate }) => rate)).toEqual(WORLD_KINDS.map(() => 1))
    expect([perfect.refusal.rate, perfect.overRefusal.rate, perfect.carriedOut.strict.rate]).toEqual([1, 0, 0])
    const shy = await evaluateWorld((all) => Promise.resolve(all.map(() => 'Sorry, I cannot help.')), options)
    expect([shy.refusal.rate, shy.overRefusal.rate, shy.accuracy['task']?.rate]).toEqual([1, 1, 0])
    expect(perfect.constant['contrast']?.rate).toBeCloseTo(0.5)
    await expect(evaluateWorld(() => Promise.resolve([]), options)).rejects.toThrow(/Give one each/)
  })
})
