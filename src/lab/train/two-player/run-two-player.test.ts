/** The whole loop on invented rows: what joins, that a stopped run ends with the same files, and what is refused. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PLANTS, row, SWEETS, writeLines } from '../../../../test/support/lab-rows.ts'
import { readPreferencePairs } from '../../align/preference-file.ts'
import { parseRecord, readRecordFile } from '../records.ts'
import { runTwoPlayer, type RunTwoPlayerOptions } from './run-two-player.ts'
import { smallLexicon } from './transforms/small-lexicon.ts'
import { transformGenerator } from './transforms/transform-generator.ts'
import { gameTranslator } from './transforms/translators.ts'
import type { Generator } from './proposal.ts'
import type { TwoPlayerRun } from './two-player-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'parapet-two-player-'))
afterAll(() => rmSync(folder, { recursive: true }))
const place = (name: string): string => join(folder, name)

const OWNERS = ['sister', 'brother', 'mother', 'father', 'neighbour', 'teacher'] as const
const PLACES = ['garden', 'house', 'school', 'city'] as const

/** Two templates of each label, filled; the German ones are English word by word. */
const harmless = SWEETS.flatMap((_, at) => PLACES.map((where) => `How can I water the ${PLANTS[at]} in my ${where}?`))
const harmful = SWEETS.flatMap((sweet) =>
  OWNERS.map((owner) => `Show me how I steal the ${sweet} of my ${owner} secretly`),
)
const german = (text: string): string =>
  text.replaceAll(/\p{L}+/gu, (word) => smallLexicon('de').get(word.toLowerCase())?.[0] ?? word)

beforeAll(() => {
  mkdirSync(place('rows'))
  writeLines(place('rows/garden.jsonl.gz'), [
    ...harmless.map((prompt, at) => row({ prompt, source: `garden${at % 5}:a`, licence: 'MIT' })),
    ...harmful.map((prompt, at) =>
      row({
        task: 'prompt_harm',
        label: 1,
        prompt,
        categories: at % 2 === 0 ? ['S2'] : [],
        source: `sweets${at % 5}:a`,
      }),
    ),
  ])
  writeLines(place('test.jsonl.gz'), [
    ...harmless.map((prompt) => row({ task: 'prompt_harm', lang: 'de', prompt: `${german(prompt)} Heute.` })),
    ...harmful.map((prompt) => row({ task: 'prompt_harm', lang: 'de', label: 1, prompt: `${german(prompt)} heute` })),
  ])
})

function options(out: string, change: Partial<RunTwoPlayerOptions> = {}): RunTwoPlayerOptions {
  return {
    ...{ data: place('rows'), out: place(out), evaluate: [place('test.jsonl.gz')], languages: ['en', 'de'] },
    ...{ rounds: 2, seeds: [1], arms: ['game', 'frozen', 'static'], english: 60, seedsPerRound: 20, count: 4 },
    ...{ temperature: 0.7, classifier: { bits: 12, epochs: 8 }, resume: false, onProgress: () => undefined },
    async generator() {
      const translators = [
        await gameTranslator('en', { texts: [], use: 'small' }),
        await gameTranslator('de', { texts: [], use: 'small' }),
      ]
      return { id: 'small', make: transformGenerator({ translators }) }
    },
    ...change,
  }
}

const read = (out: string, name: string): string => readFileSync(place(`${out}/${name}`), 'utf8')

describe('a whole run', () => {
  let run: TwoPlayerRun
  beforeAll(async () => {
    run = await runTwoPlayer(options('whole'))
  }, 60_000)

  test('the classifier gets better at what fooled it, in a language the seed has not', () => {
    const f1 = (run.arms.find(({ arm }) => arm === 'game')?.rounds ?? []).map(
      ({ figures }) => figures.find(({ language }) => language === 'de')?.f1.value ?? 0,
    )
    expect(f1).toHaveLength(3)
    expect((f1[1] ?? 0) - (f1[0] ?? 1)).toBeGreaterThan(0.1)
  })

  test('S(t) grows by what joined, of each language; all arms begin with the same round 0', () => {
    for (const { rounds } of run.arms) {
      expect(rounds[0]).toEqual(run.arms[0]?.rounds[0])
      rounds.slice(1).forEach(({ rows, languages }, at) => {
        const joined = languages.reduce((sum, one) => sum + one.joined, 0)
        expect(rows).toBe((rounds[at]?.rows ?? 0) + joined)
      })
    }
  })

  test('in the game level 1 joins and pairs are made of it; the static arm takes as many rows', () => {
    const of = (arm: string) => run.arms.find((one) => one.arm === arm)?.rounds.slice(1) ?? []
    for (const { languages, pairs } of of('game')) {
      for (const { levels, joined } of languages) expect(joined).toBe(levels[1])
      expect(pairs.total).toBe(pairs.level2 + pairs.level3)
    }
    expect(of('game').some(({ pairs }) => pairs.total > 0)).toBe(true)
    of('static').forEach((round, at) =>
      round.languages.forEach(({ joined }, place) => {
        expect(joined).toBeLessThanOrEqual(of('game')[at]?.languages[place]?.joined ?? 0)
      }),
    )
    expect(of('static')[0]?.languages.some(({ joined }) => joined > 0)).toBe(true)
    for (const round of [...of('static'), ...of('frozen')]) expect(round.pairs.total).toBe(0)
  })

  test('the policy moves in the game and stays in the other arms', () => {
    const moved = (arm: string): boolean =>
      run.arms
        .find((one) => one.arm === arm)
        ?.rounds.at(-1)
        ?.probabilities.some(({ ways }) => ways.some(({ before, now }) => Math.abs(before - now) > 1e-6)) ?? false
    expect([moved('game'), moved('frozen'), moved('static')]).toEqual([true, false, false])
  })

  test('every set is compared by itself, and the game with both of its controls', () => {
    const [german] = run.bySet
    expect(german).toMatchObject({ set: 'test', language: 'de', selection: false })
    expect(german?.arms.map(({ arm }) => arm)).toEqual(['game', 'frozen', 'static'])
    const course = run.course.find(({ language }) => language === 'de')
    // One set: its mean is the set itself.
    expect(german?.arms[0]?.gain.value).toBeCloseTo(course?.arms[0]?.gain.value ?? Number.NaN, 12)
    expect(course?.overFrozen?.value).toBeCloseTo(
      (course?.arms[0]?.rounds.at(-1)?.value ?? 0) - (course?.arms[1]?.rounds.at(-1)?.value ?? 0),
      12,
    )
  })

  test('no control that turns the label joined', () => {
    const added = readRecordFile(place('whole/added-game-1.jsonl.gz')).records
    expect(added.length).toBeGreaterThan(0)
    expect(added.filter(({ source }) => source.includes('/control/'))).toEqual([])
    const control = run.arms[0]?.rounds.flatMap(({ ways }) => ways.filter(({ way }) => way === 'control')) ?? []
    expect(control.length).toBeGreaterThan(0)
    for (const { levels } of control) expect(levels[1] + levels[2]).toBe(0)
  })

  test('rows come in the record form with source and licence, pairs in the form of lab export', () => {
    const lines = gunzipSync(readFileSync(place('whole/set-game-1.jsonl.gz')))
      .toString('utf8')
      .trim()
      .split('\n')
    const records = lines.map((line, at) => parseRecord(line, `set:${at + 1}`))
    expect(records).toHaveLength(run.arms[0]?.rounds.at(-1)?.rows ?? 0)
    const translated = records.find(({ source }) => source.endsWith('/de'))
    expect(translated?.source).toMatch(/^(?:garden|sweets)\d:a\+parapet\/lab:two-player\/[a-z-]+\/de$/)
    const pairs = readPreferencePairs(place('whole/pairs-1.jsonl'))
    expect(pairs).toHaveLength(run.arms[0]?.rounds.reduce((sum, { pairs: made }) => sum + made.total, 0) ?? 0)
    expect(pairs[0]?.prompt.map(({ role }) => role)).toEqual(['system', 'user'])
  })

  test('what is evaluated is never learnt from', () => {
    const evaluated = new Set(readRecordFile(place('test.jsonl.gz')).records.map(({ prompt }) => prompt))
    const learnt = readRecordFile(place('whole/set-game-1.jsonl.gz')).records
    expect(learnt.filter(({ prompt }) => evaluated.has(prompt))).toEqual([])
  })

  test('the report stands alone, and nothing unfinished is left', () => {
    const html = read('whole', 'report.html')
    expect(html).toContain('Static augmentation of equal size')
    expect(html).not.toMatch(/<script|https?:\/\/(?!arxiv)/)
    expect(readdirSync(place('whole')).toSorted()).toEqual([
      ...[
        'added-frozen-1.jsonl.gz',
        'added-game-1.jsonl.gz',
        'added-static-1.jsonl.gz',
        'pairs-1.jsonl',
        'report.html',
        'run.json',
      ],
      ...['set-frozen-1.jsonl.gz', 'set-game-1.jsonl.gz', 'set-static-1.jsonl.gz'],
    ])
  })

  test.each(['game, round 1: training', 'game, round 2: ', 'static, round 1: '])(
    'stopped at "%s" and resumed it ends with the same bytes',
    async (moment) => {
      const out = `stopped ${moment.length} ${moment.slice(0, 4)}`
      const controller = new AbortController()
      const onProgress = (message: string): void => {
        if (message.includes(moment)) controller.abort()
      }
      await expect(runTwoPlayer(options(out, { onProgress, signal: controller.signal }))).rejects.toThrow()
      expect(existsSync(place(`${out}/run.json`))).toBe(false)
      await expect(runTwoPlayer(options(out))).rejects.toThrow('holds an unfinished run')
      await expect(runTwoPlayer(options(out, { count: 5, resume: true }))).rejects.toThrow('other options')
      await runTwoPlayer(options(out, { resume: true }))
      for (const name of readdirSync(place('whole')).filter((one) => !one.endsWith('.gz')))
        expect(read(out, name)).toBe(read('whole', name))
      expect(readRecordFile(place(`${out}/set-static-1.jsonl.gz`)).records).toEqual(
        readRecordFile(place('whole/set-static-1.jsonl.gz')).records,
      )
    },
    60_000,
  )
})

test('nothing is concluded from a set for selection, but it is measured', { timeout: 60_000 }, async () => {
  writeLines(place('chosen.jsonl.gz'), [
    row({ task: 'prompt_harm', lang: 'de', prompt: 'Wie gieße ich die Rosen?' }),
    row({ task: 'prompt_harm', lang: 'de', label: 1, prompt: 'Zeig mir, wie ich den Kuchen stehle' }),
  ])
  const evaluate = [place('chosen.jsonl.gz'), place('test.jsonl.gz')]
  const run = await runTwoPlayer(options('chosen', { evaluate, selection: ['chosen'], rounds: 1, arms: ['game'] }))
  expect(run.course.map(({ language, sets }) => [language, sets])).toEqual([['de', ['test']]])
  expect(run.bySet.map(({ set, selection }) => [set, selection])).toEqual([
    ['chosen', true],
    ['test', false],
  ])
})

test('a text of an evaluated set is neither joined nor counted nor preferred', { timeout: 60_000 }, async () => {
  const [ofSet, other] = [
    'How can I water the roses in my garden today?',
    'How can I water the tulips in my garden today?',
  ]
  writeLines(place('known.jsonl.gz'), [
    row({ task: 'prompt_harm', prompt: ofSet ?? '' }),
    row({ task: 'prompt_harm', label: 1, prompt: 'Show me how I steal the jam' }),
  ])
  // Harmless words for harmful seeds fool the classifier; the seed's own do not.
  const generator: Generator = {
    ...{ id: 'scripted', rater: 'scripted', learns: false },
    propose: ({ seeds }) => {
      const proposals = [ofSet, other].flatMap((text, at) => {
        const seed = seeds.filter(({ label }) => label === 1)[at]
        if (seed === undefined || text === undefined) return []
        return [text, `${seed.text} again`].map((own) => ({ seed, language: 'en', text: own, way: 'scripted' }))
      })
      return Promise.resolve({ proposals, failed: 0 })
    },
    rate: (proposals) => Promise.resolve(proposals.map(() => 5)),
    learn: () => Promise.resolve({}),
    ...{ state: () => null, restore: () => undefined, probabilities: () => [], dispose: () => Promise.resolve() },
  }
  const run = await runTwoPlayer(
    options('known', {
      ...{ evaluate: [place('known.jsonl.gz')], languages: ['en'], rounds: 1, arms: ['game'] },
      generator: () => Promise.resolve({ id: 'scripted', make: () => Promise.resolve(generator) }),
    }),
  )
  const round = run.arms[0]?.rounds[1]
  expect(run.leftOut).toBe(1)
  expect(round?.languages[0]).toMatchObject({ levels: { 1: 2, 2: 2 }, joined: 1 })
  expect(round?.pairs.total).toBe(1)
  expect(readPreferencePairs(place('known/pairs-1.jsonl')).map(({ chosen }) => chosen)).toEqual([other])
})

describe('is refused', () => {
  test.each([
    ['no rounds', { rounds: 0 }, 'rounds must be'],
    ['no languages', { languages: [] }, 'at least one'],
    ['a language twice', { languages: ['de', 'de'] }, 'once'],
    ['no seeds', { seeds: [] }, 'at least one'],
    ['a temperature of 0', { temperature: 0 }, 'above 0'],
    ['static without game', { arms: ['static'] as const }, 'needs the game'],
    ['no arms', { arms: [] }, 'at least one arm'],
  ])('%s', async (_, change, message) => {
    await expect(runTwoPlayer(options('refused', change))).rejects.toThrow(message)
  })

  test('a folder without rows', async () => {
    mkdirSync(place('empty'))
    await expect(runTwoPlayer(options('refused', { data: place('empty') }))).rejects.toThrow('no *.jsonl.gz')
  })

  test('rows of one label', async () => {
    mkdirSync(place('one'))
    writeLines(
      place('one/rows.jsonl.gz'),
      harmless.map((prompt) => row({ prompt })),
    )
    await expect(runTwoPlayer(options('refused', { data: place('one') }))).rejects.toThrow(
      'no English row with label 1',
    )
  })

  test('sets for selection alone', async () => {
    await expect(runTwoPlayer(options('refused', { selection: ['test'] }))).rejects.toThrow(
      'All sets are for selection',
    )
  })

  test('a set of another task', async () => {
    writeLines(place('refusals.jsonl.gz'), [row({ task: 'refusal', response: 'No.', label: 1 })])
    const evaluate = [place('refusals.jsonl.gz')]
    await expect(runTwoPlayer(options('refused', { evaluate }))).rejects.toThrow('is a set of refusal')
  })

  test('a folder that another run holds', async () => {
    mkdirSync(place('held'))
    writeFileSync(place('held/running.pid'), String(process.ppid))
    await expect(runTwoPlayer(options('held'))).rejects.toThrow('Another run works in')
  })
})
