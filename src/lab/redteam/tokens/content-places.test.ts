/** Which tokens belong to a message alone: told where a template keeps contents apart, and said where it does not. */
import { describe, expect, test } from 'vitest'
import type { TextTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import { contentPlaces, placesOfContent } from './content-places.ts'

const user = (content: string) => ({ role: 'user' as const, content })

/** Tokens of so many characters each, over a template of two brackets. */
function tokenizerOf(width: number): TextTokenizer {
  const texts: string[] = []
  const idOf = (text: string): number => (texts.includes(text) ? texts.indexOf(text) : texts.push(text) - 1)
  const cut = (text: string): readonly number[] =>
    Array.from({ length: Math.ceil(text.length / width) }, (_, at) => idOf(text.slice(at * width, (at + 1) * width)))
  return {
    encodeChat: (messages: readonly { readonly content: string }[]) =>
      cut(messages.map(({ content }) => `[${content}]`).join('')),
    decode: (ids: readonly number[]) => ids.map((id) => texts[id]).join(''),
  } as unknown as TextTokenizer
}

describe('the tokens of a message', () => {
  test('are those between the template’s, in each message', () => {
    const tokenizer = tokenizerOf(1)
    const messages = [user('ab'), user('cde')]
    expect(placesOfContent(tokenizer, messages, 0)).toEqual([1, 3])
    expect(placesOfContent(tokenizer, messages, 1)).toEqual([5, 8])
    const [from, to] = contentPlaces(tokenizer, [user('')], 0)
    expect(to).toBe(from)
  })

  test('are none where a token holds text and template', () => {
    const tokenizer = tokenizerOf(2)
    expect(placesOfContent(tokenizer, [user('abc')], 0)).toBeNull()
    expect(() => contentPlaces(tokenizer, [user('abc')], 0)).toThrow(/control tokens around contents/)
  })
})
