/** A job in a thread: the main thread goes on, progress and results arrive, aborts and crashes end clearly, nothing leaks out. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ParapetError } from '../../spec/errors.ts'
import { type WorkerJobOptions, runInWorker } from './worker-job.ts'

const module = new URL('../../../test/support/lab/worker-jobs.ts', import.meta.url)
function run<Result>(
  exportName: string,
  options: unknown,
  more: Partial<WorkerJobOptions<unknown>> = {},
): Promise<Result> {
  return runInWorker<unknown, Result>({ module, exportName, options, ...more })
}
/** What a promise was rejected with. */
async function failure(promise: Promise<unknown>): Promise<ParapetError> {
  const outcome = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  return outcome instanceof Error ? (outcome as ParapetError) : expect.fail('it was not rejected')
}

describe('a job that runs', () => {
  test('the main thread goes on while it is busy, and only then lets it end', async () => {
    const flag = new SharedArrayBuffer(8)
    const shared = new Int32Array(flag)
    const job = run('busy', { flag })
    const turns = (): number => Atomics.load(shared, 1)
    const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    while (turns() === 0) await tick()
    const before = turns()
    let ticks = 0
    for (; ticks < 200 || turns() === before; ticks += 1) await tick()
    Atomics.store(shared, 0, 1)
    expect(await job).toBe('let go')
    expect(ticks).toBeGreaterThanOrEqual(200)
  })

  test('progress comes in order and before the result, whose arrays arrive whole', async () => {
    const seen: unknown[] = []
    const result = await run('counting', { to: 5 }, { onProgress: (value) => seen.push(value) })
    expect(seen).toEqual([1, 2, 3, 4, 5])
    expect(result).toEqual({
      values: Float32Array.of(7, 7, 7, 7, 7),
      nested: new Map([['same', Uint8Array.of(1, 2)]]),
    })
  })

  test('options are copied, or moved where wished', async () => {
    const kept = Float32Array.of(1, 2)
    const moved = Float32Array.of(3, 4)
    const result = await run('echo', { kept, moved, text: 'é' }, { transfer: [moved.buffer] })
    expect(result).toEqual({ kept: Float32Array.of(1, 2), moved: Float32Array.of(3, 4), text: 'é' })
    expect([kept.length, moved.length]).toEqual([2, 0])
  })

  test('training with onnxruntime, in two threads at once and again', async () => {
    const both = await Promise.all([run('training', { steps: 8 }), run('training', { steps: 8 })])
    expect(both[0]).toEqual(both[1])
    const losses: unknown[] = []
    expect(await run('training', { steps: 8 }, { onProgress: (loss) => losses.push(loss) })).toEqual(both[0])
    expect(losses.slice(0, 3)).toEqual([9, 2.25, 0.5625])
  })
})

describe('output', () => {
  afterEach(() => void vi.restoreAllMocks())
  test('what the job prints is not shown', async () => {
    const written: string[] = []
    for (const stream of [process.stdout, process.stderr])
      vi.spyOn(stream, 'write').mockImplementation((chunk) => {
        written.push(String(chunk))
        return true
      })
    expect(await run('loud', null)).toBe('quiet')
    expect(written.filter((text) => text.includes('by the job'))).toEqual([])
  })
})

describe('a job that fails', () => {
  test('a ParapetError keeps code, message, details and cause; another keeps name and message', async () => {
    const error = await failure(run('failing', 'parapet'))
    expect(ParapetError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ code: 'configuration', message: 'The setting is wrong.', details: { key: 'rate' } })
    expect(error.cause).toMatchObject({ message: 'deeper' })
    expect(await failure(run('failing', 'plain'))).toMatchObject({ name: 'RangeError', message: 'out of the plain' })
  })

  test('results and options that are no data, a module or function that is not there', async () => {
    expect((await failure(run('failing', 'uncloneable'))).message).toContain('could not be cloned')
    expect(await failure(run('echo', { inside: () => undefined }))).toMatchObject({
      code: 'internal',
      message: expect.stringContaining('they must be data') as string,
    })
    expect((await failure(run('notAFunction', null))).message).toContain('has no function notAFunction')
    const nowhere = new URL('./nowhere.ts', import.meta.url)
    expect((await failure(run('echo', null, { module: nowhere }))).message).toContain('nowhere.ts')
  })

  test.each([
    ['exit', 'ended without a result (exit code 3)'],
    ['uncaught', 'broke: nobody caught this'],
    ['memory', 'ran out of memory'],
  ])('a thread that breaks by %s says so', async (how, message) => {
    const error = await failure(run('crashing', how, how === 'memory' ? { memory: 24 } : {}))
    expect(error).toMatchObject({ code: 'internal', message: expect.stringContaining(message) as string })
    if (how === 'exit') expect(error.cause).toMatchObject({ message: 'last words' })
  })

  test('an error of the listener ends the job', async () => {
    const onProgress = (): never => {
      throw new Error('the listener broke')
    }
    expect((await failure(run('waiting', 'ignore', { onProgress }))).message).toBe('the listener broke')
  })
})

describe('abort', () => {
  const abortedRun = (how: string, grace?: number): Promise<string> => {
    const abort = new AbortController()
    return run('waiting', how, {
      signal: abort.signal,
      onProgress: () => abort.abort(new Error('enough')),
      ...(grace === undefined ? {} : { grace }),
    })
  }

  test('a job that heeds it ends by itself; a result it still gives counts', async () => {
    const error = await failure(abortedRun('fail', 60_000))
    expect(error).toMatchObject({ code: 'aborted', cause: { message: 'enough' } })
    expect(await abortedRun('partial', 60_000)).toBe('partial result')
  })

  test('one that takes no notice is ended after the grace period, though its thread never pauses', async () => {
    expect(await failure(abortedRun('ignore', 1))).toMatchObject({ code: 'aborted' })
    const abort = new AbortController()
    const job = run(
      'busy',
      { flag: new SharedArrayBuffer(8) },
      {
        signal: abort.signal,
        grace: 1,
        onProgress: () => abort.abort(),
      },
    )
    expect(await failure(job)).toMatchObject({ code: 'aborted' })
  })

  test('before the start nothing starts', async () => {
    const progress = vi.fn()
    const signal = AbortSignal.abort(new Error('never'))
    expect(await failure(run('counting', { to: 1 }, { signal, onProgress: progress }))).toMatchObject({
      code: 'aborted',
    })
    expect(progress).not.toHaveBeenCalled()
  })
})
