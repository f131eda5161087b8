/**
 * Text generation with cached keys and values in onnxruntime, many prompts at once: for evaluation and data making, where a plain decoder
 * in TypeScript would be too slow. Prompts of a batch are padded on the left, so all of them end at the same place.
 *
 * Every prompt has a random generator of its own, seeded by its place, so that neither batch size nor neighbours change what is sampled
 * but for rounding.
 */
import { ParapetError } from '../../spec/errors.ts'
import { createRandom } from '../random.ts'
import type { OnnxRuntime, OnnxSession, OnnxTensor } from '../runtime/onnx-runtime.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import type { DecoderConfig } from './config.ts'
import { cacheNames, exportDecoder } from './export.ts'
import { type SamplingOptions, logSoftmaxAt, sampleToken } from './sampling.ts'

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
    const model = exportDecoder(config, parameters, { logits: 'last' })
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
    const { maxLength } = this.#config
    for (const [place, { length }] of prompts.entries())
      if (length === 0 || length + maxTokens > maxLength)
        throw new ParapetError(
          'input_invalid',
          length === 0
            ? `Prompt ${place} is empty: give it at least one token.`
            : `Prompt ${place} has ${length} tokens; with ${maxTokens} more it would pass the ${maxLength} of the model.`,
        )
  }

  async #generateBatch(
    prompts: readonly (readonly number[])[],
    places: readonly number[],
    options: GenerateManyOptions,
  ): Promise<readonly GeneratedTokens[]> {
    const { maxTokens, sampling = { temperature: 0 }, seed = 0, signal } = options
    const stop = new Set(options.stopTokens ?? this.#config.endTokens ?? [])
    const rows = places.map((place) => ({
      prompt: prompts[place] ?? [],
      random: createRandom(seed * 7_919 + place),
      ids: [] as number[],
      logProbabilities: [] as number[],
      end: undefined as GeneratedTokens['end'] | undefined,
    }))
    const longest = Math.max(...rows.map(({ prompt }) => prompt.length))
    const padding = rows.map(({ prompt }) => longest - prompt.length)
    let cache = this.#emptyCache(rows.length)
    let ids = rows.map(({ prompt }, row) => [...Array.from({ length: padding[row] ?? 0 }, () => 0), ...prompt])
    for (let made = 0; made < maxTokens; made += 1) {
      signal?.throwIfAborted()
      const { logits, present } = await this.#run(ids, padding, longest + made, cache)
      cache = present
      const vocabulary = this.#config.vocabularySize
      ids = rows.map((row, index) => {
        if (row.end === 'stop') return [0]
        const scores = logits.subarray(index * vocabulary, (index + 1) * vocabulary)
        const id = sampleToken(scores, { ...sampling, random: row.random })
        if (stop.has(id)) row.end = 'stop'
        else {
          row.ids.push(id)
          row.logProbabilities.push(logSoftmaxAt(scores, id))
        }
        return [id]
      })
      if (rows.every(({ end }) => end === 'stop')) break
    }
    return rows.map((row) => ({ ids: row.ids, logProbabilities: row.logProbabilities, end: row.end ?? 'length' }))
  }

  /** `total` counts the tokens known after this call, padding included. */
  async #run(
    ids: readonly (readonly number[])[],
    padding: readonly number[],
    total: number,
    cache: Readonly<Record<string, OnnxTensor>>,
  ): Promise<{ readonly logits: Float32Array; readonly present: Readonly<Record<string, OnnxTensor>> }> {
    const length = ids[0]?.length ?? 0
    const shape = [ids.length, length]
    const whole = (values: readonly number[]): BigInt64Array => BigInt64Array.from(values, BigInt)
    const mask = padding.flatMap((pad) => Array.from({ length: total }, (_, at) => (at < pad ? 0 : 1)))
    const positions = padding.flatMap((pad) =>
      Array.from({ length }, (_, at) => Math.max(0, total - length + at - pad)),
    )
    const results = await this.#session.run({
      input_ids: this.#runtime.tensor('int64', whole(ids.flat()), shape),
      attention_mask: this.#runtime.tensor('int64', whole(mask), [ids.length, total]),
      position_ids: this.#runtime.tensor('int64', whole(positions), shape),
      ...cache,
    })
    const present: Record<string, OnnxTensor> = {}
    for (let layer = 0; layer < this.#config.layers; layer += 1) {
      const names = cacheNames(layer)
      names.past.forEach((past, index) => (present[past] = results[names.present[index] ?? ''] as OnnxTensor))
    }
    return { logits: results['logits']?.data as Float32Array, present }
  }

  #emptyCache(batch: number): Readonly<Record<string, OnnxTensor>> {
    const { layers, keyValueHeads, headWidth } = this.#config
    const empty = this.#runtime.tensor('float32', new Float32Array(0), [batch, keyValueHeads, 0, headWidth])
    return Object.fromEntries(
      Array.from({ length: layers }, (_, layer) => cacheNames(layer).past)
        .flat()
        .map((name) => [name, empty]),
    )
  }
}
