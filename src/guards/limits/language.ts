/** Which language a text is in, by n-grams (the `eld` package, loaded on first use). Short and unclear texts have none. */

/** Fewer letters than this decide nothing. */
const FEWEST_LETTERS = 12

/** Loads the detector. It answers ISO 639-1 codes, or null when unsure. */
export async function createLanguageDetector(): Promise<(text: string) => string | null> {
  let eld: (typeof import('eld/small'))['eld'] | null = null
  const loading = import('eld/small').then((module) => {
    eld = module.eld
  })
  await loading
  return (text) => {
    if (eld === null || (text.match(/\p{L}/gu)?.length ?? 0) < FEWEST_LETTERS) return null
    const result = eld.detect(text)
    return result.language === '' || !result.isReliable() ? null : result.language
  }
}
