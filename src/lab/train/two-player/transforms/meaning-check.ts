/**
 * Whether a transformed text still says what its seed says: the rater of local generators, by rules on the text itself. It does not look
 * at which way made the text, so that a control that turns the label has to be found by its words.
 *
 * Enough words must be translated, most words of the body must still be there, a harmful request must have gained no negation and a
 * harmless one no word of harm. What passes gets the rating that the un-tuned classifier gives the English seed (which the text is known to
 * stand for); what does not gets the end of the scale that its label is not. No model judges other languages here: that is the weakness of this rater.
 */
import { RATING_OF_NOTHING } from '../rating.ts'
import type { SeedRow } from '../proposal.ts'
import { PHRASES } from './phrases.ts'
import { type Transformed, withoutAccents } from './transforms.ts'

/** Most words that may have stayed English for want of a translation. */
const MOST_UNKNOWN = 0.4
/** Least share of the body's words that the text must hold. */
const LEAST_KEPT = 0.5

/** Whether the label was kept, as far as rules tell. */
export function keepsMeaning(
  { text, body, unknown }: Transformed,
  { language, label }: { readonly language: string; readonly label: 0 | 1 },
): boolean {
  if (unknown > MOST_UNKNOWN) return false
  const [own, all] = [wordsOf(body, language), wordsOf(text, language)]
  const there = new Set(all)
  const kept = own.filter((word) => there.has(word)).length
  if (own.length > 0 && kept / own.length < LEAST_KEPT) return false
  const { negations, harms } = PHRASES[language] ?? { negations: [], harms: [] }
  const count = (words: readonly string[]): number =>
    label === 1
      ? words.filter((word) => negations.some((one) => foldedWord(one, language) === word)).length
      : words.filter((word) => harms.some((one) => word.startsWith(foldedWord(one, language)))).length
  return count(all) <= count(own)
}

/**
 * A rating from 1 to 5.
 *
 * @param baseScore probability of harm that the un-tuned classifier gives the seed
 */
export function rateMeaning(
  made: Transformed,
  { seed, language, baseScore }: { readonly seed: SeedRow; readonly language: string; readonly baseScore: number },
): number {
  // Not the opposite of the base's opinion: where that errs about the seed, a turned label would look kept.
  if (!keepsMeaning(made, { language, label: seed.label })) return seed.label === 1 ? 1 : RATING_OF_NOTHING
  return Math.min(RATING_OF_NOTHING, 1 + Math.floor(baseScore * 5))
}

/** Lower case, without accents. */
function wordsOf(text: string, language: string): readonly string[] {
  return foldedWord(text, language).match(/[\p{L}\p{M}]+/gu) ?? []
}

function foldedWord(text: string, language: string): string {
  return withoutAccents(text, language).toLowerCase()
}
