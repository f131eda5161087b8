/**
 * The search of one poison slot (arXiv 2501.17433, §3; GCG): each step takes the most promising swaps of single tokens, scores them exactly and
 * keeps the best, or what there was. So J never increases, and every artefact is text that encodes to the scored tokens.
 */
import { createRandom } from '../../../nn/random.ts'
import { SlotObjective, type SlotScore } from './objective.ts'
import { type PoisonSlot, withTokens } from './poison-slot.ts'
import { drawSwaps, promisingTokens } from '../tokens/token-swaps.ts'
import type { WhiteBox } from './white-box.ts'

export interface SearchSettings {
  /** λ: 1 is the guard's jailbreak alone, 0 similarity alone. */
  readonly lambda: number
  /** Tokens a place that are candidates at all. */
  readonly topK: number
  /** Swaps scored a step, distinct in place and rank. */
  readonly candidates: number
  readonly steps: number
  readonly seed: number
}

export interface OptimisedSlot {
  readonly slot: PoisonSlot
  readonly before: SlotScore
  readonly after: SlotScore
  /** J at the start and after each step. */
  readonly history: readonly number[]
  /** Tokens that differ from those at the start. */
  readonly edits: number
}

/** Of `before.j` and the bound: what rounding in 32 bits may leave between two equal numbers. */
const ROUNDING = 1e-5

/** The same slot, models and settings give the same slot at one thread. */
export async function optimiseSlot(
  box: WhiteBox,
  given: PoisonSlot,
  settings: SearchSettings,
  signal?: AbortSignal,
): Promise<OptimisedSlot> {
  const { lambda, topK, candidates, steps, seed } = settings
  const random = createRandom(seed)
  const objective = await SlotObjective.of(box, given, lambda)
  const before = await objective.score(given)
  let [slot, score] = [given, before]
  const history = [before.j]
  for (let step = 0; step < steps; step += 1) {
    signal?.throwIfAborted()
    // With λ = 0 this holds at once: what is given is the best there is.
    if (score.j <= objective.bound + ROUNDING * Math.max(1, objective.referenceNorm)) break
    const slopes = await objective.slopes(slot, score)
    const promising = promisingTokens(slopes, box.classes, slot, box.forbidden, topK)
    const tried: PoisonSlot[] = []
    for (const { place, token } of drawSwaps(slot.places, promising, random)) {
      const swapped = withTokens(slot, box.tokenizer, slot.ids.with(place, token))
      if (swapped !== undefined) tried.push(swapped)
      if (tried.length === candidates) break
    }
    const found = await objective.best(tried, score)
    if (found !== undefined) ({ slot, score } = found)
    history.push(score.j)
  }
  const edits = slot.ids.reduce((count, id, at) => count + Number(id !== given.ids[at]), 0)
  return { slot, before, after: score, history, edits }
}
