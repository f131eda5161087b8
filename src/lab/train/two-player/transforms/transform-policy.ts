/**
 * A policy over ways, `p_φ(way | seed, language)`: a softmax over scores that are linear in a few features of the seed. It is the generator
 * that learns here by the paper's own loss, DPO + RPO (arXiv 2502.05163), in closed form: a way is one token, so its log-probability and
 * the gradient of that are exact, and no sampling stands between the preferences and the update.
 *
 * The reference is the policy at its start, uniform over the ways of a language, as in the paper's game (p_ref stays).
 */
import { ParapetError } from '../../../../spec/errors.ts'
import { RPO_LOSS, sigmoid } from '../losses.ts'
import type { SeedRow } from '../proposal.ts'
import { type Way, WAYS, waysOf } from './transforms.ts'

export interface PolicySettings {
  readonly beta: number
  readonly alpha: number
  /** Steps of gradient descent on all pairs of a round, and their size. */
  readonly steps: number
  readonly rate: number
}

export const POLICY_SETTINGS: PolicySettings = {
  beta: RPO_LOSS.beta,
  alpha: RPO_LOSS.sftCoefficient,
  steps: 60,
  rate: 1,
}

/** A preference between two ways for one seed. */
export interface WayPair {
  readonly features: readonly number[]
  readonly ways: readonly Way[]
  readonly chosen: Way
  readonly rejected: Way
}

/** Characters from which a seed counts as long. */
const LONG = 120

export class TransformPolicy {
  readonly languages: readonly string[]
  /** By way, then by feature. */
  #weights: Float64Array[]

  constructor(languages: readonly string[]) {
    this.languages = languages
    this.#weights = WAYS.map(() => new Float64Array(this.size))
  }

  /** Features: 1, harmful, long, a question, and for each language 1 and harmful. */
  get size(): number {
    return 4 + 2 * this.languages.length
  }

  features({ text, label }: Pick<SeedRow, 'text' | 'label'>, language: string): readonly number[] {
    const own = this.languages.flatMap((known) => (known === language ? [1, label] : [0, 0]))
    return [1, label, text.length > LONG ? 1 : 0, text.includes('?') ? 1 : 0, ...own]
  }

  /** Probabilities of the ways, in their order; the temperature divides the scores. */
  probabilities(features: readonly number[], ways: readonly Way[], temperature: number = 1): readonly number[] {
    const scores = ways.map((way) => dot(this.#weights[WAYS.indexOf(way)], features) / temperature)
    const most = Math.max(...scores)
    const powers = scores.map((score) => Math.exp(score - most))
    const total = powers.reduce((sum, power) => sum + power, 0)
    return powers.map((power) => power / total)
  }

  sample(features: readonly number[], ways: readonly Way[], temperature: number, random: () => number): Way {
    const shares = this.probabilities(features, ways, temperature)
    let rest = random()
    for (const [at, share] of shares.entries()) {
      rest -= share
      if (rest < 0) return ways[at] as Way
    }
    return ways.at(-1) as Way
  }

  /**
   * Mean DPO + RPO over the pairs with the uniform reference, and its gradient by way and feature. Pairs of one and the same way (two texts of
   * it) have a margin of 0, and teach by the likelihood alone.
   */
  loss(pairs: readonly WayPair[], { beta, alpha }: Pick<PolicySettings, 'beta' | 'alpha'>): PolicyLoss {
    const gradient = WAYS.map(() => new Float64Array(this.size))
    let total = 0
    for (const { features, ways, chosen, rejected } of pairs) {
      const shares = this.probabilities(features, ways)
      const [better, worse] = [shares[ways.indexOf(chosen)], shares[ways.indexOf(rejected)]]
      if (better === undefined || worse === undefined)
        throw new ParapetError('internal', `A pair holds a way that its language lacks: ${chosen}, ${rejected}.`)
      // The uniform reference gives both the same, so it leaves the margin.
      const margin = Math.log(better) - Math.log(worse)
      const wrong = sigmoid(-beta * margin)
      total += -Math.log(sigmoid(beta * margin)) - alpha * Math.log(better)
      ways.forEach((way, at) => {
        const row = gradient[WAYS.indexOf(way)] as Float64Array
        const preference = -beta * wrong * (Number(way === chosen) - Number(way === rejected))
        const likelihood = -alpha * (Number(way === chosen) - (shares[at] ?? 0))
        features.forEach((value, place) => (row[place] = (row[place] ?? 0) + (preference + likelihood) * value))
      })
    }
    const count = Math.max(1, pairs.length)
    return { loss: total / count, gradient: gradient.map((row) => row.map((value) => value / count)) }
  }

  /** Gradient descent on the pairs of a round; gives the loss before and after. */
  update(pairs: readonly WayPair[], settings: PolicySettings): { readonly before: number; readonly after: number } {
    const before = this.loss(pairs, settings).loss
    if (pairs.length > 0)
      for (let step = 0; step < settings.steps; step++) {
        const { gradient } = this.loss(pairs, settings)
        this.#weights = this.#weights.map((row, way) =>
          row.map((weight, place) => weight - settings.rate * (gradient[way]?.[place] ?? 0)),
        )
      }
    return { before, after: this.loss(pairs, settings).loss }
  }

  weights(): readonly (readonly number[])[] {
    return this.#weights.map((row) => [...row])
  }

  /** Throws `input_invalid` for weights of another form. */
  restore(weights: readonly (readonly number[])[]): void {
    if (
      weights.length !== WAYS.length ||
      weights.some((row) => row.length !== this.size || !row.every(Number.isFinite))
    )
      throw new ParapetError('input_invalid', 'The weights are of a policy with other ways or languages.')
    this.#weights = weights.map((row) => Float64Array.from(row))
  }

  /** Ways of a language. */
  waysOf(language: string): readonly Way[] {
    return waysOf(language)
  }
}

export interface PolicyLoss {
  readonly loss: number
  readonly gradient: readonly Float64Array[]
}

function dot(weights: Float64Array | undefined, features: readonly number[]): number {
  return features.reduce((sum, value, place) => sum + value * (weights?.[place] ?? 0), 0)
}
