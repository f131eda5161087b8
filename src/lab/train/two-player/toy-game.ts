/**
 * The game of two players where everything can be written down: finitely many seeds and texts, closed-form best responses (arXiv
 * 2502.05163), and so an equilibrium that the driver must reach, or say that it does not.
 *
 * `F = E_ρ { E_{x̃~p_φ}[-log p_θ(y|x̃)] - β KL(p_φ ‖ p_ref) }`, minimised over θ and maximised over φ. It trains no model.
 */
import { ParapetError } from '../../../spec/errors.ts'

export interface ToyGame {
  readonly beta: number
  /** Seeds, each with its label and its weight ρ; weights add up to 1. */
  readonly seeds: readonly { readonly weight: number; readonly label: number; readonly reference: readonly number[] }[]
  readonly labels: number
}

/** Distribution over texts for each seed. */
export type ToyGenerator = readonly (readonly number[])[]

/** `p_θ(label | text)`: a row for each text. */
export type ToyClassifier = readonly (readonly number[])[]

/** Two seeds of opposite labels and four texts with mirrored references: the game of the tests and the report. */
export function mirroredGame(beta: number): ToyGame {
  const reference = [0.5, 0.3, 0.15, 0.05]
  return {
    beta,
    labels: 2,
    seeds: [
      { weight: 0.5, label: 0, reference },
      { weight: 0.5, label: 1, reference: reference.toReversed() },
    ],
  }
}

/** The γ of the convergence theorem: no label is ever impossible, so that a swinging game swings instead of running out of numbers. */
const LEAST_PROBABILITY = 1e-12

/** `T_φ`: `p_ref(x̃|x,y) · p_θ(y|x̃)^(-1/β) / Z`. In logarithms, because the power is large for small β. */
export function bestGenerator({ beta, seeds }: ToyGame, classifier: ToyClassifier): ToyGenerator {
  return seeds.map(({ label, reference }) => {
    const logs = reference.map((share, text) => Math.log(share) - Math.log(classifier[text]?.[label] ?? 0) / beta)
    const most = Math.max(...logs)
    const powers = logs.map((value) => Math.exp(value - most))
    const total = powers.reduce((sum, value) => sum + value, 0)
    return powers.map((value) => value / total)
  })
}

/** `T_θ`: the share of a label among all that the generator writes as this text. */
export function bestClassifier({ seeds, labels }: ToyGame, generator: ToyGenerator): ToyClassifier {
  const texts = generator[0]?.length ?? 0
  return Array.from({ length: texts }, (_, text) => {
    const mass = Array.from({ length: labels }, () => 0)
    seeds.forEach(({ weight, label }, at) => (mass[label] = (mass[label] ?? 0) + weight * (generator[at]?.[text] ?? 0)))
    const total = mass.reduce((sum, value) => sum + value, 0)
    const least = LEAST_PROBABILITY
    return mass.map((value) => (total === 0 ? 1 / labels : least + (1 - labels * least) * (value / total)))
  })
}

/** F, in nats. */
export function gameValue({ beta, seeds }: ToyGame, generator: ToyGenerator, classifier: ToyClassifier): number {
  return seeds.reduce((sum, { weight, label, reference }, at) => {
    const own = generator[at] ?? []
    const value = own.reduce((inner, share, text) => {
      if (share === 0) return inner
      const loss = -Math.log(classifier[text]?.[label] ?? 0)
      return inner + share * (loss - beta * Math.log(share / (reference[text] ?? 0)))
    }, 0)
    return sum + weight * value
  }, 0)
}

export interface PlayedToyGame {
  readonly converged: boolean
  /** Simultaneous rounds until no probability of the classifier moved by more than the tolerance over two rounds. */
  readonly rounds: number
  readonly classifier: ToyClassifier
  readonly generator: ToyGenerator
  readonly value: number
  /** By how much the movement over two rounds shrank, from two rounds before: 1/β in the mirrored game; null without enough rounds. */
  readonly ratio: number | null
}

/** Rounds after which the movement must have shrunk, or the game is told to swing for ever. */
const MOST_ROUNDS = 2000
const TOLERANCE = 1e-12
/** The ratio is taken while movements are far above rounding. */
const RATIO_ABOVE = 1e-6

/**
 * Plays simultaneous rounds from a classifier: both players answer what the other did before. Where movements do not die out, `converged`
 * is false and nothing about an equilibrium is claimed.
 */
export function playToyGame(
  game: ToyGame,
  start: ToyClassifier,
  { rounds = MOST_ROUNDS, tolerance = TOLERANCE }: { readonly rounds?: number; readonly tolerance?: number } = {},
): PlayedToyGame {
  checkGame(game, start)
  const history: ToyClassifier[] = [start]
  let generator: ToyGenerator = game.seeds.map(({ reference }) => reference)
  let ratio: number | null = null
  for (let round = 1; round <= rounds; round++) {
    const before = history.at(-1) ?? start
    const answer = bestGenerator(game, before)
    const classifier = bestClassifier(game, generator)
    generator = answer
    history.push(classifier)
    const [now, then, earlier] = [history.at(-1), history.at(-3), history.at(-5)]
    if (now === undefined || then === undefined) continue
    if (earlier !== undefined) {
      const [later, former] = [logOddsDistance(now, then), logOddsDistance(then, earlier)]
      if (later > RATIO_ABOVE) ratio = later / former
    }
    // The first rounds may stand still by chance of the start; both parities must have settled.
    const previous = history.at(-4)
    if (previous === undefined || !(distance(now, then) <= tolerance && distance(before, previous) <= tolerance))
      continue
    return {
      converged: true,
      rounds: round,
      classifier,
      generator,
      value: gameValue(game, generator, classifier),
      ratio,
    }
  }
  const classifier = history.at(-1) ?? start
  return { converged: false, rounds, classifier, generator, value: gameValue(game, generator, classifier), ratio }
}

/** `θ*(0|m) = σ(β/(1+β) · log(p_ref(m|0) / p_ref(m|1)))`, the fixed point of the mirrored game; derived in its test. */
export function mirroredEquilibrium(beta: number): readonly number[] {
  const [first, second] = mirroredGame(beta).seeds
  return (first?.reference ?? []).map((share, text) => {
    const odds = Math.log(share / (second?.reference[text] ?? 0))
    return 1 / (1 + Math.exp((-beta / (1 + beta)) * odds))
  })
}

function distance(left: ToyClassifier, right: ToyClassifier): number {
  return Math.max(
    ...left.flatMap((row, text) => row.map((value, label) => Math.abs(value - (right[text]?.[label] ?? 0)))),
  )
}

function logOddsDistance(left: ToyClassifier, right: ToyClassifier): number {
  const odds = (row: readonly number[] | undefined): number => Math.log((row?.[0] ?? 0) / (1 - (row?.[0] ?? 0)))
  return Math.max(...left.map((row, text) => Math.abs(odds(row) - odds(right[text]))))
}

function checkGame({ beta, seeds, labels }: ToyGame, start: ToyClassifier): void {
  const refuse = (why: string): never => {
    throw new ParapetError('configuration', why)
  }
  if (!(beta > 0)) refuse(`β must be above 0, not ${beta}.`)
  if (seeds.length === 0) refuse('A game needs at least one seed.')
  const isDistribution = (shares: readonly number[]): boolean =>
    shares.every((share) => share > 0) && Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9
  if (!isDistribution(seeds.map(({ weight }) => weight)))
    refuse('The weights of the seeds must be above 0 and add up to 1.')
  for (const { label, reference } of seeds) {
    if (!(Number.isInteger(label) && label >= 0 && label < labels)) refuse(`There is no label ${label} of ${labels}.`)
    if (!isDistribution(reference) || reference.length !== start.length)
      refuse('A reference must give every text a share above 0, and the shares must add up to 1.')
  }
  if (!start.every((row) => row.length === labels && isDistribution(row)))
    refuse('The classifier at the start must give every label of every text a share above 0, adding up to 1.')
}
