/**
 * Which examples the deep tier's heads learn from: each group gives as many as its share, so that large files do not drown small
 * ones. Translated rows give none: the encoder knows the languages, and on them heads learn little but rough wording. Chosen by a hash of the text, so that the order of files and rows does not matter.
 */
import { isTranslated, type Example } from '../examples.ts'
import { textHash } from '../training-set.ts'
import { byGroup, groupShare } from './plan.ts'

/** A group gives so many times its share, each with that much less weight: more texts say more, at the price of encoding them. */
const TEXTS_PER_SHARE = 1.5
/** Texts that were labelled for toxicity are many, and more rude than dangerous. */
const TOXICITY_FACTOR = 0.6

/** Places of the chosen examples in `examples`, and what each counts. */
export interface SampledExample {
  readonly place: number
  readonly weight: number
}

/** @param scale factor of all shares; 1 gives about 110,000 examples of the public training files. */
export function sampleExamples(examples: readonly Example[], scale = 1): readonly SampledExample[] {
  const groups = byGroup(examples.map(({ group }) => group))
  return [...groups.values()].flatMap((places) => {
    const members = places.map((place) => examples[place] as Example)
    if (members.some(isTranslated)) return []
    const share = groupShare(places.length) * (members.every(isToxicityOnly) ? TOXICITY_FACTOR : 1)
    const most = Math.max(1, Math.min(places.length, Math.ceil(share * TEXTS_PER_SHARE * scale)))
    return members
      .map((member, index) => ({
        place: places[index] as number,
        key: textHash(`${member.text ?? member.response ?? ''}\0${member.prompt ?? ''}`),
      }))
      .toSorted((left, right) => left.key - right.key || left.place - right.place)
      .slice(0, most)
      .map(({ place }) => ({ place, weight: (share * scale) / most }))
  })
}

/** Such rows say nothing of most hazards; all others that speak of toxicity speak of every one. */
function isToxicityOnly({ targets }: Example): boolean {
  return 'toxicity' in targets && !('S2' in targets)
}
