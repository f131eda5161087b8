/** What both sides of the training bench run: a model, its first weights and its tokens, as files, so that the losses can be compared. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DecoderConfig, decoderShapes, initialDecoder } from '../../src/nn/decoder/config.ts'
import { createRandom } from '../../src/nn/random.ts'
import type { ParameterValues } from '../../src/nn/tensor/parameters.ts'
import { elementCount } from '../../src/nn/tensor/shape.ts'

export interface StepCase {
  readonly config: DecoderConfig
  readonly shapes: readonly (readonly [string, readonly number[]])[]
  readonly batch: number
  readonly length: number
  readonly learningRate: number
}

/** Width, layers, feed-forward width, vocabulary, heads. */
const SIZES: Readonly<Record<string, readonly [number, number, number, number, number]>> = {
  '1.4M': [128, 4, 384, 4096, 4],
  '4.5M': [256, 4, 768, 4096, 4],
  '25M': [512, 6, 1536, 8192, 8],
}
export const SIZE_NAMES: readonly string[] = Object.keys(SIZES)

/** A Llama of one of the sizes for sequences of up to `maxLength` tokens. */
export function caseConfig(size: string, maxLength: number): DecoderConfig {
  const found = SIZES[size]
  if (found === undefined) throw new Error(`There is no size ${size}; there are ${SIZE_NAMES.join(', ')}.`)
  const [width, layers, feedForward, vocabularySize, heads] = found
  return {
    ...{ architecture: 'llama', vocabularySize, width, layers, heads, keyValueHeads: heads, feedForward },
    ...{ headWidth: width / heads, maxLength, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
  }
}

export function writeCase(folder: string, size: string, steps: number): void {
  const [batch, length] = [8, 128]
  const config = caseConfig(size, length)
  const model: StepCase = { config, shapes: Object.entries(decoderShapes(config)), batch, length, learningRate: 1e-3 }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'model.json'), JSON.stringify(model))
  const parameters = initialDecoder(config, 1)
  writeFileSync(
    join(folder, 'weights.bin'),
    Buffer.concat(model.shapes.map(([name]) => bytesOf(parameters[name]?.data ?? new Float32Array()))),
  )
  const random = createRandom(2)
  // Tokens with something to learn: each follows from the one before it in nine of ten cases.
  const tokens = new Int32Array(steps * batch * length)
  for (let at = 1; at < tokens.length; at += 1)
    tokens[at] = random() < 0.9 ? ((tokens[at - 1] ?? 0) * 17 + 5) % 512 : Math.floor(random() * 512)
  writeFileSync(join(folder, 'tokens.bin'), bytesOf(tokens))
}

export function readCase(folder: string): {
  readonly model: StepCase
  readonly parameters: ParameterValues
  readonly tokens: Int32Array
} {
  const model = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as StepCase
  const flat = new Float32Array(copyOf(readFileSync(join(folder, 'weights.bin'))))
  let at = 0
  const parameters = Object.fromEntries(
    model.shapes.map(([name, shape]) => {
      const data = flat.slice(at, (at += elementCount(shape)))
      return [name, { shape, data }]
    }),
  )
  return { model, parameters, tokens: new Int32Array(copyOf(readFileSync(join(folder, 'tokens.bin')))) }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function copyOf(file: Buffer): ArrayBuffer {
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer
}
