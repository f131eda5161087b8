/**
 * A decoder in plain TypeScript: no engine and no Node API, so that a small model runs wherever JavaScript does. Parameters are those
 * of `config.ts`, in float32 or in int8 with one scale a row. Tokens are read in blocks, so that weights pass the processor once for
 * several of them; keys and values are kept in a cache.
 *
 * One sequence at a time, one thread. Training and large models go through the ONNX graphs (`forward.ts`).
 */
import { ParapetError } from '../../spec/errors.ts'
import { type QuantisedMatrix, dequantiseRows, quantiseRows } from '../encoder/quantise.ts'
import type { ParameterValue, ParameterValues } from '../tensor/parameters.ts'
import { type DecoderConfig, EMBEDDING, FINAL_NORM, OUTPUT, checkDecoderParameters, linearName } from './config.ts'
import type { LogitsSource } from './generate.ts'
import { KeyValueCache } from './key-value-cache.ts'
import { type Linear, applyLinear } from './linear-kernels.ts'
import { attend, gate, normaliseRows, rotateRows } from './plain-parts.ts'
import { type RotaryTables, rotaryTables } from './rotary.ts'

/** Parameters of which the matrices may be int8. */
export type QuantisedParameters = Readonly<Record<string, ParameterValue | QuantisedMatrix>>

/** Matrices as int8 with a scale a row, the token embeddings too; vectors as they are. A quarter of the size. */
export function quantiseDecoder(parameters: ParameterValues): QuantisedParameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, value.shape.length === 2 ? quantiseRows(value) : value]),
  )
}

/** The float32 parameters that `quantiseDecoder` stands for: off by half a step of a row's scale at most. Fresh arrays. */
export function dequantiseDecoder(parameters: QuantisedParameters): ParameterValues {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      'scales' in value ? dequantiseRows(value) : { shape: value.shape, data: value.data.slice() },
    ]),
  )
}

interface Block {
  readonly attentionNorm: Float32Array
  readonly query: Linear
  readonly key: Linear
  readonly value: Linear
  readonly output: Linear
  readonly feedForwardNorm: Float32Array
  readonly gate: Linear
  readonly up: Linear
  readonly down: Linear
}

/** Tokens read at once. */
const BLOCK = 16

export class PlainDecoder {
  readonly config: DecoderConfig
  readonly #embedding: ParameterValue | QuantisedMatrix
  readonly #blocks: readonly Block[]
  readonly #finalNorm: Float32Array
  readonly #head: Linear
  readonly #turns: RotaryTables
  readonly #work: Readonly<Record<'x' | 'normal' | 'query' | 'key' | 'value' | 'mixed' | 'gate' | 'up', Float32Array>>

  /** Keeps the arrays it is given. Throws `input_invalid` when they do not fit the configuration. */
  constructor(config: DecoderConfig, parameters: QuantisedParameters) {
    // Only shapes are compared, which both kinds have.
    checkDecoderParameters(config, parameters as ParameterValues)
    const vector = (name: string): Float32Array => {
      const value = parameters[name]
      if (value === undefined || 'scales' in value)
        throw new ParapetError('input_invalid', `${name} must be float32: only matrices are quantised.`)
      return value.data
    }
    const matrix = (name: string): ParameterValue | QuantisedMatrix => parameters[name] as ParameterValue
    this.config = config
    this.#embedding = matrix(EMBEDDING)
    this.#blocks = Array.from({ length: config.layers }, (_, layer) => {
      const linear = (name: Parameters<typeof linearName>[1]): Linear => {
        const full = linearName(layer, name)
        const bias = parameters[`${full}.bias`] === undefined ? {} : { bias: vector(`${full}.bias`) }
        return { weight: matrix(`${full}.weight`), ...bias }
      }
      return {
        attentionNorm: vector(`model.layers.${layer}.input_layernorm.weight`),
        query: linear('self_attn.q_proj'),
        key: linear('self_attn.k_proj'),
        value: linear('self_attn.v_proj'),
        output: linear('self_attn.o_proj'),
        feedForwardNorm: vector(`model.layers.${layer}.post_attention_layernorm.weight`),
        gate: linear('mlp.gate_proj'),
        up: linear('mlp.up_proj'),
        down: linear('mlp.down_proj'),
      }
    })
    this.#finalNorm = vector(FINAL_NORM)
    this.#head = { weight: config.tiedEmbeddings ? this.#embedding : matrix(OUTPUT) }
    this.#turns = rotaryTables(config.maxLength, config.headWidth, config.ropeTheta)
    const { width, heads, keyValueHeads, headWidth, feedForward } = config
    const rows = (size: number): Float32Array => new Float32Array(BLOCK * size)
    this.#work = {
      x: rows(width),
      normal: rows(width),
      query: rows(heads * headWidth),
      key: rows(keyValueHeads * headWidth),
      value: rows(keyValueHeads * headWidth),
      mixed: rows(Math.max(width, heads * headWidth)),
      gate: rows(feedForward),
      up: rows(feedForward),
    }
  }

  /** An empty cache for this model. */
  start(): KeyValueCache {
    return new KeyValueCache(this.config)
  }

  /** Reads one token; gives the logits of the next one, a fresh array of `vocabularySize`. */
  step(cache: KeyValueCache, id: number): Float32Array {
    return this.prefill(cache, [id])
  }

  /**
   * Reads tokens behind those in the cache and gives the logits after the last. `eachLogits` gets the logits after every token, in
   * order; the array it is given is used again. Throws `input_invalid` for no ids or one outside the vocabulary, `input_too_large`
   * beyond the model's length; the cache then stays as it was.
   */
  prefill(
    cache: KeyValueCache,
    ids: readonly number[],
    eachLogits?: (logits: Float32Array, place: number) => void,
  ): Float32Array {
    this.#check(cache, ids)
    cache.reserve(ids.length)
    const { vocabularySize } = this.config
    const logits = new Float32Array(vocabularySize * (eachLogits === undefined ? 1 : Math.min(BLOCK, ids.length)))
    let rows = 0
    for (let from = 0; from < ids.length; from += BLOCK) {
      rows = Math.min(BLOCK, ids.length - from)
      this.#read(cache, ids, from, rows)
      if (eachLogits === undefined) continue
      this.#logits(0, rows, logits)
      for (let row = 0; row < rows; row += 1)
        eachLogits(logits.subarray(row * vocabularySize, (row + 1) * vocabularySize), from + row)
    }
    if (eachLogits !== undefined) return logits.slice((rows - 1) * vocabularySize, rows * vocabularySize)
    this.#logits(rows - 1, 1, logits)
    return logits
  }

  /** For `generate`: reads into the cache, a fresh one if absent. */
  source(cache: KeyValueCache = this.start()): LogitsSource {
    return { prefill: (ids) => this.prefill(cache, ids), step: (id) => this.step(cache, id) }
  }

  /** Leaves what the last layer gives in `x`. */
  #read(cache: KeyValueCache, ids: readonly number[], from: number, rows: number): void {
    const { width, heads, keyValueHeads, headWidth, epsilon } = this.config
    const { x, normal, query, key, value, mixed, gate: gated, up } = this.#work
    const position = cache.length
    for (let row = 0; row < rows; row += 1) this.#embed(ids[from + row] as number, x, row * width)
    this.#blocks.forEach((block, layer) => {
      normaliseRows(x, block.attentionNorm, normal, rows, epsilon)
      applyLinear(block.query, normal, query, rows)
      applyLinear(block.key, normal, key, rows)
      applyLinear(block.value, normal, value, rows)
      rotateRows(query, this.#turns, position, rows, heads, headWidth)
      rotateRows(key, this.#turns, position, rows, keyValueHeads, headWidth)
      const [keys, values] = [cache.keys[layer] as Float32Array, cache.values[layer] as Float32Array]
      keys.set(key.subarray(0, rows * cache.width), position * cache.width)
      values.set(value.subarray(0, rows * cache.width), position * cache.width)
      for (let row = 0; row < rows; row += 1) attend(query, keys, values, mixed, row, position + row + 1, this.config)
      applyLinear(block.output, mixed, normal, rows)
      add(x, normal, rows * width)
      normaliseRows(x, block.feedForwardNorm, normal, rows, epsilon)
      applyLinear(block.gate, normal, gated, rows)
      applyLinear(block.up, normal, up, rows)
      gate(gated, up, rows * this.config.feedForward)
      applyLinear(block.down, gated, normal, rows)
      add(x, normal, rows * width)
    })
    cache.advance(rows)
  }

  #logits(row: number, rows: number, logits: Float32Array): void {
    const { width, epsilon } = this.config
    const { x, normal } = this.#work
    normaliseRows(x.subarray(row * width), this.#finalNorm, normal, rows, epsilon)
    applyLinear(this.#head, normal, logits, rows)
  }

  #embed(id: number, x: Float32Array, at: number): void {
    const { width } = this.config
    const table = this.#embedding
    const scale = 'scales' in table ? (table.scales[id] as number) : 1
    for (let index = 0; index < width; index += 1) x[at + index] = scale * (table.data[id * width + index] as number)
  }

  #check(cache: KeyValueCache, ids: readonly number[]): void {
    const { vocabularySize, layers, keyValueHeads, headWidth, maxLength } = this.config
    if (cache.keys.length !== layers || cache.width !== keyValueHeads * headWidth || cache.maxLength !== maxLength)
      throw new ParapetError('internal', 'This cache belongs to a model of another shape.')
    if (ids.length === 0) throw new ParapetError('input_invalid', 'There are no tokens to read.')
    for (const id of ids)
      if (!Number.isInteger(id) || id < 0 || id >= vocabularySize)
        throw new ParapetError('input_invalid', `${id} is not one of the ${vocabularySize} tokens of the model.`)
  }
}

function add(x: Float32Array, y: Float32Array, count: number): void {
  for (let index = 0; index < count; index += 1) (x[index] as number) += y[index] as number
}
