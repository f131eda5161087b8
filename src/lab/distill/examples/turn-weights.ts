/**
 * The joint loss of label and critique, `L = L_cls + L_critique` (ThinkGuard, arXiv 2502.13458), with its reduction made explicit: a
 * trainer that averages over tokens does not weigh a label of three tokens like a critique of a hundred and fifty.
 *
 * | reduction | loss of one example |
 * |---|---|
 * | `sum` | the paper's formula: -Σ log p over label and critique |
 * | `token-mean` | that sum over the number of tokens |
 * | `turn-mean` | mean over the label's tokens plus mean over the critique's |
 *
 * In training the three are weights of tokens; the batch divides by their sum, which changes the size of a step and not its direction.
 */
import { ParapetError } from '../../../spec/errors.ts'

export const REDUCTIONS = ['sum', 'token-mean', 'turn-mean'] as const
export type Reduction = (typeof REDUCTIONS)[number]

/** Ours: under the paper's plain sum a critique of a hundred tokens outweighs a label of three. */
export const DEFAULT_REDUCTION: Reduction = 'turn-mean'

/** Weight of one token of each turn, from the tokens that the turns have. Throws `configuration` for an unknown reduction. */
export function turnWeights<Turn extends string>(
  counts: Readonly<Partial<Record<Turn, number>>>,
  reduction: Reduction,
): (turn: Turn) => number {
  const all = Object.values<number | undefined>(counts).reduce<number>((sum, count) => sum + (count ?? 0), 0)
  switch (reduction) {
    case 'sum':
      return () => 1
    case 'token-mean':
      return () => 1 / all
    case 'turn-mean':
      return (turn) => 1 / (counts[turn] ?? 1)
    default:
      throw new ParapetError(
        'configuration',
        `There is no reduction ${String(reduction satisfies never)}. There are ${REDUCTIONS.join(', ')}.`,
      )
  }
}

/** The loss of one example, in nats, from the probabilities of the tokens of its turns. */
export function jointLoss(turns: Readonly<Record<string, readonly number[]>>, reduction: Reduction): number {
  const weightOf = turnWeights(
    Object.fromEntries(Object.entries(turns).map(([turn, probabilities]) => [turn, probabilities.length])),
    reduction,
  )
  return Object.entries(turns).reduce(
    (sum, [turn, probabilities]) =>
      sum - weightOf(turn) * probabilities.reduce((logs, probability) => logs + Math.log(probability), 0),
    0,
  )
}
