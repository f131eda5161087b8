import { expect, test } from 'vitest'
import { type DecoderConfig, parameterCount } from '../../nn/decoder/config.ts'
import { requireTrainingMemory } from './training-memory.ts'

const CONFIG: DecoderConfig = {
  architecture: 'llama',
  ...{ vocabularySize: 49_152, width: 576, layers: 30, heads: 9, keyValueHeads: 3, headWidth: 64, feedForward: 1536 },
  ...{ maxLength: 8192, ropeTheta: 100_000, epsilon: 1e-5, tiedEmbeddings: true },
}

test('a model whose training can never fit is refused by its sizes, one byte below what it needs', () => {
  const needed = parameterCount(CONFIG) * 4 * 5
  expect(() => requireTrainingMemory('SmolLM2', CONFIG, 5, needed)).not.toThrow()
  expect(() => requireTrainingMemory('SmolLM2', CONFIG, 5, needed - 1)).toThrow(
    'Training SmolLM2 needs at least 2.69 GB, 5 times its weights in 32 bits; 2.69 GB are there. Train an adapter',
  )
})

test('the machine’s own memory is the limit where none is given', () => {
  expect(() => requireTrainingMemory('small', { ...CONFIG, vocabularySize: 10, layers: 1 }, 4)).not.toThrow()
  expect(() => requireTrainingMemory('huge', { ...CONFIG, layers: 1e9 }, 4)).toThrow('Training huge needs at least')
})
