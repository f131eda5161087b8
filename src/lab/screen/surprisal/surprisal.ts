/**
 * The surprise of a row against the rest of its set: two models of characters, each fitted on half of a sample, and a row is always read
 * by the one that did not learn its half. So neither a row nor its exact copies make themselves unsurprising; a poison that fills a large
 * part of the set does.
 */
import { CharacterModel } from './character-model.ts'

/** Plain data: crosses between threads. */
export interface SurprisalState {
  readonly halves: readonly [Uint32Array, Uint32Array]
  /** Median and spread of the sample's rows, for each figure. */
  readonly mean: Spread
  readonly peak: Spread
}

export interface Spread {
  readonly median: number
  /** 1.4826 times the median distance to the median: a standard deviation where figures are normal. */
  readonly deviation: number
}

/** A text's figures in bits a character, and where the peak lies. */
export interface Surprise {
  readonly mean: number
  readonly peak: number
  readonly start: number
  readonly end: number
}

/** Characters of a peak. */
const WINDOW = 24
/** Short rows are pulled towards this many characters of ordinary text: their mean alone says little. */
const [PRIOR, PRIOR_BITS] = [32, 2] as const

export class SurprisalModel {
  readonly #models: readonly [CharacterModel, CharacterModel]
  readonly #state: SurprisalState

  constructor(state: SurprisalState) {
    this.#state = state
    this.#models = [new CharacterModel(state.halves[0]), new CharacterModel(state.halves[1])]
  }

  /** How far a row's figures lie above the median of the sample, in deviations. `texts` are its turns. */
  measure(texts: readonly string[]): {
    readonly mean: number
    readonly peak: number
    readonly at: Surprise & { readonly turn: number }
  } {
    const surprise = surpriseOf(this.#models[1 - halfOf(texts)] ?? this.#models[0], texts)
    const { mean, peak } = this.#state
    return { mean: above(surprise.mean, mean), peak: above(surprise.peak, peak), at: surprise }
  }
}

/** Fits both halves on a sample of rows. */
export function fitSurprisal(sample: readonly (readonly string[])[]): SurprisalState {
  const models = [new CharacterModel(), new CharacterModel()] as const
  const seen = new Set<string>()
  const rows = sample.filter((texts) => {
    const key = texts.join('\u0000')
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
  for (const texts of rows) for (const text of texts) models[halfOf(texts)].learn(text)
  const figures = rows.map((texts) => surpriseOf(models[halfOf(texts) === 0 ? 1 : 0], texts))
  return {
    halves: [models[0].counts, models[1].counts],
    mean: spreadOf(figures.map(({ mean }) => mean)),
    peak: spreadOf(figures.map(({ peak }) => peak)),
  }
}

export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return { median: 0, deviation: 1 }
  const median = medianOf(values)
  const distance = medianOf(values.map((value) => Math.abs(value - median)))
  return { median, deviation: Math.max(1e-3, 1.4826 * distance) }
}

export function above(value: number, { median, deviation }: Spread): number {
  return (value - median) / deviation
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}

function surpriseOf(model: CharacterModel, texts: readonly string[]): Surprise & { readonly turn: number } {
  let [sum, count, best] = [0, 0, { peak: 0, start: 0, end: 0, turn: 0 }]
  texts.forEach((text, turn) => {
    const bits = model.surprise(text)
    let window = 0
    for (let at = 0; at < bits.length; at += 1) {
      const bit = bits[at] as number
      sum += bit
      window += bit - (at >= WINDOW ? (bits[at - WINDOW] as number) : 0)
      // A turn that is shorter than a window counts as if the rest were no surprise: a rare word alone is none.
      if (window / WINDOW > best.peak)
        best = { peak: window / WINDOW, start: Math.max(0, at + 1 - WINDOW), end: at + 1, turn }
    }
    count += bits.length
  })
  return { mean: (sum + PRIOR * PRIOR_BITS) / (count + PRIOR), ...best }
}

/** Which half of the set a row belongs to, by its text. */
function halfOf(texts: readonly string[]): 0 | 1 {
  let hash = 0x811c9dc5
  for (const text of texts)
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return ((Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 16) & 1) === 0 ? 0 : 1
}
