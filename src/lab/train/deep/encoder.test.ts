/** From parallel texts to an encoder: new pieces, nearness to the teacher on pairs that were held out, and runs that go on. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runtime } from '../../../../test/support/nn/run-graph.ts'
import {
  DICTIONARY,
  TINY_PIECES,
  invented,
  tinyConfig,
  tinyPretrained,
} from '../../../../test/support/nn/tiny-encoder.ts'
import type { StepProgress } from '../step-loop.ts'
import { type EncoderOptions, trainEncoder } from './encoder.ts'

const folder = mkdtempSync(join(tmpdir(), 'parapet-encoder-'))
afterAll(() => rmSync(folder, { recursive: true }))

const PARALLEL = invented(400).map((pair) => ({ language: 'xx', ...pair }))

async function options(change: Partial<EncoderOptions> = {}): Promise<EncoderOptions> {
  return {
    ...{ runtime: await runtime(), pretrained: tinyPretrained(), config: tinyConfig, parallel: PARALLEL },
    ...{ texts: new Map(), lexicon: new Map(), budgets: { xx: 12 }, seed: 1, folder },
    buckets: [
      { length: 8, batch: 16 },
      { length: 32, batch: 8 },
    ],
    ...change,
  }
}

describe('an encoder of another language', () => {
  test('has new pieces behind the old ones, and is near its teacher on pairs that were held out', async () => {
    const short = await trainEncoder(await options({ epochs: 0.1 }))
    const notes: string[] = []
    const long = await trainEncoder(await options({ epochs: 12, onNote: (note) => void notes.push(note) }))
    expect(long.pieces.slice(0, TINY_PIECES.length)).toEqual(TINY_PIECES)
    const added = new Set(long.pieces.slice(TINY_PIECES.length).map(([piece]) => piece))
    for (const word of DICTIONARY.values()) expect(added).toContain(`▁${word}`)
    expect(long.config.vocabularySize).toBe(long.pieces.length)
    expect(long.reserved).toBe(1)
    // English texts hold no new piece, so nothing is to be learnt from them.
    const rows = PARALLEL.length
    const learnt = Number(/(\d+) rows to learn/.exec(notes.join('\n'))?.[1]) / 12
    expect(learnt).toBeLessThan(rows)
    expect(learnt).toBeGreaterThan(0.9 * rows)
    expect(Object.keys(long.cosine).toSorted()).toEqual(['en', 'xx'])
    expect(long.cosine['en']).toBeGreaterThan(0.95)
    expect(long.cosine['xx']).toBeGreaterThan(0.9)
    expect(long.cosine['xx']).toBeGreaterThan((short.cosine['xx'] ?? 1) + 0.05)
  })

  test('starts nearer with a lexicon', async () => {
    const lexicon = new Map([...DICTIONARY].map(([english, word]) => [word, [english]]))
    const plain = await trainEncoder(await options({ epochs: 0.1 }))
    const { cosine } = await trainEncoder(await options({ epochs: 0.1, lexicon }))
    expect(cosine['xx']).toBeGreaterThan((plain.cosine['xx'] ?? 1) + 0.05)
  })

  test('that was stopped goes on, and is the same to the byte; a seed decides', async () => {
    const own = mkdtempSync(join(folder, 'stopped-'))
    const rows: number[] = []
    const onProgress = (progress: StepProgress): void => void rows.push(progress.items)
    const whole = await trainEncoder(await options({ epochs: 4, onProgress }))
    const all = rows.at(-1) ?? 0
    const stop = new AbortController()
    const stopped = await options({ epochs: 4, folder: own, signal: stop.signal, onProgress: () => stop.abort() })
    await expect(trainEncoder(stopped)).rejects.toMatchObject({ code: 'aborted' })
    const resumed = await trainEncoder(await options({ epochs: 4, folder: own, resume: true, onProgress }))
    expect(rows.at(-1)).toBeLessThan(all)
    expect(Buffer.from(resumed.onnx).equals(whole.onnx)).toBe(true)
    expect(resumed.cosine).toEqual(whole.cosine)
    const other = await trainEncoder(await options({ epochs: 4, seed: 2 }))
    expect(Buffer.from(other.onnx).equals(whole.onnx)).toBe(false)
  })
})

test('without parallel texts the encoder stays what it was', async () => {
  const texts = new Map([['xx', PARALLEL.map(({ text }) => text)]])
  const { pieces, cosine, onnx } = await trainEncoder(await options({ parallel: [], texts }))
  expect(pieces).toEqual(TINY_PIECES)
  expect(cosine).toEqual({})
  expect(onnx.length).toBeGreaterThan(0)
})
