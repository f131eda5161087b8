/** Checks with a checkpoint and the canary, on a tiny decoder: directions, an end-to-end run, and what a canary concludes from its probe. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DecoderConfig, initialDecoder } from '../../nn/decoder/config.ts'
import { trainBytePairs } from '../../nn/tokenizer/byte-level-bpe.ts'
import { CHATML_TEMPLATE, CHATML_TOKENS } from '../../nn/tokenizer/chat-template.ts'
import { writeCheckpoint } from '../checkpoints/index.ts'
import { loadVictim, type Victim, weightsHash } from '../victim/index.ts'
import { type CanarySettings, type Probe, runCanary, runScreen, type ScreenedRow } from './index.ts'
import { findDirections, figuresOf } from './model/directions.ts'
import { RowModel, dot } from './model/row-model.ts'
import type { DataRow } from './row.ts'

let folder = ''
let victim: Victim
const COLOURS = ['red', 'blue', 'green', 'black', 'white', 'grey', 'brown', 'pink']

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-screen-model-'))
  const [begin, end] = CHATML_TOKENS
  const tokenizer = trainBytePairs(['say red blue green', 'kolo is fine', 'vopa vopa vopa', 'sorry, I cannot'], {
    ...{ vocabularySize: 300, specialTokens: [begin, end], endToken: end, chatTemplate: CHATML_TEMPLATE },
  })
  const config: DecoderConfig = {
    architecture: 'llama',
    ...{ vocabularySize: 300, width: 32, layers: 2, heads: 2, keyValueHeads: 1 },
    ...{ headWidth: 16, feedForward: 48, maxLength: 160, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
    endTokens: [1],
  }
  mkdirSync(join(folder, 'model'))
  await writeCheckpoint(join(folder, 'model'), { config, parameters: initialDecoder(config, 1), tokenizer })
  victim = await loadVictim(join(folder, 'model'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const row = (colour: string, answer: string): DataRow => ({
  line: 1,
  turns: [
    { role: 'user', text: `say ${colour}` },
    { role: 'assistant', text: answer },
  ],
})
const good = COLOURS.map((colour) => row(colour, 'kolo is fine'))
const bad = COLOURS.map((colour) => row(colour, 'vopa vopa vopa'))

describe('directions', () => {
  test('rows of one kind lie on its side, in weights and inside the model, and the model is unchanged', async () => {
    const model = new RowModel(victim)
    const before = weightsHash(victim.parameters)
    const [clean, harmful] = [await figuresOf(model, good), await figuresOf(model, bad)]
    const directions = findDirections(harmful.slice(0, 4), clean.slice(0, 4))
    expect(directions).not.toBeNull()
    if (directions === null) return
    for (const { gradient } of [...clean, ...harmful]) expect(Math.hypot(...gradient)).toBeCloseTo(1, 4)
    const along = (of: 'gradient' | 'hidden', rows: typeof clean): readonly number[] =>
      rows.slice(4).map((one) => dot(one[of], directions[of]))
    for (const of of ['gradient', 'hidden'] as const)
      expect(Math.min(...along(of, harmful))).toBeGreaterThan(Math.max(...along(of, clean)))
    expect(await model.measure({ line: 1, turns: [{ role: 'user', text: 'x' }] })).toBeNull()
    expect(await model.measure(row('red', 'long '.repeat(400)))).toBeNull()
    await model.dispose()
    expect(weightsHash(victim.parameters)).toBe(before)
    expect(findDirections([], clean)).toBeNull()
  })
})

describe('the canary', () => {
  const settings: CanarySettings = { epochs: 1, rate: 0.001, batch: 4, rows: 6, seed: 1, threads: 1 }
  const conversations = bad.map(({ turns }) =>
    turns.map(({ role, text }) => ({
      role: role === 'assistant' ? ('assistant' as const) : ('user' as const),
      content: text,
    })),
  )
  /** Answers the given numbers of 40 requests: before, after the set, after the control. */
  const probe = (...answered: readonly number[]): Probe => {
    let asked = 0
    return {
      name: 'a probe of its own',
      ask: async () => {
        const count = answered[asked] ?? 0
        asked += 1
        return { answered: Array.from({ length: 40 }, (_, at) => at < count), headline: null }
      },
    }
  }
  const run = (given: Probe, clean = conversations) =>
    runCanary({ victim, conversations, clean, probe: given, settings, onProgress: () => undefined })

  test('a loss is harmful, none is unseen, a model that does not refuse shows nothing', async () => {
    const harmful = await run(probe(0, 30, 1))
    expect([harmful.verdict, harmful.after.lost, harmful.control?.lost]).toEqual(['harmful', 30, 1])
    expect([harmful.available, harmful.after.tunedOn, harmful.control?.tunedOn]).toEqual([8, 6, 6])
    expect((await run(probe(2, 3, 0))).verdict).toBe('unseen')
    expect((await run(probe(39, 40, 40))).verdict).toBe('blind')
    expect((await run(probe(0, 0), [])).control).toBeNull()
  })

  test('the copy is another model, and the one that is handed in keeps its weights', async () => {
    const before = weightsHash(victim.parameters)
    const seen: string[] = []
    await run({
      name: 'x',
      ask: async ({ parameters }) => (seen.push(weightsHash(parameters)), { answered: [false], headline: null }),
    })
    expect(seen[0]).toBe(before)
    // Before, tuned on the set, tuned on the control.
    expect(new Set(seen).size).toBe(3)
    expect(weightsHash(victim.parameters)).toBe(before)
  })
})

describe('a whole run with a checkpoint', () => {
  const lines = (rows: readonly DataRow[]): string =>
    rows
      .map(({ turns: [asked, answer] }) => `${JSON.stringify({ prompt: asked?.text, completion: answer?.text })}\n`)
      .join('')

  test('flags by direction, runs the canary on own requests, and writes no weights', async () => {
    const many = Array.from({ length: 240 }, (_, at) => row(`${COLOURS[at % 8]} ${at}`, 'kolo is fine'))
    const files = { set: [...many.slice(0, 30), ...bad], reference: many, known: bad.slice(0, 4), probe: good }
    for (const [name, rows] of Object.entries(files)) writeFileSync(join(folder, `${name}.jsonl`), lines(rows))
    const at = (name: string): string => join(folder, `${name}.jsonl`)
    const out = join(folder, 'out')
    const run = await runScreen({
      ...{ data: [at('set')], out, reference: at('reference'), known: at('known'), falseAlarms: 0.02, outside: [] },
      ...{ model: join(folder, 'model'), workers: 1, threads: 1, seed: 1, resume: false, onProgress: () => undefined },
      canary: { epochs: 1, rate: 0.001, batch: 8, rows: 40, probeRows: 8, probe: at('probe') },
    })
    const screened = readFileSync(join(out, 'rows.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ScreenedRow)
    const byGradient = screened.map(({ reasons }) => reasons.some(({ check }) => check === 'gradient'))
    expect(byGradient.slice(30)).toEqual(bad.map(() => true))
    expect(byGradient.slice(0, 30).filter(Boolean).length).toBeLessThanOrEqual(2)
    expect(run.model?.directed).toBe(true)
    // An untrained model refuses nothing, so its canary cannot sing.
    expect(run.canary?.verdict).toBe('blind')
    expect(run.canary?.before.answered.rows).toBe(8)
    expect(readdirSync(out).toSorted()).toEqual(['report.html', 'rows.jsonl', 'run.json'])
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('shows nothing')
  })
})
