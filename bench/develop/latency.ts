/** Time of one prompt of about 64 tokens with the scope's vectors kept, beside the encoder alone, which is the floor. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EncoderSessions } from '../../src/engines/embedded/encoder-sessions.ts'
import { MODEL_FILES } from '../../src/engines/embedded/index.ts'
import { loadTopicEngine } from '../../src/engines/embedded/topic-engine.ts'
import { measureLatency, WARM_UP } from '../../src/lab/develop/measure/latency.ts'
import { percentile } from '../../src/lab/eval/metrics/latency.ts'
import { encodeGuardText, readGuardEncoder } from '../../src/nn/encoder/guard-encoder.ts'
import { loadOnnxRuntime } from '../../src/nn/runtime/onnx-runtime.ts'
import { UnigramTokenizer } from '../../src/nn/tokenizer/unigram.ts'

const SCOPE =
  'You are the assistant of a garden shop. You help with choosing plants, lawns, soil, pests, tools and orders. Nothing else.'
const SENTENCE =
  'I would like to know which of the shrubs in your shop could grow beside a wall that gets no sun before noon and is rather dry'
const TOKENS = 64
const RUNS = 200

export async function measureLatencies(runtimes: readonly string[], print: (line: string) => void): Promise<void> {
  const bytes = readFileSync(fileURLToPath(MODEL_FILES.deep))
  const deep = readGuardEncoder(bytes, 'deep')
  const tokenizer = new UnigramTokenizer({ pieces: deep.pieces, reserved: deep.reserved })
  const words = `${SENTENCE}, ${SENTENCE}, ${SENTENCE}`.split(' ')
  while (encodeGuardText(tokenizer, words.join(' '), 128).length > TOKENS - 2) words.pop()
  const text = words.join(' ')
  print(
    `| runtime | prompt, ms (median) | fastest tenth | p99 | processor time, ms (mean) | encoder alone, ms (median) |\n|---|---|---|---|---|---|`,
  )
  for (const kind of runtimes) {
    const prefer = kind === 'web' ? 'web' : 'node'
    const engine = await loadTopicEngine(undefined, { prefer })
    const before = process.cpuUsage()
    const { median, fast, p99 } = await measureLatency(
      engine,
      Array.from({ length: RUNS }, () => ({ system: SCOPE, prompt: text })),
      kind,
    )
    const spent = process.cpuUsage(before)
    const processor = (spent.user + spent.system) / 1000 / (RUNS + WARM_UP)
    const sessions = await EncoderSessions.open(deep, 'encoder', await loadOnnxRuntime({ prefer }))
    const times: number[] = []
    for (let run = 0; run < RUNS; run += 1) {
      const started = performance.now()
      await sessions.vector(`${text} ${run} alone`)
      times.push(performance.now() - started)
    }
    const alone = percentile(times, 0.5) ?? Number.NaN
    print(
      `| ${kind} | ${median.toFixed(2)} | ${fast.toFixed(2)} | ${p99.toFixed(2)} | ${processor.toFixed(2)} | ${alone.toFixed(2)} |`,
    )
  }
  print('')
}
