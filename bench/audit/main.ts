/**
 * How long each step of a brittleness audit takes, beside the least that it could take: one forward, or one forward and backward pass a batch.
 *
 *   npm run bench:audit [-- --size small|large|both] [--examples 16] [--threads 1] [--rounds 3]
 *
 * `small` is the shipped chat model (1.7 M parameters), `large` a random one of 25 M. Medians, by the clock and of processor time, which other programs
 * disturb less; ratios are of the latter. No model is measured for what it answers.
 */
import { parseArgs } from 'node:util'
import { outputSubspace } from '../../src/lab/audit/low-rank/output-subspace.ts'
import { projectBlocks } from '../../src/lab/audit/low-rank/project-blocks.ts'
import { setDifferenceMasks } from '../../src/lab/audit/masks/layer-masks.ts'
import { pruneWeights } from '../../src/lab/audit/masks/prune.ts'
import { type AttributionData, attributionData } from '../../src/lab/audit/attribution-data.ts'
import { auditedLinears, weightOf } from '../../src/lab/audit/audited-linears.ts'
import { measureSnip } from '../../src/lab/audit/scores/measure-snip.ts'
import { measureWanda } from '../../src/lab/audit/scores/measure-wanda.ts'
import { nextTokenFeeds, nextTokenLoss } from '../../src/lab/train/decoder/next-token-loss.ts'
import { type Victim, loadVictim, withParameters } from '../../src/lab/victim/index.ts'
import { type DecoderConfig, initialDecoder, parameterCount } from '../../src/nn/decoder/config.ts'
import { EvaluationSession } from '../../src/nn/runtime/evaluation-session.ts'
import { GradientSession } from '../../src/nn/runtime/gradient-session.ts'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'both' },
    examples: { type: 'string', default: '16' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
  },
})
const [examples, threads] = [Number(values.examples), Number(values.threads)]
const rounds = Number(values.rounds)

/** Seconds. */
interface Time {
  readonly clock: number
  readonly processor: number
}

const small = await loadVictim('demo')
if (values.size !== 'large') await bench('shipped model', small)
if (values.size !== 'small') await bench('random model', large(small))

/** Width 512, 8 layers: 25 M parameters in the vocabulary of the shipped model. */
function large(model: Victim): Victim {
  const config: DecoderConfig = {
    ...model.config,
    ...{ width: 512, layers: 8, heads: 8, keyValueHeads: 8, headWidth: 64, feedForward: 1344 },
  }
  return withParameters({ ...model, config }, 'random', initialDecoder(config, 1))
}

async function bench(title: string, model: Victim): Promise<void> {
  const { config, parameters, tokenizer } = model
  const data = attributionData({ tokenizer, maxLength: config.maxLength, examples, seed: 1 })
  const print = (step: string, { clock, processor }: Time, limit?: number): void => {
    const ratio = limit === undefined ? '' : `, ${(processor / limit).toFixed(2)} × the limit`
    const times = [clock, processor].map((seconds) => `${seconds.toFixed(2).padStart(8)} s`).join('')
    process.stdout.write(`  ${step.padEnd(44)}${times}${ratio}\n`)
  }
  process.stdout.write(
    `${title}, ${(parameterCount(config) / 1e6).toFixed(1)} M parameters, ${examples} examples of each set, ${threads} thread; by the clock, of the processor\n`,
  )
  const backward = await backwardPasses(model, data)
  print('limit: forward and backward of the safety set', backward)
  print('SNIP of the safety set', await median(() => measureSnip(model, data.safety, { threads })), backward.processor)
  const forward = await forwardPasses(model, data)
  print('limit: forward of the safety set', forward)
  print('Wanda of the safety set', await median(() => measureWanda(model, data.safety, { threads })), forward.processor)
  const scores = { safety: await measureSnip(model, data.safety), utility: await measureWanda(model, data.utility) }
  const masks = setDifferenceMasks(config, scores, { p: 0.1, q: 0.05 })
  print(
    'set difference of all layers, by row',
    await median(async () => setDifferenceMasks(config, scores, { p: 0.1, q: 0.05 })),
  )
  print('pruning into a copy', await median(async () => pruneWeights(parameters, masks)))
  const [linear] = auditedLinears(config)
  if (linear !== undefined) {
    const { rows, columns } = linear
    const gram = {
      rows: columns,
      columns,
      data: new Float64Array(columns * columns).map((_, at) => (at % (columns + 1) === 0 ? 1 : 0)),
    }
    const weight = { rows, columns, data: weightOf(parameters, linear.parameter).data }
    print(`8 output directions of one ${rows} × ${columns} layer`, await median(() => outputSubspace(weight, gram, 8)))
  }
  // Two passes of each of the two sets: one to see what a block gets, one to go through the changed block.
  print(
    'projection by blocks, keep 4, remove 1',
    await median(() => projectBlocks(model, data, { keep: 4, remove: 1 }, { threads })),
    4 * forward.processor,
  )
}

async function backwardPasses({ config, parameters, runtime }: Victim, data: AttributionData): Promise<Time> {
  const session = new GradientSession({
    ...{ runtime, parameters, threads, build: nextTokenLoss(config) },
    targets: auditedLinears(config).map(({ parameter }) => parameter),
  })
  const time = await median(async () => {
    for (const example of data.safety) {
      const bucket = { batch: 1, length: 32 * Math.ceil(example.ids.length / 32) }
      await session.run(bucket, nextTokenFeeds([example], bucket))
    }
  })
  await session.dispose()
  return time
}

async function forwardPasses({ config, parameters, runtime }: Victim, data: AttributionData): Promise<Time> {
  const loss = nextTokenLoss(config)
  const session = new EvaluationSession<{ readonly batch: number; readonly length: number }>({
    ...{ runtime, parameters, threads },
    build: (graph, symbols, bucket) => ({ loss: loss(graph, symbols, bucket).loss }),
  })
  const length = 32 * Math.ceil(data.safety.reduce((most, { ids }) => Math.max(most, ids.length), 1) / 32)
  const bucket = { batch: data.safety.length, length }
  const time = await median(async () => {
    await session.run(bucket, nextTokenFeeds(data.safety, bucket))
  })
  await session.dispose()
  return time
}

/** One round before, which builds graphs, is not counted. */
async function median(step: () => Promise<unknown>): Promise<Time> {
  await step()
  const times: Time[] = []
  for (let round = 0; round < rounds; round += 1) {
    const [started, before] = [performance.now(), process.cpuUsage()]
    await step()
    const { user, system } = process.cpuUsage(before)
    times.push({ clock: (performance.now() - started) / 1000, processor: (user + system) / 1e6 })
  }
  const middle = (of: (time: Time) => number): number =>
    times.map(of).toSorted((one, other) => one - other)[Math.floor(rounds / 2)] ?? 0
  return { clock: middle(({ clock }) => clock), processor: middle(({ processor }) => processor) }
}
