/** Which language a text is in, by n-grams (the `eld` package, loaded on first use). Short and unclear texts have none. */

/** Texts with less than this decide nothing, unless the caller says otherwise. Counted in letters; an ideograph counts as four. */
const LEAST_EVIDENCE = 24
/** Longer texts are judged by their beginning. */
const LONGEST_SAMPLE = 2000
const LETTERS = /\p{L}/gu
const DENSE_LETTERS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu

/** Loads the detector. It answers an ISO 639-1 code, or null when the text is short or its language unclear. */
export async function createLanguageDetector(
  leastEvidence: number = LEAST_EVIDENCE,
): Promise<(text: string) => string | null> {
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
