/** A tiny English encoder learns an invented language: foreign words come to mean the English ones, and a stop leaves no trace. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runtime } from '../../../../test/support/nn/run-graph.ts'
import {
  DICTIONARY,
  ENGLISH_WORDS,
  TINY_PIECES,
  cosine,
  invented,
  tinyConfig,
  tinyPretrained,
} from '../../../../test/support/nn/tiny-encoder.ts'
import { exportEncoder } from '../../../nn/encoder/export.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import { UnigramTokenizer } from '../../../nn/tokenizer/unigram.ts'
import { type DistilOptions, distil } from './distil.ts'
import type { StepProgress } from '../step-loop.ts'
import { initialDeepParameters } from './initial.ts'
import { planBatches, planOrder } from './plan.ts'
import { vectorsOf } from './vectors.ts'

const PIECES = [...TINY_PIECES, ...[...DICTIONARY.values()].map((word): [string, number] => [`▁${word}`, -4])]
const CONFIG = tinyConfig(PIECES.length)
const BUCKETS = [
  { length: 4, batch: 16 },
  { length: 8, batch: 8 },
]
const PAIRS = invented(60)
const TOKENIZER = new UnigramTokenizer({ pieces: PIECES, reserved: 1 })

function start(): ParameterValues {
  return initialDeepParameters({ pretrained: tinyPretrained(), config: CONFIG, pieces: PIECES, seed: 1 }).parameters
}

async function vectors(parameters: ParameterValues, texts: readonly string[]): Promise<readonly Float32Array[]> {
  const inputs = texts.map((text) => TOKENIZER.encode(text))
  return vectorsOf({ runtime: await runtime(), onnx: exportEncoder(CONFIG, parameters), inputs })
}

/** Learns the first fifty pairs in both languages; the others are for asking. */
const LEARNT = PAIRS.slice(0, 50)
async function settings(change: Partial<DistilOptions> = {}, epochs = 2, seed = 1): Promise<DistilOptions> {
  const teacher = await vectors(
    start(),
    LEARNT.map(({ english }) => english),
  )
  const rows = LEARNT.flatMap(({ english, text }, index) =>
    [text, english].map((each) => ({ ids: TOKENIZER.encode(each), vector: teacher[index] ?? new Float32Array() })),
  )
  const order = planOrder(
    rows.map(() => ''),
    { rows: epochs * rows.length, seed },
  )
  return {
    ...{ runtime: await runtime(), config: CONFIG, parameters: start(), rows, learningRate: 0.01 },
    firstRow: TINY_PIECES.length,
    ...{ batches: planBatches(order, (place) => rows[place]?.ids.length ?? 0, BUCKETS), ...change },
  }
}

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-distil-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Learns until a step, then stops as Ctrl-C would. */
async function interrupted(options: DistilOptions, at: number): Promise<void> {
  const stop = new AbortController()
  const onProgress = ({ step }: StepProgress): void => (step === at ? stop.abort() : undefined)
  const run = distil({ ...options, signal: stop.signal, onProgress, progressEvery: 1 })
  await expect(run).rejects.toMatchObject({
    ...{ code: 'aborted', message: expect.stringContaining(`stopped after ${at} of ${options.batches.length}`) },
  })
}

describe('an invented language', () => {
  test('gets the vectors of English, in sentences that were not learnt too, and English keeps its own', async () => {
    const losses: number[] = []
    const options = await settings(
      { onProgress: ({ loss }) => void losses.push(loss), progressEvery: 20, learningRate: 0.02 },
      60,
    )
    const { steps } = await distil(options)
    expect(steps).toBe(options.batches.length)
    expect(losses.at(-1)).toBeLessThan(0.1 * (losses[0] ?? 0))

    const english = PAIRS.map((pair) => pair.english)
    const foreign = PAIRS.map(({ text }) => text)
    const teacher = await vectors(start(), english)
    const nearness = (list: readonly Float32Array[], from: number): number =>
      list.slice(from).reduce((sum, vector, index) => sum + cosine(vector, teacher[from + index] ?? []), 0) /
      (list.length - from)
    const before = await vectors(start(), foreign)
    const after = await vectors(options.parameters, foreign)
    expect(nearness(before, 0)).toBeLessThan(0.8)
    expect(nearness(after, 0)).toBeGreaterThan(0.97)
    expect(nearness(after, LEARNT.length)).toBeGreaterThan(0.95)
    expect(nearness(await vectors(options.parameters, english), 0)).toBeGreaterThan(0.98)
  })

  test('changes the token table only, and in it no old piece and none that was not met', async () => {
    const options = await settings()
    await distil(options)
    const before = start()
    const changed = Object.keys(before).filter(
      (name) => !Buffer.from(bytesOf(before, name)).equals(bytesOf(options.parameters, name)),
    )
    expect(changed).toEqual(['embedding'])
    const width = CONFIG.embeddingWidth
    const met = new Set(options.rows.flatMap(({ ids }) => [...ids]))
    PIECES.forEach(([piece], id) => {
      const rows = [before, options.parameters].map((values) =>
        values['embedding']?.data.slice(id * width, (id + 1) * width),
      )
      if (!met.has(id) || id < TINY_PIECES.length) expect({ piece, row: rows[1] }).toEqual({ piece, row: rows[0] })
      else expect({ piece, row: rows[1] }).not.toEqual({ piece, row: rows[0] })
    })
    expect(met.size).toBeGreaterThan(ENGLISH_WORDS.length)
    expect(met.size).toBeLessThan(PIECES.length)
  })
})

function bytesOf(values: ParameterValues, name: string): Uint8Array {
  const data = values[name]?.data
  return data === undefined ? new Uint8Array() : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

describe('a run', () => {
  test('interrupted and resumed equals uninterrupted, bit for bit', async () => {
    const whole = await settings()
    await distil(whole)
    const path = join(folder, 'checkpoint.bin')
    await interrupted(await settings({ checkpoint: { path, every: 1000 } }), 3)
    await interrupted(await settings({ checkpoint: { path, every: 1000, resume: true } }), 7)
    const seen: number[] = []
    const resumed = await settings({
      ...{ checkpoint: { path, every: 1000, resume: true }, progressEvery: 1 },
      onProgress: ({ step }) => void seen.push(step),
    })
    await distil(resumed)
    expect(seen[0]).toBe(8)
    expect(resumed.parameters).toEqual(whole.parameters)
    expect(readdirSync(folder)).toEqual(['checkpoint.bin'])
  })

  test('that broke off without a word goes on from its last checkpoint', async () => {
    const path = join(folder, 'checkpoint.bin')
    let saved: Uint8Array | undefined
    const whole = await settings({
      ...{ checkpoint: { path, every: 4 }, progressEvery: 1 },
      onProgress: ({ step }) => void (step === 6 && (saved = readFileSync(path))),
    })
    await distil(whole)
    writeFileSync(path, saved ?? expect.fail('no checkpoint after six steps'))
    const seen: number[] = []
    const resumed = await settings({
      ...{ checkpoint: { path, every: 1000, resume: true }, progressEvery: 1 },
      onProgress: ({ step }) => void seen.push(step),
    })
    await distil(resumed)
    expect(seen[0]).toBe(5)
    expect(resumed.parameters).toEqual(whole.parameters)
    // A finished one stays as it is.
    const again = await settings({ checkpoint: { path, every: 1000, resume: true } })
    await distil(again)
    expect(again.parameters).toEqual(whole.parameters)
  })

  test('starts anew when it is not to resume', async () => {
    const path = join(folder, 'checkpoint.bin')
    await interrupted(await settings({ checkpoint: { path, every: 1000 } }, 2, 9), 2)
    const fresh = await settings({ checkpoint: { path, every: 1000 } })
    const plain = await settings()
    await distil(fresh)
    await distil(plain)
    expect(fresh.parameters).toEqual(plain.parameters)
  })

  test('refuses the checkpoint of other data, another order or rate, and a damaged one', async () => {
    const path = join(folder, 'checkpoint.bin')
    const checkpoint = { path, every: 1000, resume: true }
    await interrupted(await settings({ checkpoint: { path, every: 1000 } }), 2)
    const refused = async (options: DistilOptions): Promise<void> =>
      expect(distil(options)).rejects.toMatchObject({
        ...{ code: 'configuration', message: expect.stringContaining('other data or options') },
      })
    const { rows } = await settings()
    await refused(await settings({ checkpoint, learningRate: 0.02 }))
    await refused(await settings({ checkpoint }, 2, 2))
    await refused(await settings({ checkpoint, rows: rows.toReversed() }))
    const otherTeacher = rows.map((row, index) => (index === 0 ? { ...row, vector: row.vector.map(() => 0) } : row))
    await refused(await settings({ checkpoint, rows: otherTeacher }))
    writeFileSync(path, readFileSync(path).subarray(0, 500))
    await expect(distil(await settings({ checkpoint }))).rejects.toThrow(path)
  })

  test('without a batch is a mistake', async () => {
    await expect(distil(await settings({ batches: [] }))).rejects.toMatchObject({ code: 'input_invalid' })
  })
})
