/**
 * The code path of full-size models: a checkpoint in the shape of SmolLM2-135M with random weights is written, read, answers eight tokens
 * and takes one step of a low-rank adapter. Prints the peak memory of each process, which has to stay below 4 GB.
 *
 *   npx tsx bench/nn/full-size.ts
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readCheckpoint, writeCheckpoint } from '../../src/lab/checkpoints/index.ts'
import { trainDecoder } from '../../src/lab/train/decoder/index.ts'
import {
  type DecoderConfig,
  DecoderGenerator,
  initialDecoder,
  loadOnnxRuntime,
  parameterCount,
} from '../../src/nn/index.ts'

const SMOLLM2_135M: DecoderConfig = {
  architecture: 'llama',
  ...{ vocabularySize: 49_152, width: 576, layers: 30, heads: 9, keyValueHeads: 3, headWidth: 64, feedForward: 1536 },
  ...{ maxLength: 8192, ropeTheta: 100_000, epsilon: 1e-5, tiedEmbeddings: true, endTokens: [2] },
}
const LIMIT = 4 * 2 ** 30
const PROMPT = Array.from({ length: 64 }, (_, at) => (at * 7919) % SMOLLM2_135M.vocabularySize)

const steps: Readonly<Record<string, (folder: string) => Promise<string>>> = {
  write: async (folder) => {
    await writeCheckpoint(
      folder,
      { config: SMOLLM2_135M, parameters: initialDecoder(SMOLLM2_135M, 1) },
      { format: 'BF16' },
    )
    return `${parameterCount(SMOLLM2_135M)} parameters`
  },
  generate: async (folder) => {
    const { config, parameters } = await readCheckpoint(folder)
    const generator = await DecoderGenerator.load(await loadOnnxRuntime(), config, parameters)
    const began = performance.now()
    const [answer] = await generator.generate([PROMPT], { maxTokens: 8, stopTokens: [] })
    const seconds = (performance.now() - began) / 1000
    await generator.dispose()
    return `${answer?.ids.length ?? 0} tokens after a prompt of ${PROMPT.length} in ${seconds.toFixed(1)} s`
  },
  lora: async (folder) => {
    const { config, parameters } = await readCheckpoint(folder)
    const { history } = await trainDecoder({
      ...{ runtime: await loadOnnxRuntime(), config, parameters, seed: 1, steps: 1, learningRate: 1e-4 },
      sequences: [{ ids: Int32Array.from(PROMPT), weights: new Float32Array(PROMPT.length).fill(1) }],
      ...{ tokensPerStep: 64, lora: { rank: 8, alpha: 16 }, warmUpSteps: 0 },
    })
    return `one step of a rank-8 adapter on 64 tokens, loss ${history[0]?.loss.toFixed(3)}`
  },
}

const [, , step, given] = process.argv
if (step !== undefined && given !== undefined) {
  const began = performance.now()
  const text = await (steps[step] ?? (() => Promise.reject(new Error(`There is no step ${step}.`))))(given)
  const peak = process.resourceUsage().maxRSS * 1024
  process.stdout.write(
    `${step}: ${text}; ${((performance.now() - began) / 1000).toFixed(1)} s, peak ${(peak / 2 ** 20).toFixed(0)} MB\n`,
  )
  process.exitCode = peak < LIMIT ? 0 : 1
} else {
  const folder = mkdtempSync(join(tmpdir(), 'full-size-'))
  try {
    for (const name of Object.keys(steps))
      execFileSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), name, folder], {
        stdio: 'inherit',
      })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
