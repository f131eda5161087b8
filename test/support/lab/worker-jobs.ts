/** Jobs that the tests of `worker-job.ts` run in threads. */
import { loadOnnxRuntime } from '../../../src/nn/runtime/onnx-runtime.ts'
import { TrainingSession } from '../../../src/nn/runtime/training-session.ts'
import { square, sub, sum } from '../../../src/nn/tensor/index.ts'
import { ParapetError } from '../../../src/spec/errors.ts'
import type { WorkerJob } from '../../../src/lab/jobs/worker-job.ts'

/** Keeps its thread busy, without a pause, until someone writes to the first number of the flag; counts turns in the second. */
export const busy: WorkerJob<{ readonly flag: SharedArrayBuffer }, string> = async ({ flag }, { onProgress }) => {
  onProgress('began')
  const shared = new Int32Array(flag)
  while (Atomics.load(shared, 0) === 0) Atomics.add(shared, 1, 1)
  return 'let go'
}

export const counting: WorkerJob<
  { readonly to: number },
  { readonly values: Float32Array; readonly nested: ReadonlyMap<string, Uint8Array> },
  number
> = async ({ to }, { onProgress }) => {
  for (let step = 1; step <= to; step += 1) onProgress(step)
  return { values: new Float32Array(to).fill(7), nested: new Map([['same', new Uint8Array([1, 2])]]) }
}

export const echo: WorkerJob<unknown, unknown> = async (options) => options

export const failing: WorkerJob<'parapet' | 'plain' | 'uncloneable', unknown> = async (kind) => {
  if (kind === 'uncloneable') return { inside: () => undefined }
  if (kind === 'plain') throw new RangeError('out of the plain')
  throw new ParapetError('configuration', 'The setting is wrong.', {
    details: { key: 'rate' },
    cause: new Error('deeper'),
  })
}

export const loud: WorkerJob<null, string> = async () => {
  // oxlint-disable-next-line no-console
  console.log('said by the job')
  process.stdout.write('written by the job\n')
  process.stderr.write('complained by the job\n')
  return 'quiet'
}

/** Waits for an abort; then fails, gives what it has, or takes no notice. */
export const waiting: WorkerJob<'fail' | 'partial' | 'ignore', string> = async (how, { onProgress, signal }) => {
  onProgress('waits')
  const alive = setInterval(() => undefined, 1000)
  try {
    await new Promise<void>((resolve, reject) =>
      signal.addEventListener('abort', () => {
        if (how === 'fail') reject(signal.reason as Error)
        if (how === 'partial') resolve()
      }),
    )
    return 'partial result'
  } finally {
    clearInterval(alive)
  }
}

export const crashing: WorkerJob<'exit' | 'uncaught' | 'memory', unknown> = async (how) => {
  if (how === 'exit') {
    process.stderr.write('last words\n')
    process.exit(3)
  }
  if (how === 'uncaught') setTimeout(() => void Promise.reject(new Error('nobody caught this')), 0)
  const kept: unknown[] = []
  while (how === 'memory') kept.push(Array.from({ length: 1000 }, () => ({})))
  return new Promise(() => setInterval(() => undefined, 1000))
}

/** Real training: the least of (w - 3)². */
export const training: WorkerJob<{ readonly steps: number }, { readonly w: Float32Array }, number> = async (
  { steps },
  { onProgress, signal },
) => {
  const w = { shape: [1], data: Float32Array.of(0) }
  const session = new TrainingSession({
    runtime: await loadOnnxRuntime(),
    parameters: { w },
    schedule: () => 0.25,
    optimizer: { kind: 'sgd' },
    build: (_, { w }) => ({ loss: sum(square(sub(w ?? 0, 3))) }),
  })
  for (let step = 0; step < steps; step += 1) {
    signal.throwIfAborted()
    onProgress((await session.step(null, {})).loss)
  }
  await session.dispose()
  return { w: w.data }
}

export const notAFunction = 1
