/**
 * The training step of the decoder against PyTorch (Debian's python3-torch with libopenblas0) on the same weights and tokens, one thread
 * each, runs interleaved: tokens a second, the share of the machine's own rate of matrix products, peak memory.
 *
 *   npx tsx bench/nn/main.ts [--sizes 1.4M,4.5M,25M] [--runs 5] [--json FILE]
 *
 * Both sides print their losses; a bench of two different models would be worth nothing, so differing losses end it.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parameterCount } from '../../src/nn/decoder/config.ts'
import { loadOnnxRuntime } from '../../src/nn/runtime/onnx-runtime.ts'
import { TensorGraph, matmul } from '../../src/nn/tensor/index.ts'
import { SIZE_NAMES, readCase, writeCase } from './step-case.ts'

interface SideResult {
  readonly engine: string
  readonly losses: readonly number[]
  readonly seconds: readonly number[]
  readonly peak: number
}

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: SIZE_NAMES.join() },
    runs: { type: 'string', default: '5' },
    json: { type: 'string' },
  },
})
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
const STEPS: Readonly<Record<string, number>> = { '1.4M': 20, '4.5M': 12, '25M': 5 }
/** The first step builds the graph on one side and warms memory on both. */
const WARM_UP = 1

const table: Record<string, unknown>[] = []
for (const size of values.sizes.split(',')) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-nn-'))
  try {
    table.push(await measure(size, folder))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(table, null, 2)}\n`)

async function measure(size: string, folder: string): Promise<Record<string, unknown>> {
  writeCase(folder, size, STEPS[size] ?? 8)
  const { model } = readCase(folder)
  const sides: Record<'parapet' | 'torch', SideResult[]> = { parapet: [], torch: [] }
  const products: number[] = []
  for (let run = 0; run < Number(values.runs); run += 1) {
    sides.torch.push(side('/usr/bin/python3', [here('torch_step.py'), folder]))
    products.push(await productRate())
    sides.parapet.push(side(process.execPath, ['--import', 'tsx', here('nn-step.ts'), folder]))
  }
  const [one, other] = [sides.parapet[0]?.losses ?? [], sides.torch[0]?.losses ?? []]
  const apart = Math.max(...one.map((loss, at) => Math.abs(loss - (other[at] ?? Number.NaN))))
  if (!(apart < 1e-3)) throw new Error(`${size}: the losses differ by ${apart}: these are not the same models.`)
  const { config, batch, length } = model
  const tokens = batch * length
  const rate = (results: readonly SideResult[]): number =>
    tokens / median(results.map(({ seconds }) => median(seconds.slice(WARM_UP))))
  const [ours, theirs] = [rate(sides.parapet), rate(sides.torch)]
  const ratios = sides.parapet.map((result, run) => rate([result]) / rate([sides.torch[run] ?? result]))
  // Products only: 6 operations a weight and token, and 12 · layers · length · width a token in attention.
  const norms = (2 * config.layers + 1) * config.width
  const work = 6 * (parameterCount(config) - norms) + 12 * config.layers * length * config.width
  const share = (ours * work) / median(products)
  const peak = (results: readonly SideResult[]): number => median(results.map((result) => result.peak)) / 2 ** 20
  const row = {
    ...{ size, parameters: parameterCount(config), parapet: Math.round(ours), torch: Math.round(theirs) },
    ...{ ratio: ours / theirs, ratios, shareOfProducts: share, productsGflops: median(products) / 1e9 },
    ...{ peakParapet: peak(sides.parapet), peakTorch: peak(sides.torch), apart, engine: sides.torch[0]?.engine },
  }
  process.stdout.write(
    `${size}: ${row.parapet} tokens/s, ${row.engine} ${row.torch}: ${row.ratio.toFixed(2)} times (runs ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}); ` +
      `${(100 * share).toFixed(0)} % of ${row.productsGflops.toFixed(0)} GFLOP/s; peak ${row.peakParapet.toFixed(0)} against ${row.peakTorch.toFixed(0)} MB; losses within ${apart.toExponential(1)}\n`,
  )
  return row
}

function side(command: string, args: readonly string[]): SideResult {
  const env = { ...process.env, OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1' }
  return JSON.parse(
    execFileSync(command, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] }),
  ) as SideResult
}

/** Operations a second of a product of 1024 x 1024 matrices at one thread. */
async function productRate(): Promise<number> {
  const size = 1024
  const runtime = await loadOnnxRuntime()
  const graph = new TensorGraph()
  const inputs = ['a', 'b'].map((name) => graph.input(name, [size, size]))
  graph.output('c', matmul(inputs[0] ?? graph.scalar(0), inputs[1] ?? graph.scalar(0)))
  const session = await runtime.session(graph.build())
  const data = new Float32Array(size * size).fill(0.5)
  const feeds = { a: runtime.tensor('float32', data, [size, size]), b: runtime.tensor('float32', data, [size, size]) }
  const seconds: number[] = []
  for (let run = 0; run < 8; run += 1) {
    const began = performance.now()
    await session.run(feeds)
    seconds.push((performance.now() - began) / 1000)
  }
  await session.release()
  return (2 * size ** 3) / median(seconds)
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
