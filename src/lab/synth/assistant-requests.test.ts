/** Invented requests to an assistant: no template shows through, and the same seed gives the same. */
import { expect, test } from 'vitest'
import { createRandom } from '../../nn/random.ts'
import { inventAssistantRequest } from './assistant-requests.ts'
import { SYNTH_LANGUAGES } from './phrases/phrases.ts'

test.each(SYNTH_LANGUAGES)('requests in %s are whole sentences, and many', (lang) => {
  const random = createRandom(1)
  const texts = Array.from({ length: 1000 }, () => inventAssistantRequest(lang, random))
  expect(texts.filter((text) => /[{}|]|undefined/.test(text))).toEqual([])
  expect(new Set(texts).size).toBeGreaterThan(200)
  const again = createRandom(1)
  expect(inventAssistantRequest(lang, again)).toBe(texts[0])
})
