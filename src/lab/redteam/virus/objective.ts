/**
 * J(h) = λ F1(h) + (1 − λ) F2(h) of poison slots (arXiv 2501.17433, §3): F1 is the guard's −log p(safe), F2 = −⟨∇_w f(h), g⟩ / ‖∇_w f(h)‖ with g the
 * gradient at the slot as it was given, frozen. As in the paper's code F2 is not divided by ‖g‖, so it is −cosine · ‖g‖.
 *
 * It scores and differentiates; which tokens are tried is `optimise-slot.ts`.
 */
import { ParapetError } from '../../../spec/errors.ts'
import type { GradientFigures } from './candidate-gradients.ts'
import type { PoisonSlot } from './poison-slot.ts'
import { questionTail } from './verdict-format.ts'
import type { VerdictScore } from './verdict-guard.ts'
import { type WeightGradient, squaredLength } from './victim-gradients.ts'
import type { WhiteBox } from './white-box.ts'

export interface SlotScore {
  readonly j: number
  readonly f1: number
  readonly f2: number
  /** Cosine of ∇_w f with the reference. */
  readonly similarity: number
  /** Whether the guard that is optimised against flags the slot. */
  readonly flagged: boolean
  /** ‖∇_w f‖. */
  readonly norm: number
}

export class SlotObjective {
  readonly #box: WhiteBox
  readonly #lambda: number
  readonly #reference: WeightGradient
  /** ‖g‖. */
  readonly referenceNorm: number
  readonly #tail: readonly number[]

  private constructor(box: WhiteBox, lambda: number, reference: WeightGradient, tail: readonly number[]) {
    ;[this.#box, this.#lambda, this.#reference, this.#tail] = [box, lambda, reference, tail]
    this.referenceNorm = Math.sqrt(squaredLength(reference))
  }

  /** Works out the reference gradient at the slot as it is. Throws `input_invalid` where it is zero: there is nothing to be similar to. */
  static async of(box: WhiteBox, slot: PoisonSlot, lambda: number): Promise<SlotObjective> {
    if (!(lambda >= 0 && lambda <= 1))
      throw new ParapetError('configuration', `λ is a share from 0 to 1, not ${lambda}.`)
    const { gradient } = await box.victim.ofWeights(slot)
    const objective = new SlotObjective(box, lambda, gradient, questionTail(box.tokenizer, slot.messages))
    if (!(objective.referenceNorm > 0 && objective.referenceNorm < Infinity))
      throw new ParapetError(
        'input_invalid',
        'The gradient of a poison slot is zero or not finite: the victim learns nothing from it.',
      )
    return objective
  }

  /** The lowest J that can be: F1 is at least 0 and a cosine at most 1. */
  get bound(): number {
    return -(1 - this.#lambda) * this.referenceNorm
  }

  /** The exact score of one slot. */
  async score(slot: PoisonSlot): Promise<SlotScore> {
    const [verdict] = await this.#box.guard.scores([this.#asked(slot)])
    const [figures] = await this.#box.candidates.figures([slot], this.#reference)
    if (verdict === undefined || figures === undefined) throw new RangeError('one slot was scored')
    return this.#scoreOf(verdict, figures)
  }

  /**
   * The slot with the lowest exact J, where it is below that of the incumbent; nothing if there is none. Candidates whose F1 alone is too high,
   * were their gradient the reference itself, are given up before their gradient is worked out: none of them can win.
   */
  async best(
    slots: readonly PoisonSlot[],
    incumbent: SlotScore,
  ): Promise<{ slot: PoisonSlot; score: SlotScore } | undefined> {
    const verdicts = await this.#box.guard.scores(slots.map((slot) => this.#asked(slot)))
    const order = [...slots.keys()].toSorted(
      (one, other) => lossOf(verdicts[one]) - lossOf(verdicts[other]) || one - other,
    )
    let found: { slot: PoisonSlot; score: SlotScore } | undefined
    for (let from = 0; from < order.length; from += this.#box.candidates.batch) {
      const highest = found?.score.j ?? incumbent.j
      const places = order
        .slice(from, from + this.#box.candidates.batch)
        .filter((at) => this.#lambda * lossOf(verdicts[at]) + this.bound < highest)
      if (places.length === 0) break
      const some = places.map((at) => slots[at] as PoisonSlot)
      const figures = await this.#box.candidates.figures(some, this.#reference)
      for (const [index, slot] of some.entries()) {
        const score = this.#scoreOf(verdicts[places[index] ?? 0] as VerdictScore, figures[index] as GradientFigures)
        if (score.j < (found?.score.j ?? incumbent.j)) found = { slot, score }
      }
    }
    return found
  }

  /** dJ/d(one-hot rows) of the slot, [padded length, classes]; the norm under F2 counts as a constant, as in the paper's code. */
  async slopes(slot: PoisonSlot, { norm }: SlotScore): Promise<Float32Array> {
    const { victim, guard, classes } = this.#box
    const slopes = new Float32Array(slot.ids.length * classes)
    if (this.#lambda < 1) {
      const along = await victim.slopeOfTokens(slot, this.#reference)
      const factor = (1 - this.#lambda) / Math.max(norm, 1e-12)
      for (let at = 0; at < slopes.length; at += 1) slopes[at] = -factor * (along[at] ?? 0)
    }
    if (this.#lambda > 0) {
      const toSafe = await guard.slopeOfTokens(this.#asked(slot))
      for (let at = 0; at < slopes.length; at += 1) slopes[at] = (slopes[at] ?? 0) + this.#lambda * (toSafe[at] ?? 0)
    }
    return slopes
  }

  #scoreOf({ safeLoss, flagged }: VerdictScore, { along, norm }: GradientFigures): SlotScore {
    // A slot that teaches nothing is similar to nothing.
    const f2 = norm > 0 ? -along / norm : 0
    const j = this.#lambda * safeLoss + (1 - this.#lambda) * f2
    return { j, f1: safeLoss, f2, similarity: -f2 / this.referenceNorm, flagged, norm }
  }

  #asked({ ids }: PoisonSlot): Int32Array {
    return Int32Array.from([...ids, ...this.#tail])
  }
}

const lossOf = (verdict: VerdictScore | undefined): number => verdict?.safeLoss ?? Number.POSITIVE_INFINITY
