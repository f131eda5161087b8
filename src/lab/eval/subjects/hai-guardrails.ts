/**
 * hai-guardrails' injection guard in pattern mode at its documented threshold 0.5, as a subject.
 *
 * It runs in a worker thread: loading version 1.12.0 starts a thread pool from a path of the machine it was built on, which fails as
 * an uncaught exception and would end the process. That one error is ignored in the worker; any other ends the subject. The time is
 * taken in the worker, so the way there and back does not count. Its heuristic mode needs that thread pool and its language-model
 * guards need a model, so neither is measured.
 */
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { ParapetError } from '../../../spec/index.ts'
import { judgedText } from '../contamination.ts'
import type { Prediction, Subject } from '../subject.ts'
import { requirePackage } from './optional-package.ts'

/** CommonJS, because it is evaluated: a worker from a file would need a built file also when run from source. */
const WORKER = `
const { parentPort, workerData } = require('node:worker_threads')
process.on('uncaughtException', (error) => {
  if (error.code?.endsWith('MODULE_NOT_FOUND') && error.message.includes('piscina')) return
  throw error
})
import(workerData.entry).then(({ injectionGuard, GuardrailsEngine }) => {
  const guards = [injectionGuard({ roles: ['user'] }, { mode: 'pattern', threshold: 0.5 })]
  const engine = new GuardrailsEngine({ guards })
  parentPort.on('message', async ({ id, text }) => {
    const started = performance.now()
    try {
      const { messagesWithGuardResult } = await engine.run([{ role: 'user', content: text }])
      const milliseconds = performance.now() - started
      const result = messagesWithGuardResult[0].messages[0]
      parentPort.postMessage({ id, milliseconds, passed: result.passed, score: result.additionalFields?.score })
    } catch (error) {
      parentPort.postMessage({ id, milliseconds: performance.now() - started, error: String(error) })
    }
  })
  parentPort.postMessage('ready')
})
`

const NAME = '@presidio-dev/hai-guardrails'

const replySchema = z.union([
  z.object({ id: z.number(), milliseconds: z.number(), error: z.string() }),
  z.object({
    id: z.number(),
    milliseconds: z.number(),
    passed: z.boolean(),
    score: z.number().min(0).max(1).optional(),
  }),
])

/**
 * The subject from the installation nearest to `folder`; close it, or its thread goes on.
 *
 * @throws ParapetError `engine_unavailable` where it is not installed or cannot be loaded.
 */
export async function loadHaiGuardrails(folder: string): Promise<Subject> {
  const { entry, version } = requirePackage(NAME, folder)
  const waiting = new Map<number, (prediction: Prediction) => void>()
  let failure: string | null = null
  const fail = (message: string): void => {
    failure = message
    for (const settle of waiting.values()) settle({ outcome: 'error', message, milliseconds: 0 })
    waiting.clear()
  }
  // What the package prints is not the bench's output.
  const worker = new Worker(WORKER, { eval: true, workerData: { entry }, stdout: true, stderr: true })
  worker.stdout.resume()
  worker.stderr.resume()
  await new Promise<void>((resolve, reject) => {
    const broken = (reason: string): void => {
      const message = `The package ${NAME} ${version} cannot be loaded: ${reason}`
      fail(message)
      reject(new ParapetError('engine_unavailable', message))
    }
    worker.once('message', () => resolve())
    worker.once('error', (error) => broken(String(error)))
    worker.once('exit', () => broken('its thread ended.'))
  })
  worker.on('message', (message: unknown) => {
    const { id } = z.object({ id: z.number() }).parse(message)
    waiting.get(id)?.(predictionOf(message))
    waiting.delete(id)
  })
  let next = 0
  return {
    name: 'hai-guardrails',
    version,
    kind: 'measured',
    tasks: ['injection'],
    predict: (sample) => {
      if (failure !== null) return { outcome: 'error', message: failure, milliseconds: 0 }
      return new Promise<Prediction>((resolve) => {
        const id = next++
        waiting.set(id, resolve)
        worker.postMessage({ id, text: judgedText(sample) })
      })
    },
    close: async () => {
      await worker.terminate()
    },
  }
}

function predictionOf(message: unknown): Prediction {
  const checked = replySchema.safeParse(message)
  if (!checked.success)
    return { outcome: 'parse_failure', message: 'The package answered in an unknown form.', milliseconds: 0 }
  const { milliseconds } = checked.data
  if ('error' in checked.data) return { outcome: 'error', message: checked.data.error, milliseconds }
  const { passed, score } = checked.data
  return { outcome: 'scored', score: score ?? null, positive: !passed, milliseconds }
}
