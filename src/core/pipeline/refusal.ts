/**
 * Chooses the policy's refusal text in the user's language. Detecting the language is handed in; this file only looks up.
 */
import type { EffectivePolicy } from '../policy/types.ts'

/** Detects the language of a text as an ISO 639-1 code, or null when unsure. */
export type LanguageDetector = (text: string) => string | null

/** The refusal in the language of `text`, else the policy's default. */
export function refusalText(policy: EffectivePolicy, text: string, detect: LanguageDetector): string {
  const { refusals } = policy
  const language = detect(text.slice(0, 1000))
  const own = language === null ? undefined : refusals[language]
  return own ?? refusals['default'] ?? refusals['en'] ?? 'This request cannot be answered.'
}
