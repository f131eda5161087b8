/**
 * The proof of the formats: the same weights give the same greedy text in `nn`, in onnxruntime from the ONNX export, and in llama.cpp
 * from the GGUF file, and llama.cpp cuts texts into the same tokens and writes tokens as the same text. Ends with 1 when something
 * differs.
 *
 *   npm ci --prefix integration/llama-cpp && npx tsx integration/llama-cpp/formats.ts
 *
 * Small models with random weights, everything in 32 bits, the cache of keys and values too. Three programs add the same numbers in
 * different orders, so a different token counts only where the two best logits lie more than `LEAST_GAP` apart.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getLlama, type Llama, LlamaLogLevel, type Token } from 'node-llama-cpp'
import { readCheckpoint, writeCheckpoint, writeGguf } from '../../src/lab/checkpoints/index.ts'
import { generate } from '../../src/nn/decoder/generate.ts'
import { DecoderGenerator } from '../../src/nn/decoder/generator.ts'
import { PlainDecoder } from '../../src/nn/decoder/plain-decoder.ts'
import { loadOnnxRuntime } from '../../src/nn/runtime/onnx-runtime.ts'
import { loadTokenizer } from '../../src/nn/tokenizer/tokenizer-json.ts'
import { CASES, type FormatCase, PROMPTS, checkpointOf } from './models.ts'

/** Tokens drawn for a prompt. */
const TOKENS = 24
/** Two logits nearer than this may change places by rounding. */
const LEAST_GAP = 1e-3

/** What one program drew for one prompt; `scores` are the logits each token was drawn from, as far as it tells them. */
interface Drawn {
  readonly ids: readonly number[]
  readonly scores: readonly Float32Array[]
}

interface Comparison {
  readonly same: number
  /** Different tokens, though the best logit was clear. */
  readonly counting: number
  /** Different tokens where the two best logits lay too close. */
  readonly close: number
  readonly worstLogit: number
}

const runtime = await loadOnnxRuntime({ prefer: 'node' })
const llama = await getLlama({
  gpu: false,
  build: 'never',
  skipDownload: true,
  progressLogs: false,
  logLevel: LlamaLogLevel.error,
  maxThreads: 1,
})
const rows: Record<string, string | number>[] = []
let failures = 0
for (const formatCase of CASES) {
  const folder = await mkdtemp(join(tmpdir(), 'parapet-formats-'))
  try {
    await compareFormats(formatCase, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
console.table(rows)
console.log(failures === 0 ? 'The formats agree.' : `${failures} differences.`)
await llama.dispose()
process.exit(failures === 0 ? 0 : 1)

async function compareFormats(formatCase: FormatCase, folder: string): Promise<void> {
  const gguf = join(folder, 'model.gguf')
  const made = checkpointOf(formatCase)
  await writeCheckpoint(join(folder, 'checkpoint'), made)
  const { config, parameters, tokenizer } = await readCheckpoint(join(folder, 'checkpoint'))
  await writeGguf(gguf, { config, parameters, ...(tokenizer === undefined ? {} : { tokenizer }) })
  const texts = await loadTokenizer(tokenizer ?? { json: null })

  const prompts = PROMPTS.map((text) => texts.encode(text))
  const plain = await drawPlain(new PlainDecoder(config, parameters), prompts)
  const generator = await DecoderGenerator.load(runtime, config, parameters)
  const onnx = await generator.generate(prompts, { maxTokens: TOKENS, stopTokens: [] })
  await generator.dispose()
  const cpp = await drawLlamaCpp(llama, gguf, prompts)

  const cuts = PROMPTS.filter((text, place) => String(cpp.cut(text)) !== String(prompts[place]))
  for (const text of cuts)
    console.log(`${formatCase.name}: ${JSON.stringify(text)} is ${cpp.cut(text).join(' ')} in llama.cpp and not ours`)
  const written = plain.filter(({ ids }) => cpp.write(ids) !== texts.decode(ids))
  for (const { ids } of written)
    console.log(`${formatCase.name}: ${JSON.stringify(cpp.write(ids))} is the text in llama.cpp and not ours`)
  const compared = {
    onnxruntime: compare(
      plain,
      onnx.map(({ ids }) => ({ ids, scores: [] })),
    ),
    'llama.cpp': compare(plain, cpp.drawn),
  }
  for (const [program, result] of Object.entries(compared)) {
    failures += result.counting
    rows.push({
      model: formatCase.name,
      program,
      prompts: prompts.length,
      same: result.same,
      'differ, too close': result.close,
      'differ, counting': result.counting,
      'largest logit difference': program === 'onnxruntime' ? '' : result.worstLogit.toExponential(1),
      'other token ids': program === 'onnxruntime' ? '' : cuts.length,
      'other text': program === 'onnxruntime' ? '' : written.length,
      'distinct tokens': new Set(plain.flatMap(({ ids }) => ids)).size,
    })
  }
  failures += cuts.length + written.length
}

async function drawPlain(decoder: PlainDecoder, prompts: readonly (readonly number[])[]): Promise<readonly Drawn[]> {
  const drawn: Drawn[] = []
  for (const prompt of prompts) {
    const [ids, scores]: [number[], Float32Array[]] = [[], []]
    const source = decoder.source()
    const kept = async (logits: Float32Array | Promise<Float32Array>): Promise<Float32Array> => {
      scores.push((await logits).slice())
      return logits
    }
    const recorded = {
      prefill: (given: readonly number[]) => kept(source.prefill(given)),
      step: (id: number) => kept(source.step(id)),
    }
    const sampling = { temperature: 0, random: Math.random }
    for await (const part of generate(recorded, prompt, { maxTokens: TOKENS, sampling }))
      if (part.type === 'token') ids.push(part.id)
    if (ids.length !== TOKENS) throw new Error(`${ids.length} tokens were drawn and not ${TOKENS}.`)
    drawn.push({ ids, scores })
  }
  return drawn
}

/** One thread: more of them wait for each other where the machine is busy. */
async function drawLlamaCpp(
  engine: Llama,
  path: string,
  prompts: readonly (readonly number[])[],
): Promise<{
  readonly drawn: readonly Drawn[]
  readonly cut: (text: string) => readonly number[]
  readonly write: (ids: readonly number[]) => string
}> {
  const model = await engine.loadModel({ modelPath: path, gpuLayers: 0 })
  const context = await model.createContext({
    contextSize: 256,
    sequences: 1,
    threads: 1,
    flashAttention: false,
    experimentalKvCacheKeyType: 'F32',
    experimentalKvCacheValueType: 'F32',
  })
  const sequence = context.getSequence()
  const drawn: Drawn[] = []
  for (const prompt of prompts) {
    await sequence.clearHistory()
    const [ids, scores]: [number[], Float32Array[]] = [[], []]
    let next = [...prompt] as Token[]
    while (ids.length < TOKENS) {
      const last = next.pop() as Token
      const wanted = { generateNext: { token: true, logits: true, options: { temperature: 0 } } }
      const output = (await sequence.controlledEvaluate([...next, [last, wanted]])).at(-1)?.next
      if (typeof output?.token !== 'number' || output.logits === undefined) throw new Error('llama.cpp gave no token.')
      const logits = new Float32Array(output.logits.size)
      for (const [id, logit] of output.logits) logits[id] = logit
      ids.push(output.token)
      scores.push(logits)
      next = [output.token]
    }
    drawn.push({ ids, scores })
  }
  return {
    drawn,
    cut: (text) => model.tokenize(text, false),
    write: (ids) => model.detokenize(ids as Token[], true),
  }
}

/** Up to the first different token of each prompt; what follows has another past. */
function compare(expected: readonly Drawn[], found: readonly Drawn[]): Comparison {
  let [same, counting, close, worstLogit] = [0, 0, 0, 0]
  for (const [place, { ids, scores }] of expected.entries()) {
    const other = found[place] ?? { ids: [], scores: [] }
    const different = ids.findIndex((id, step) => id !== other.ids[step])
    const last = different < 0 ? ids.length - 1 : different
    for (const [step, logits] of other.scores.slice(0, last + 1).entries())
      for (const [id, logit] of logits.entries())
        worstLogit = Math.max(worstLogit, Math.abs(logit - (scores[step]?.[id] ?? NaN)))
    if (different < 0) same += 1
    else if (gapOfBest(scores[different] ?? new Float32Array(0)) <= LEAST_GAP) close += 1
    else counting += 1
  }
  return { same, counting, close, worstLogit }
}

function gapOfBest(logits: Float32Array): number {
  const [best = NaN, second = NaN] = logits.toSorted().slice(-2).toReversed()
  return best - second
}
