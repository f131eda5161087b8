/** Vectors of texts: pooling, length, windows, and a trained encoder that gives its own. */
import { afterAll, expect, test } from 'vitest'
import { tokenVectorGraph, countingGraph } from '../../../test/support/nn/tiny-graphs.ts'
import {
  MODEL_CONFIG,
  VOCABULARY,
  folderFiles,
  modelFolder,
  removeModelFolders,
  tinyModel,
} from '../../../test/support/nn/tiny-text-classifier.ts'
import { cosine } from '../../../test/support/nn/tiny-encoder.ts'
import type { TextEncoderEngine } from '../../spec/index.ts'
import { loadTextEncoder, type TextEncoderOptions } from './index.ts'

const open: TextEncoderEngine[] = []
afterAll(async () => {
  for (const engine of open) await engine.dispose()
  removeModelFolders()
})

async function encoder(graph: Uint8Array, options: TextEncoderOptions = {}): Promise<TextEncoderEngine> {
  const engine = await loadTextEncoder(modelFolder(folderFiles(graph)), options)
  open.push(engine)
  return engine
}

/** Flowers point one way, bread another, control tokens a third. */
const TABLE = VOCABULARY.map((word): readonly number[] => {
  if (word.startsWith('[')) return [0, 0, 1]
  return ['water', 'rose', 'garden', 'soil'].includes(word) ? [2, 0, 0] : [0, 5, 0]
})
const length = (vector: Float32Array): number => Math.hypot(...vector)

test('the mean of the tokens, at length 1', async () => {
  const engine = await encoder(tokenVectorGraph(TABLE))
  expect([engine.dimensions, engine.kind]).toEqual([3, 'text-encoder'])
  const [one, other] = await engine.embed(['rose water', 'rose bread'])
  const scale = Math.hypot(4, 2)
  expect(Array.from(one ?? []).map((value) => value.toFixed(5))).toEqual([4, 0, 2].map((v) => (v / scale).toFixed(5)))
  expect(length(other ?? new Float32Array())).toBeCloseTo(1, 6)
})

test('padding has no share in it', async () => {
  const plain = await encoder(tokenVectorGraph(TABLE))
  const padded = await encoder(tokenVectorGraph(TABLE), { padTo: 16 })
  const [one] = await plain.embed(['rose bread'])
  const [other] = await padded.embed(['rose bread'])
  expect(Array.from(other ?? [])).toEqual(Array.from(one ?? []))
})

test('the first token alone', async () => {
  const engine = await encoder(tokenVectorGraph(TABLE), { pooling: 'cls' })
  const [vector] = await engine.embed(['rose water'])
  expect(Array.from(vector ?? [])).toEqual([0, 0, 1])
})

test('all of a long text counts', async () => {
  const engine = await encoder(tokenVectorGraph(TABLE))
  const [long, rose, bread] = await engine.embed([`${'rose '.repeat(30)}${'bread '.repeat(30)}`, 'rose', 'bread'])
  for (const one of [rose, bread]) expect(cosine(long ?? [], one ?? [])).toBeGreaterThan(0.3)
})

test('a graph that gives one vector for each text', async () => {
  const engine = await encoder((await tinyModel('single')).graph)
  const [one, again, other] = await engine.embed(['rose water', 'rose water', 'bypass unlock'])
  expect(cosine(one ?? [], again ?? [])).toBeCloseTo(1, 6)
  expect(cosine(one ?? [], other ?? [])).toBeLessThan(0.9)
})

test('what is no vector of a text is refused', async () => {
  const folder = modelFolder(folderFiles(countingGraph({ output: 'two' }), { 'config.json': MODEL_CONFIG }))
  await expect(loadTextEncoder(folder, { pooling: 'max' as 'mean' })).rejects.toMatchObject({ code: 'configuration' })
  const engine = await loadTextEncoder(folder)
  open.push(engine)
  await expect(engine.embed(['rose '.repeat(20)], { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'aborted',
  })
})
