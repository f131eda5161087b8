/**
 * Generation beside llama.cpp (through node-llama-cpp): the same random weights in 32 bits, greedy, prompts of 64 tokens, 128 new ones, one
 * thread, runs interleaved, medians. A rate counts the new tokens over the whole answer, reading of the prompt included.
 *
 *   npm ci --prefix integration/llama-cpp
 *   npm run bench:generation [-- --sizes 1.4M,4.5M,25M --runs 5 --json FILE]
 *
 * Two rates: by the clock, and by processor time, which tells more on a machine that others use too. Programs must draw the same tokens
 * from the same 32-bit weights for as long as no two logits are too close to call; the bench says for how many they did.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeGguf } from '../../src/lab/checkpoints/index.ts'
import { type DecoderConfig, initialDecoder, parameterCount } from '../../src/nn/decoder/config.ts'
import { generate } from '../../src/nn/decoder/generate.ts'
import { DecoderGenerator } from '../../src/nn/decoder/generator.ts'
import { PlainDecoder, quantiseDecoder } from '../../src/nn/decoder/plain-decoder.ts'
import { createRandom } from '../../src/nn/random.ts'
import { loadOnnxRuntime } from '../../src/nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../src/nn/tensor/parameters.ts'
import { trainBytePairs } from '../../src/nn/tokenizer/byte-level-bpe.ts'
import { SIZE_NAMES, caseConfig } from './step-case.ts'

/** What another program has to do to be compared: the `count` most likely tokens after a prompt, each following the one before. */
export interface GreedyProgram {
  greedy(prompt: readonly number[], count: number): Promise<readonly number[]>
  dispose(): Promise<void>
}
export type LoadGreedy = (gguf: string, contextSize: number) => Promise<GreedyProgram>

interface Program {
  readonly name: string
  /** Prompts answered at a time. */
  readonly batch: number
  readonly answer: (prompts: readonly (readonly number[])[]) => Promise<readonly (readonly number[])[]>
}

const PROMPT = 64
const NEW = 128
const BATCH = 16
const LLAMA_CPP = 'llama.cpp'

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: SIZE_NAMES.join() },
    runs: { type: 'string', default: '5' },
    json: { type: 'string' },
  },
})
const loadGreedy = await llamaCpp()
const runtime = await loadOnnxRuntime({ prefer: 'node' })
const table: Record<string, unknown>[] = []
for (const size of values.sizes.split(',')) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-generation-'))
  try {
    table.push(...(await measure(size, join(folder, 'model.gguf'))))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
console.table(table)
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(table, null, 2)}\n`)

async function measure(size: string, gguf: string): Promise<readonly Record<string, unknown>[]> {
  const config = caseConfig(size, PROMPT + NEW)
  const parameters = lively(initialDecoder(config, 1))
  const tokenizer = trainBytePairs(['llama.cpp wants a tokenizer'], {
    ...{ vocabularySize: 300, specialTokens: ['<|end|>'], endToken: '<|end|>' },
  })
  await writeGguf(gguf, { config, parameters, tokenizer })
  const cpp = await loadGreedy?.(gguf, PROMPT + NEW)
  const generator = await DecoderGenerator.load(runtime, config, parameters)
  const onnx = async (prompts: readonly (readonly number[])[]): Promise<readonly (readonly number[])[]> =>
    (await generator.generate(prompts, { maxTokens: NEW, stopTokens: [], batch: BATCH })).map(({ ids }) => ids)
  const programs: readonly Program[] = [
    { name: 'TypeScript, float32', batch: 1, answer: plain(new PlainDecoder(config, parameters)) },
    { name: 'TypeScript, int8', batch: 1, answer: plain(new PlainDecoder(config, quantiseDecoder(parameters))) },
    { name: 'onnxruntime', batch: 1, answer: onnx },
    { name: `onnxruntime, ${BATCH} at a time`, batch: BATCH, answer: onnx },
    ...(cpp === undefined
      ? []
      : [{ name: LLAMA_CPP, batch: 1, answer: one((prompt: readonly number[]) => cpp.greedy(prompt, NEW)) }]),
  ]
  const prompts = promptsOf(config)
  const taken = programs.map(() => ({ clock: [] as number[], processor: [] as number[] }))
  const drawn: (readonly number[])[] = []
  // The first run of each warms memory and compilers, and is compared.
  for (let run = 0; run <= Number(values.runs); run += 1)
    for (const [place, program] of programs.entries()) {
      const began = performance.now()
      const before = process.cpuUsage()
      const [first = []] = await program.answer(prompts.slice(0, program.batch))
      const { user, system } = process.cpuUsage(before)
      if (run === 0) drawn[place] = first
      else {
        taken[place]?.clock.push((performance.now() - began) / 1000)
        taken[place]?.processor.push((user + system) / 1e6)
      }
    }
  await generator.dispose()
  await cpp?.dispose()
  const rates = programs.map(({ batch }, place) => ({
    clock: (batch * NEW) / median(taken[place]?.clock ?? []),
    processor: (batch * NEW) / median(taken[place]?.processor ?? []),
  }))
  const other = rates[programs.findIndex(({ name }) => name === LLAMA_CPP)]
  return programs.map(({ name }, place) => ({
    ...{ size, parameters: parameterCount(config), program: name },
    'tokens/s': Math.round(rates[place]?.clock ?? NaN),
    'tokens/s of processor time': Math.round(rates[place]?.processor ?? NaN),
    'times llama.cpp': ((rates[place]?.clock ?? NaN) / (other?.clock ?? NaN)).toFixed(2),
    'times, processor': ((rates[place]?.processor ?? NaN) / (other?.processor ?? NaN)).toFixed(2),
    'same tokens as float32': sameUntil(drawn[0] ?? [], drawn[place] ?? []),
  }))
}

/** Random weights so large that blocks outweigh embeddings; with fresh ones a model says one token again and again. */
function lively(parameters: ParameterValues): ParameterValues {
  for (const [name, { data }] of Object.entries(parameters))
    if (name.endsWith('_proj.weight')) for (const [at, value] of data.entries()) data[at] = 8 * value
  return parameters
}

function plain(decoder: PlainDecoder): Program['answer'] {
  return one(async (prompt) => {
    const ids: number[] = []
    const options = { maxTokens: NEW, sampling: { temperature: 0, random: Math.random } }
    for await (const part of generate(decoder.source(), prompt, options)) if (part.type === 'token') ids.push(part.id)
    return ids
  })
}

/** A program that answers one prompt at a time. */
function one(answer: (prompt: readonly number[]) => Promise<readonly number[]>): Program['answer'] {
  return async ([prompt = []]) => [await answer(prompt)]
}

function promptsOf({ vocabularySize }: DecoderConfig): readonly (readonly number[])[] {
  const random = createRandom(3)
  return Array.from({ length: BATCH }, () =>
    Array.from({ length: PROMPT }, () => Math.floor(random() * vocabularySize)),
  )
}

function sameUntil(expected: readonly number[], found: readonly number[]): number {
  const apart = expected.findIndex((id, at) => id !== found[at])
  return apart < 0 ? expected.length : apart
}

/** Nothing where node-llama-cpp is not installed; the bench then measures the rest. */
async function llamaCpp(): Promise<LoadGreedy | undefined> {
  const path = new URL('../../integration/llama-cpp/greedy.ts', import.meta.url)
  try {
    return ((await import(fileURLToPath(path))) as { readonly loadGreedy: LoadGreedy }).loadGreedy
  } catch (cause) {
    if (!/Cannot find package 'node-llama-cpp'/.test(String(cause))) throw cause
    console.log('Without llama.cpp, which is not installed: npm ci --prefix integration/llama-cpp')
    return undefined
  }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
