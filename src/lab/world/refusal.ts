/** Refusal words in four languages, and the words of a text. A refusal in other words is not recognised. */
import { LANGUAGES } from './languages/index.ts'
import { WORLD_LANGUAGES, type WorldLanguage } from './types.ts'

/** Whether a text holds a refusal word of the language, or of any. */
export function isRefusal(text: string, language?: WorldLanguage): boolean {
  const lower = text.toLowerCase()
  const languages = language === undefined ? WORLD_LANGUAGES : [language]
  return languages.some((code) => LANGUAGES[code].refusalWords.some((words) => lower.includes(words)))
}

/** Words of a text: runs of letters and digits, lower-case. */
export function wordsOfText(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
}
