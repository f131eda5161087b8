/**
 * A graph at work: rows of token ids in, numbers out, run by run. Rows share a run only where they are of the same length, so that no
 * padding can change a result and an answer never depends on what else was asked; on one thread a batch saves next to nothing.
 *
 * It knows no labels and no windows.
 */
import type { CompletionOptions } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { OnnxRuntime, OnnxSession, OnnxTensor } from '../../nn/runtime/onnx-runtime.ts'
import { loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { Line } from '../calls/concurrency.ts'
import { callAborted, engineFailure } from '../calls/failure.ts'
import { wallClock } from '../calls/wall-clock.ts'
import type { DeclaredInputs } from './declared-inputs.ts'
import { declaredInputs, feedsOf } from './declared-inputs.ts'
import { folderError, optionError } from './folder-error.ts'
import type { ModelFolder } from './model-folder.ts'
import type { OnnxModelOptions } from './options.ts'
import { limitsOf } from './options.ts'
import type { Sequence } from './token-windows.ts'

/** A sequence for each branch of the graph. */
export type Row = readonly Sequence[]

/** What the graph gives for some rows. */
export interface RunResult {
  readonly data: Float32Array
  /** The first is the number of rows. */
  readonly dims: readonly number[]
}

export class GraphSession {
  readonly declared: DeclaredInputs
  readonly #folder: string
  readonly #runtime: OnnxRuntime
  readonly #session: OnnxSession
  readonly #output: string
  readonly #padTo: number | undefined
  readonly #padToken: number
  readonly #runTokens: number
  readonly #clock: NonNullable<OnnxModelOptions['clock']>
  readonly #line: Line
  readonly #running = new Set<Promise<unknown>>()
  #disposed: Promise<void> | null = null

  private constructor(
    folder: string,
    runtime: OnnxRuntime,
    session: OnnxSession,
    facts: { readonly outputs: readonly string[]; readonly padToken: number; readonly options: OnnxModelOptions },
  ) {
    const { options } = facts
    this.#folder = folder
    this.#runtime = runtime
    this.#session = session
    this.declared = declaredInputs(folder, session)
    this.#output = chooseOutput(folder, session, facts.outputs)
    const { padTo, runTokens } = limitsOf(options)
    if (padTo !== undefined && this.declared.length !== undefined && padTo !== this.declared.length)
      throw optionError(`padTo is ${padTo}, but the graph reads exactly ${this.declared.length} tokens`)
    this.#padTo = padTo ?? this.declared.length
    this.#padToken = facts.padToken
    this.#runTokens = runTokens
    this.#clock = options.clock ?? wallClock
    const { concurrency = 1, queue = 64 } = options
    this.#line = new Line({ concurrency, queue }, this.#clock)
  }

  /**
   * Makes the session. `outputs` are names to look for, the best first. Rejects with `engine_unavailable` where onnxruntime is missing
   * or refuses the file.
   */
  static async open(
    { folder, graph }: Pick<ModelFolder, 'folder' | 'graph'>,
    facts: { readonly outputs: readonly string[]; readonly padToken: number; readonly options: OnnxModelOptions },
  ): Promise<GraphSession> {
    const { runtime: load = loadOnnxRuntime, threads = 1, provider } = facts.options
    const runtime = await load()
    if (runtime.kind !== 'node')
      throw new ParapetError(
        'engine_unavailable',
        'Models of a folder need onnxruntime-node, which is not installed or does not load here. Run: npm install onnxruntime-node',
      )
    const session = await runtime
      .session(graph, { threads, ...(provider === undefined ? {} : { provider }) })
      .catch((cause: unknown) => {
        // A provider that is not there has an error of its own.
        if (provider !== undefined) throw cause
        const said = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause)
        throw folderError(
          folder,
          `onnxruntime does not load ${graph}. It may be cut off, lack weights beside it, or need a newer onnxruntime: ${said.slice(0, 300)}`,
          cause,
        )
      })
    try {
      return new GraphSession(folder, runtime, session, facts)
    } catch (cause) {
      await session.release()
      throw cause
    }
  }

  /** Tokens every sequence is filled up to; undefined where none is. */
  get padTo(): number | undefined {
    return this.#padTo
  }

  /** Runs all rows and tells their results, in any order. `place` counts in `rows`, `at` in the result. */
  async run(
    rows: readonly Row[],
    call: CompletionOptions,
    tell: (place: number, result: RunResult, at: number) => void,
  ): Promise<void> {
    for (const places of this.#runsOf(rows)) {
      this.#checkCall(call)
      const batch = places.map((place) => rows[place] ?? [])
      const result = await this.#line.run(call, () => this.#tracked(this.#runOnce(batch)))
      places.forEach((place, at) => tell(place, result, at))
    }
  }

  dispose(): Promise<void> {
    return (this.#disposed ??= this.#dispose())
  }

  async #dispose(): Promise<void> {
    await Promise.allSettled(this.#running)
    await this.#session.release()
  }

  #checkCall({ signal, deadline }: CompletionOptions): void {
    if (signal?.aborted === true) throw callAborted()
    if (deadline !== undefined && this.#clock.now() >= deadline)
      throw engineFailure('overloaded', 'The deadline passed before the whole text was read. Raise it, or limit texts.')
  }

  #tracked<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work)
    const done = (): void => void this.#running.delete(work)
    work.then(done, done)
    return work
  }

  /** Places of rows that share a run. */
  #runsOf(rows: readonly Row[]): readonly (readonly number[])[] {
    const groups = new Map<string, number[]>()
    rows.forEach((row, place) => {
      const key = this.#lengths(row).join()
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [place])
      else group.push(place)
    })
    return [...groups].flatMap(([key, places]) => {
      const tokens = key.split(',').reduce((sum, length) => sum + Number(length), 0)
      const most = this.declared.batch ?? Math.max(1, Math.floor(this.#runTokens / Math.max(1, tokens)))
      return Array.from({ length: Math.ceil(places.length / most) }, (_, run) =>
        places.slice(run * most, (run + 1) * most),
      )
    })
  }

  #lengths(row: Row): readonly number[] {
    return row.map(({ ids }) => this.#padTo ?? ids.length)
  }

  async #runOnce(batch: readonly Row[]): Promise<RunResult> {
    if (this.#disposed !== null)
      throw new ParapetError('engine_unavailable', `The model in ${this.#folder} was disposed of. Load it again.`)
    // A graph of fixed batch gets its last row as often as it takes.
    const count = this.declared.batch ?? batch.length
    const rows = Array.from({ length: count }, (_, at) => batch[Math.min(at, batch.length - 1)] ?? [])
    const lengths = this.#lengths(rows[0] ?? [])
    const feeds = feedsOf(this.#runtime, this.declared, rows, lengths, this.#padToken)
    let result: OnnxTensor | undefined
    try {
      result = (await this.#session.run(feeds, { [this.#output]: null }))[this.#output]
    } catch (cause) {
      throw folderError(
        this.#folder,
        'it does not run. Its vocabulary, its lengths or its inputs may be others than config.json says; the cause has more.',
        cause,
      )
    }
    const { data, dims = [], type = 'nothing' } = result ?? {}
    if (!(data instanceof Float32Array))
      throw folderError(this.#folder, `its output ${this.#output} is ${type}, not float32. Use the fp32 or a q8 graph.`)
    if (dims[0] !== count || data.length === 0)
      throw folderError(this.#folder, `its output ${this.#output} has the shape [${dims.join()}] for ${count} texts.`)
    if (!data.every(Number.isFinite))
      throw folderError(this.#folder, `its output ${this.#output} holds values that are not numbers (NaN or infinite).`)
    return { data, dims }
  }
}

function chooseOutput(folder: string, { outputNames }: OnnxSession, wanted: readonly string[]): string {
  const found = wanted.find((name) => outputNames.includes(name))
  if (found !== undefined) return found
  const [only] = outputNames
  if (only !== undefined && outputNames.length === 1) return only
  throw folderError(folder, `its graph gives ${outputNames.join(', ') || 'nothing'}, and none of ${wanted.join(', ')}.`)
}
