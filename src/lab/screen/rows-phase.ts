/**
 * The checks of single rows over all files, in one or several threads. Each thread reads the files itself and judges every n-th chunk, so
 * that nothing passes through the main thread; it writes its chunks itself.
 */
import { setImmediate } from 'node:timers/promises'
import { loadEmbeddedClassifier } from '../../engines/embedded/index.ts'
import { ParapetError } from '../../spec/errors.ts'
import { runInWorker } from '../jobs/worker-job.ts'
import { rowChunks } from './row-chunks.ts'
import { createRowJudge, type ScreenGuard } from './row-judge.ts'
import { RunFolder } from './run-folder.ts'
import type { SurveyedFile } from './survey.ts'
import type { SurprisalState } from './surprisal/surprisal.ts'

/** A guard by its file: data, so that a thread can load it. */
export interface GuardFile {
  readonly name: string
  /** Model file of a fast tier; the shipped one if absent. */
  readonly path?: string
  /** Whether parts of answers are judged alone. */
  readonly passages: boolean
}

export interface RowsPhaseOptions {
  readonly out: string
  readonly files: readonly SurveyedFile[]
  readonly guards: readonly GuardFile[]
  readonly surprisal: SurprisalState
  readonly workers: number
  readonly onRows: (rows: number) => void
  readonly signal?: AbortSignal
}

interface PartOptions extends Omit<RowsPhaseOptions, 'onRows' | 'signal' | 'workers'> {
  readonly part: number
  readonly parts: number
}

export async function loadGuards(guards: readonly GuardFile[]): Promise<readonly ScreenGuard[]> {
  return Promise.all(
    guards.map(async ({ name, path, passages }) => {
      const engine = await loadEmbeddedClassifier(path, { deep: 'off' })
      // A guard that does not judge answers would find every one of them clean.
      if (typeof engine.classify({ prompt: 'a', response: 'b' }).response_harm !== 'number')
        throw new ParapetError(
          'configuration',
          `The guard ${path ?? name} does not judge answers. Give one that was trained on response_harm.`,
        )
      return { name, passages, engine }
    }),
  )
}

/** Judges every chunk that no earlier run has judged. Throws `aborted` when stopped. */
export async function runRowsPhase(options: RowsPhaseOptions): Promise<void> {
  const { workers, onRows, signal, ...shared } = options
  const context = { onProgress: onRows, signal: signal ?? new AbortController().signal }
  if (workers === 1) return screenPart({ ...shared, part: 0, parts: 1 }, context)
  // Where one thread fails, the others must not go on writing into the folder.
  const failed = new AbortController()
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal])
  const module = new URL(`./rows-phase${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
  const errors: unknown[] = []
  await Promise.all(
    Array.from({ length: workers }, async (_, part) => {
      try {
        await runInWorker<PartOptions, undefined, number>({
          ...{ module, exportName: 'screenPart', options: { ...shared, part, parts: workers }, onProgress: onRows },
          signal: either,
        })
      } catch (error) {
        errors.push(error)
        failed.abort()
      }
    }),
  )
  if (errors.length > 0) throw errors[0]
}

/** One thread's share. */
export async function screenPart(
  { out, files, guards, surprisal, part, parts }: PartOptions,
  { onProgress, signal }: { readonly onProgress: (rows: number) => void; readonly signal: AbortSignal },
): Promise<undefined> {
  const folder = new RunFolder(out)
  const judge = createRowJudge(await loadGuards(guards), surprisal)
  for (const [at, file] of files.entries()) {
    // Neighbouring files begin with another thread, so that many small files are shared too.
    const mine = (chunk: number): boolean => (chunk + at) % parts === part && !folder.has('rows', at, chunk)
    for await (const { chunk, rows } of rowChunks(file, mine)) {
      folder.write('rows', at, chunk, rows.map(judge))
      onProgress(rows.length)
      await setImmediate()
      if (signal.aborted) throw new ParapetError('aborted', 'The screen was stopped.')
    }
  }
  return undefined
}
