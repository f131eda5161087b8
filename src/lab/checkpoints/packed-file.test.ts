/** Chat models in one file as checkpoints: packed from a folder's numbers, read back as numbers to train and audit. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tinyChatModel } from '../../../test/support/nn/tiny-chat-model.ts'
import { dequantiseDecoder, quantiseDecoder } from '../../nn/decoder/plain-decoder.ts'
import { type Checkpoint, checkpointPath, packCheckpoint, readCheckpoint, writeCheckpoint } from './index.ts'

const { config, parameters, tokenizer } = tinyChatModel(4)
const CHECKPOINT: Checkpoint = { config, parameters, tokenizer: { json: tokenizer.json, config: tokenizer.config } }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packed-'))
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

test('float32 comes back with every bit, int8 as the numbers it stands for', async () => {
  const path = join(folder, 'chat.bin')
  await writeFile(path, packCheckpoint(CHECKPOINT, { id: 'toy', numbers: 'float32' }))
  expect(await readCheckpoint(path)).toEqual(CHECKPOINT)
  await writeFile(path, packCheckpoint(CHECKPOINT, { id: 'toy' }))
  const read = await readCheckpoint(path)
  expect(read).toEqual({ ...CHECKPOINT, parameters: dequantiseDecoder(quantiseDecoder(parameters)) })
  // A folder can be made of it, and training may change its numbers without changing those of the file.
  await writeCheckpoint(join(folder, 'unpacked'), read)
  expect((await readCheckpoint(join(folder, 'unpacked'))).parameters).toEqual(read.parameters)
  read.parameters['model.norm.weight']?.data.fill(0)
  expect((await readCheckpoint(path)).parameters['model.norm.weight']?.data).not.toContain(0)
})

test('without a tokenizer there is no chat model, and another file is named as such', async () => {
  expect(() => packCheckpoint({ config, parameters }, { id: 'toy' })).toThrow('holds its tokenizer')
  const path = join(folder, 'model.safetensors')
  await writeFile(path, 'something else, long enough for a header')
  await expect(readCheckpoint(path)).rejects.toMatchObject({
    code: 'input_invalid',
    message: expect.stringMatching(/not a Parapet model.*named by its folder/) as string,
  })
})

test('demo is the shipped model, from which work can start; any other name is a path', async () => {
  expect(checkpointPath('/base', './demo')).toBe(resolve('/base/demo'))
  expect(checkpointPath('/base', '/other/model')).toBe(resolve('/other/model'))
  const shipped = await readCheckpoint(checkpointPath('/base', 'demo'))
  expect(Object.keys(shipped.parameters).length).toBeGreaterThan(10)
  expect(shipped.tokenizer?.json).toBeDefined()
})
