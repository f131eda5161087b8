/** The training step of bench/nn in Parapet, one thread. Reads the folder of a case and prints one JSON line, as torch_step.py does. */
import { decode } from '../../src/nn/decoder/forward.ts'
import { decoderWeights } from '../../src/nn/decoder/weights.ts'
import { constantSchedule } from '../../src/nn/optim/schedules.ts'
import { loadOnnxRuntime } from '../../src/nn/runtime/onnx-runtime.ts'
import { TrainingSession } from '../../src/nn/runtime/training-session.ts'
import { crossEntropyLosses, weightedMean } from '../../src/nn/tensor/index.ts'
import { readCase } from './step-case.ts'

const { model, parameters, tokens } = readCase(process.argv[2] ?? '')
const { config, batch, length } = model
const session = new TrainingSession<{ batch: number; length: number }>({
  ...{ runtime: await loadOnnxRuntime(), parameters, clipNorm: 1 },
  schedule: constantSchedule(model.learningRate),
  optimizer: { weightDecay: 0.01 },
  build(graph, symbols, bucket) {
    const ids = graph.input('ids', [bucket.batch, bucket.length], { dataType: 'int64' })
    const labels = graph.input('labels', [bucket.batch, bucket.length], { dataType: 'int64' })
    const counted = graph.input('counted', [bucket.batch, bucket.length])
    const weights = decoderWeights(config, symbols)
    const logits = weights.output(decode(config, weights, ids))
    return { loss: weightedMean(crossEntropyLosses(logits, labels), counted) }
  },
})
const size = batch * length
const counted = Float32Array.from({ length: size }, (_, at) => Number((at + 1) % length !== 0))
const losses: number[] = []
const seconds: number[] = []
for (let from = 0; from < tokens.length; from += size) {
  const ids = BigInt64Array.from(tokens.subarray(from, from + size), BigInt)
  const labels = BigInt64Array.from(ids, (_, at) => ids[(at + 1) % size] ?? 0n)
  const began = performance.now()
  const { loss } = await session.step({ batch, length }, { ids, labels, counted })
  seconds.push((performance.now() - began) / 1000)
  losses.push(loss)
}
const peak = process.resourceUsage().maxRSS * 1024
process.stdout.write(`${JSON.stringify({ engine: 'Parapet', losses, seconds, peak })}\n`)
