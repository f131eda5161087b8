/**
 * The choice of the next token from logits: greedy, temperature, top-k (Fan, Lewis & Dauphin 2018) and nucleus (Holtzman et al. 2020,
 * eq. 2), in this order, over the tokens that are allowed. All randomness comes from the generator handed in.
 *
 * Penalties for repetition and searches over several continuations are left out. The loop over tokens is `generate.ts`.
 */
import { ParapetError } from '../../spec/errors.ts'

export interface SamplingOptions {
  /** 0 takes the most likely token, of equal ones that with the lowest id. */
  readonly temperature: number
  /** Only so many of the most likely tokens; all if absent. */
  readonly topK?: number
  /** Only the fewest most likely tokens whose probabilities, after top-k, add up to this; all if absent. */
  readonly topP?: number
}

export interface Sampling extends SamplingOptions {
  /** Numbers in 0…1, 1 left out; not asked at temperature 0. */
  readonly random: () => number
}

/** Tokens that can be drawn and their probabilities, which add up to 1. */
export interface Candidates {
  readonly ids: Uint32Array
  readonly probabilities: Float64Array
}

/**
 * Draws a token. `allowed` has an entry for each token, 0 for those that must not be chosen. Throws `configuration` for bad settings,
 * `input_invalid` for logits that are not numbers or when no token is left.
 */
export function sampleToken(logits: Float32Array, sampling: Sampling, allowed?: Uint8Array): number {
  const { ids, probabilities } = candidates(logits, sampling, allowed)
  if (ids.length === 1) return ids[0] as number
  let left = sampling.random()
  let last = 0
  for (let place = 0; place < ids.length; place += 1) {
    const probability = probabilities[place] as number
    if (probability === 0) continue
    last = place
    left -= probability
    if (left < 0) break
  }
  // Rounding can leave a rest; it belongs to the last token with a chance.
  return ids[last] as number
}

/**
 * What `sampleToken` draws from. The most likely come first where top-k or top-p is set, of equal ones those with lower ids;
 * otherwise ids ascend.
 */
export function candidates(logits: Float32Array, options: SamplingOptions, allowed?: Uint8Array): Candidates {
  checkSampling(options)
  const { temperature, topK, topP = 1 } = options
  const best = mostLikely(logits, allowed)
  if (temperature === 0) return { ids: Uint32Array.of(best), probabilities: Float64Array.of(1) }
  const highest = logits[best] as number
  const weightOf = (id: number): number => Math.exp(((logits[id] as number) - highest) / temperature)
  const likelyFirst = (one: number, other: number): number =>
    (logits[other] as number) - (logits[one] as number) || one - other
  const all = possible(logits, allowed)
  const ids = topK === undefined ? all : all.sort(likelyFirst).slice(0, topK)
  const probabilities = shares(ids, weightOf)
  if (topP >= 1) return { ids, probabilities }
  // Tokens below this share together cannot reach 1 - topP, so the nucleus is complete without them; few are left to sort.
  const floor = (1 - topP) / ids.length
  const kept = ids.filter((_, place) => (probabilities[place] as number) >= floor).sort(likelyFirst)
  const total = ids.reduce((sum, id) => sum + weightOf(id), 0)
  let sum = 0
  let count = 0
  while (count < kept.length && sum < topP * total) {
    sum += weightOf(kept[count] as number)
    count += 1
  }
  const nucleus = kept.slice(0, count)
  return { ids: nucleus, probabilities: shares(nucleus, weightOf) }
}

/** `log softmax(logits)[id]`, natural logarithm: the model's own probability, at temperature 1 and with nothing masked. */
export function logSoftmaxAt(logits: Float32Array, id: number): number {
  const value = logits[id]
  if (value === undefined)
    throw new ParapetError('input_invalid', `There is no token ${id} among ${logits.length} logits.`)
  const highest = logits[mostLikely(logits)] as number
  let sum = 0
  for (let index = 0; index < logits.length; index += 1) sum += Math.exp((logits[index] as number) - highest)
  return value - highest - Math.log(sum)
}

/** Throws `configuration` for settings that mean nothing. */
export function checkSampling({ temperature, topK, topP }: SamplingOptions): void {
  if (!(temperature >= 0 && temperature < Infinity))
    throw new ParapetError('configuration', `temperature must be 0 or more, not ${temperature}.`)
  if (topK !== undefined && (!Number.isInteger(topK) || topK < 1))
    throw new ParapetError('configuration', `topK must be a whole number above 0, not ${topK}.`)
  if (topP !== undefined && !(topP > 0 && topP <= 1))
    throw new ParapetError('configuration', `topP must be above 0 and at most 1, not ${topP}.`)
}

/** The id of the highest logit among the allowed; the lowest id of equal ones. -∞ is a token that cannot come. */
function mostLikely(logits: Float32Array, allowed?: Uint8Array): number {
  if (allowed !== undefined && allowed.length !== logits.length)
    throw new ParapetError('input_invalid', `The mask has ${allowed.length} entries for ${logits.length} logits.`)
  let best = -1
  let highest = -Infinity
  for (let id = 0; id < logits.length; id += 1) {
    const value = logits[id] as number
    if (!(value < Infinity))
      throw new ParapetError(
        'input_invalid',
        `The model gave ${value} for token ${id}: its weights are damaged or its training diverged.`,
      )
    if (value > highest && (allowed === undefined || allowed[id] !== 0)) {
      highest = value
      best = id
    }
  }
  if (best < 0) throw new ParapetError('input_invalid', 'No token is left: the mask forbids all that can come.')
  return best
}

function possible(logits: Float32Array, allowed?: Uint8Array): Uint32Array {
  const ids = new Uint32Array(logits.length)
  let count = 0
  for (let id = 0; id < logits.length; id += 1)
    if (logits[id] !== -Infinity && (allowed === undefined || allowed[id] !== 0)) {
      ids[count] = id
      count += 1
    }
  return ids.subarray(0, count)
}

function shares(ids: Uint32Array, weightOf: (id: number) => number): Float64Array {
  const weights = Float64Array.from(ids, weightOf)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
