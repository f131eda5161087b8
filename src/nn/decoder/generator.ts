/**
 * Text generation with cached keys and values in onnxruntime, many prompts at once: for evaluation and data making, where a plain decoder
 * in TypeScript would be too slow. Prompts of a batch are padded on the left, so all of them end at the same place.
 *
 * Every prompt has a random generator of its own, seeded by its place, so that neither batch size nor neighbours change what is sampled
 * but for rounding.
 */
import { ParapetError } from '../../spec/errors.ts'
import { createRandom } from '../random.ts'
import type { OnnxRuntime, OnnxSession } from '../runtime/onnx-runtime.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import { NO_ATTENTION } from './attention.ts'
import { BatchedCache } from './batched-cache.ts'
import type { DecoderConfig } from './config.ts'
import { freshNames, generatorGraph, storedNames } from './generator-graph.ts'
import { type SamplingOptions, sampleToken } from './sampling.ts'
import { requireTokens } from './token-ids.ts'

export interface GenerateManyOptions {
  /** Tokens generated for a prompt at most. */
  readonly maxTokens: number
  /** Tokens that end an answer; they are not part of it. Those of the configuration if absent. */
  readonly stopTokens?: readonly number[]
  /** Greedy if absent. */
  readonly sampling?: SamplingOptions
  readonly seed?: number
  /** Prompts at a time; 64 if absent. */
  readonly batch?: number
  readonly signal?: AbortSignal
  /** Called with the number of prompts answered. */
  readonly onProgress?: (done: number) => void
}

export interface GeneratedTokens {
  readonly ids: readonly number[]
  /** log p of each of `ids` under the model at temperature 1, natural logarithm. */
  readonly logProbabilities: readonly number[]
  readonly end: 'stop' | 'length'
}

export class DecoderGenerator {
  readonly #runtime: OnnxRuntime
  readonly #config: DecoderConfig
  readonly #session: OnnxSession

  private constructor(runtime: OnnxRuntime, config: DecoderConfig, session: OnnxSession) {
    this.#runtime = runtime
    this.#config = config
    this.#session = session
  }

  /** The parameters are copied into the session; later changes to them are not seen. */
  static async load(
    runtime: OnnxRuntime,
    config: DecoderConfig,
    parameters: ParameterValues,
    options: { readonly threads?: number } = {},
  ): Promise<DecoderGenerator> {
    const model = generatorGraph(config, parameters)
    return new DecoderGenerator(runtime, config, await runtime.session(model, { threads: options.threads ?? 1 }))
  }

  /** Answers in the order of the prompts. */
  async generate(
    prompts: readonly (readonly number[])[],
    options: GenerateManyOptions,
  ): Promise<readonly GeneratedTokens[]> {
    const { batch = 64, signal, onProgress } = options
    this.#check(prompts, options.maxTokens)
    const order = prompts.map((_, place) => place)
    order.sort((one, other) => (prompts[one]?.length ?? 0) - (prompts[other]?.length ?? 0) || one - other)
    const results: GeneratedTokens[] = []
    for (let from = 0; from < order.length; from += batch) {
      signal?.throwIfAborted()
      const places = order.slice(from, from + batch)
      const answers = await this.#generateBatch(prompts, places, options)
      for (const [index, place] of places.entries()) results[place] = answers[index] as GeneratedTokens
      onProgress?.(Math.min(from + batch, order.length))
    }
    return results
  }

  async dispose(): Promise<void> {
    await this.#session.release()
  }

  #check(prompts: readonly (readonly number[])[], maxTokens: number): void {
    const { maxLength, vocabularySize } = this.#config
    for (const [place, prompt] of prompts.entries()) {
      const { length } = prompt
      if (length === 0 || length + maxTokens > maxLength)
        throw new ParapetError(
          'input_invalid',
          length === 0
            ? `Prompt ${place} is empty: give it at least one token.`
            : `Prompt ${place} has ${length} tokens; with ${maxTokens} more it would pass the ${maxLength} of the model.`,
        )
      requireTokens(prompt, vocabularySize, `Prompt ${place}`)
    }
  }

  async #generateBatch(
    prompts: readonly (readonly number[])[],
    places: readonly number[],
    options: GenerateManyOptions,
  ): Promise<readonly GeneratedTokens[]> {
    const { maxTokens, sampling = { temperature: 0 }, seed = 0, signal } = options
    const stop = new Set(options.stopTokens ?? this.#config.endTokens ?? [])
    const longest = places.reduce((most, place) => Math.max(most, prompts[place]?.length ?? 0), 0)
    const all = places.map((place): Row => {
      const prompt = prompts[place] ?? []
      const padding = longest - prompt.length
      const next = [...Array.from({ length: padding }, () => 0), ...prompt]
      return {
        padding,
        next,
        random: createRandom(seed * 7_919 + place),
        ids: [],
        logProbabilities: [],
        stopped: false,
      }
    })
    const cache = new BatchedCache(this.#config, all.length)
    let rows: readonly Row[] = all
    for (let made = 0; made < maxTokens; made += 1) {
      signal?.throwIfAborted()
      const scores = await this.#run(rows, cache)
      const { vocabularySize } = this.#config
      for (const [index, row] of rows.entries()) {
        if (row.stopped) continue
        const own = scores.subarray(index * vocabularySize, (index + 1) * vocabularySize)
        const id = sampleToken(own, { ...sampling, random: row.random })
        row.next = [id]
        row.stopped = stop.has(id)
        if (row.stopped) continue
        row.ids.push(id)
        row.logProbabilities.push(own[id] as number)
      }
      rows = goingOn(rows, cache)
      if (rows.length === 0) break
    }
    return all.map(({ ids, logProbabilities, stopped }) => ({
      ids,
      logProbabilities,
      end: stopped ? 'stop' : 'length',
    }))
  }

  /** Reads what is next in each row; gives the log-probabilities of what follows, [rows, vocabulary]. */
  async #run(rows: readonly Row[], cache: BatchedCache): Promise<Float32Array> {
    const { layers } = this.#config
    const tensor = this.#runtime.tensor
    const length = rows[0]?.next.length ?? 0
    const shape = [rows.length, length]
    const ids = new BigInt64Array(rows.length * length)
    const positions = new BigInt64Array(rows.length * length)
    rows.forEach(({ next, padding }, row) => {
      for (let at = 0; at < length; at += 1) {
        ids[row * length + at] = BigInt(next[at] as number)
        positions[row * length + at] = BigInt(Math.max(0, cache.length + at - padding))
      }
    })
    const results = await this.#session.run({
      ids: tensor('int64', ids, shape),
      positions: tensor('int64', positions, shape),
      bias: tensor('float32', attentionBias(rows, cache, length), [...shape, cache.capacity + length]),
      parts: tensor('int64', BigInt64Array.of(BigInt(cache.capacity), BigInt(length)), [2]),
      ...Object.fromEntries(
        cache.arrays.map((array, at) => [
          storedNames(Math.floor(at / 2))[at % 2],
          tensor('float32', array, cache.shape),
        ]),
      ),
    })
    const fresh = Array.from({ length: layers }, (_, layer) => freshNames(layer)).flat()
    cache.append(
      fresh.map((name) => results[name]?.data as Float32Array),
      length,
    )
    return results['logProbabilities']?.data as Float32Array
  }
}

/** One prompt on its way. */
interface Row {
  /** Places in front of the prompt, which is padded to the longest of its batch. */
  readonly padding: number
  readonly random: () => number
  readonly ids: number[]
  readonly logProbabilities: number[]
  /** To be read next. */
  next: readonly number[]
  stopped: boolean
}

/** Rows that have stopped are dropped when they are a quarter of the batch: dropping copies the cache. */
function goingOn(rows: readonly Row[], cache: BatchedCache): readonly Row[] {
  const left = rows.flatMap(({ stopped }, row) => (stopped ? [] : [row]))
  if (left.length > 0.75 * rows.length) return rows
  cache.keep(left)
  return left.map((row) => rows[row] as Row)
}

/** [rows, length, capacity + length]: 0 where a token may look, a large negative number at padding, empty room and later tokens. */
function attentionBias(rows: readonly Row[], cache: BatchedCache, length: number): Float32Array {
  const width = cache.capacity + length
  const bias = new Float32Array(rows.length * length * width).fill(NO_ATTENTION)
  rows.forEach(({ padding }, row) => {
    for (let at = 0; at < length; at += 1) {
      const from = (row * length + at) * width
      bias.fill(0, from + Math.min(padding, cache.length), from + cache.length)
      bias.fill(0, from + cache.capacity + Math.max(0, padding - cache.length), from + cache.capacity + at + 1)
    }
  })
  return bias
}
