/**
 * The four levels of a proposal and the pairs made of them (arXiv 2502.05163): preferred is what fooled the classifier and kept the
 * label. A sample that keeps the label and is recognised is dispreferred; where there is none, one that lost the label is, which teaches
 * to follow the instruction.
 *
 * The paper does not say how many pairs a seed gives, nor which item of a level: here one pair a seed (and language), both drawn by seed.
 */
import type { RatedProposal } from './proposal.ts'

/** 1 fooled and kept, 2 recognised and kept, 3 fooled and lost, 4 neither. */
export type Level = 1 | 2 | 3 | 4

export const LEVELS: readonly Level[] = [1, 2, 3, 4]

export function levelOf(fooled: boolean, ratingMatches: boolean): Level {
  if (ratingMatches) return fooled ? 1 : 2
  return fooled ? 3 : 4
}

/** Two proposals of one seed and language, the better first. */
export interface ProposalPair {
  readonly chosen: RatedProposal
  readonly rejected: RatedProposal
  /** Level of the rejected one. */
  readonly level: 2 | 3
}

/**
 * The pair of one seed and language; null where there is no preferred proposal or nothing to prefer it to.
 *
 * @param random uniform numbers that pick among several of one level
 */
export function pairOf(proposals: readonly RatedProposal[], random: () => number): ProposalPair | null {
  const at = (level: Level): readonly RatedProposal[] => proposals.filter((proposal) => proposal.level === level)
  const pick = (list: readonly RatedProposal[]): RatedProposal | undefined => list[Math.floor(random() * list.length)]
  const chosen = pick(at(1))
  if (chosen === undefined) return null
  const second = at(2)
  const rejected = pick(second.length > 0 ? second : at(3))
  return rejected === undefined ? null : { chosen, rejected, level: second.length > 0 ? 2 : 3 }
}

/** One pair at most of each seed and language, in their order. */
export function pairsOf(proposals: readonly RatedProposal[], random: () => number): readonly ProposalPair[] {
  const groups = new Map<string, RatedProposal[]>()
  for (const proposal of proposals) {
    const key = `${proposal.seed.id} ${proposal.language}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [proposal])
    else group.push(proposal)
  }
  return [...groups.values()].flatMap((group) => pairOf(group, random) ?? [])
}
