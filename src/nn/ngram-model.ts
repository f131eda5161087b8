/**
 * A small n-gram language model: trigram counts with back-off to bigrams (stupid back-off, Brants et al. 2007), sampled a token
 * at a time. It stands in for a model server where none is configured; its text means nothing.
 */
import { ParapetError } from '../spec/index.ts'
import { readModelFile, writeModelFile } from './model-file.ts'

const KIND = 'parapet-ngram'

/** Continuations of one context, in parallel arrays from `offsets[i]` to `offsets[i + 1]`. */
interface NgramTable {
  /** Sorted: `w1` for bigrams, `w1 * 65536 + w2` for trigrams. */
  readonly contexts: Uint32Array
  readonly offsets: Uint32Array
  readonly tokens: Uint16Array
  readonly counts: Uint8Array
}

export interface NgramData {
  readonly id: string
  /** Token texts, leading space included. 0 is the start of a text, 1 its end. */
  readonly vocabulary: readonly string[]
  readonly bigrams: NgramTable
  readonly trigrams: NgramTable
}

export const START = 0
export const END = 1
/** Words with their leading space, single marks, line breaks. */
export const TOKEN: RegExp = / ?[\p{L}\p{N}'’]+| ?[^\s\p{L}\p{N}]|\n/gu
/** How much a step back costs (Brants et al. 2007). */
const BACK_OFF = 0.4

/** Writes a model file. */
export function writeNgramModel(data: NgramData): Uint8Array<ArrayBuffer> {
  const blocks = new Map<string, Uint8Array>()
  for (const name of ['bigrams', 'trigrams'] as const) {
    for (const [part, array] of Object.entries(data[name]))
      blocks.set(`${name}.${part}`, new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  }
  blocks.set('vocabulary', new TextEncoder().encode(JSON.stringify(data.vocabulary)))
  return writeModelFile({ kind: KIND, id: data.id }, blocks)
}

export interface SampleOptions {
  /** Uniform in 0…1. */
  readonly random: () => number
  /** 0 takes the most frequent continuation. */
  readonly temperature: number
}

export class NgramModel {
  readonly id: string
  readonly #vocabulary: readonly string[]
  readonly #ids: ReadonlyMap<string, number>
  readonly #bigrams: NgramTable
  readonly #trigrams: NgramTable

  constructor(data: NgramData) {
    this.id = data.id
    this.#vocabulary = data.vocabulary
    this.#ids = new Map(data.vocabulary.map((token, index) => [token, index]))
    this.#bigrams = data.bigrams
    this.#trigrams = data.trigrams
  }

  /** Reads a model file; throws `engine_unavailable` when it is damaged. */
  static read(bytes: Uint8Array, name: string): NgramModel {
    const { header, blocks } = readModelFile(bytes, name)
    if (header['kind'] !== KIND)
      throw new ParapetError('engine_unavailable', `${name} is not an n-gram model. Give the path of one.`)
    const block = (key: string): Uint8Array<ArrayBuffer> => Uint8Array.from(blocks.get(key) ?? [])
    const table = (key: string): NgramTable => ({
      contexts: new Uint32Array(block(`${key}.contexts`).buffer),
      offsets: new Uint32Array(block(`${key}.offsets`).buffer),
      tokens: new Uint16Array(block(`${key}.tokens`).buffer),
      counts: block(`${key}.counts`),
    })
    const vocabulary = JSON.parse(new TextDecoder().decode(block('vocabulary'))) as readonly string[]
    return new NgramModel({
      id: String(header['id']),
      vocabulary,
      bigrams: table('bigrams'),
      trigrams: table('trigrams'),
    })
  }

  /** Ids of the words of a text that the model knows as beginnings of a sentence's inner words. */
  known(text: string): readonly number[] {
    return (text.match(TOKEN) ?? []).flatMap(
      (token) => this.#ids.get(token.startsWith(' ') ? token : ` ${token}`) ?? [],
    )
  }

  text(token: number): string {
    return this.#vocabulary[token] ?? ''
  }

  /** Draws the token after two others. */
  sample(before: number, last: number, { random, temperature }: SampleOptions): number {
    const trigram = find(this.#trigrams, before * 65536 + last)
    const bigram = find(this.#bigrams, last)
    const weights = new Map<number, number>()
    const add = (table: NgramTable, range: Range | null, factor: number): void => {
      if (range === null) return
      let total = 0
      for (let at = range.from; at < range.to; at++) total += table.counts[at] ?? 0
      for (let at = range.from; at < range.to; at++) {
        const token = table.tokens[at] ?? END
        if (!weights.has(token)) weights.set(token, (factor * (table.counts[at] ?? 0)) / total)
      }
    }
    add(this.#trigrams, trigram, 1)
    add(this.#bigrams, bigram, trigram === null ? 1 : BACK_OFF * 0.1)
    return draw(weights, random, temperature)
  }
}

interface Range {
  readonly from: number
  readonly to: number
}

function find(table: NgramTable, context: number): Range | null {
  let low = 0
  let high = table.contexts.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const value = table.contexts[middle] ?? 0
    if (value === context) return { from: table.offsets[middle] ?? 0, to: table.offsets[middle + 1] ?? 0 }
    if (value < context) low = middle + 1
    else high = middle - 1
  }
  return null
}

function draw(weights: ReadonlyMap<number, number>, random: () => number, temperature: number): number {
  if (weights.size === 0) return END
  if (temperature <= 0) return [...weights].reduce((best, item) => (item[1] > best[1] ? item : best))[0]
  const powered = [...weights].map(([token, weight]): readonly [number, number] => [token, weight ** (1 / temperature)])
  let rest = random() * powered.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [token, weight] of powered) {
    rest -= weight
    if (rest <= 0) return token
  }
  return powered.at(-1)?.[0] ?? END
}
