/**
 * Which language a text is in, by n-grams (the `eld` package, loaded on first use). Short and unclear texts have none.
 *
 * It knows no policy and no model: what a language means is its callers' matter.
 */

/** Texts with less than this decide nothing, unless the caller says otherwise. Counted in letters; an ideograph counts as four. */
const LEAST_EVIDENCE = 24
/** Longer texts are judged by their beginning. */
const LONGEST_SAMPLE = 2000
const LETTERS = /\p{L}/gu
const DENSE_LETTERS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu

/** The ISO 639-1 code of a text's language, or null when the text is short or its language unclear. */
export type LanguageDetector = (text: string) => string | null

/** Loads the detector. */
export async function createLanguageDetector(leastEvidence: number = LEAST_EVIDENCE): Promise<LanguageDetector> {
  const { eld } = await import('eld/small')
  return (text) => {
    const sample = text.slice(0, LONGEST_SAMPLE)
    if (evidenceIn(sample) < leastEvidence) return null
    const result = eld.detect(sample)
    return result.language !== '' && result.isReliable() ? result.language : null
  }
}

function evidenceIn(text: string): number {
  return (text.match(LETTERS)?.length ?? 0) + 3 * (text.match(DENSE_LETTERS)?.length ?? 0)
}
