/** Training by hand on a tiny corpus, and the files written against a direct merge of the same pairs. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BYTE_CHARACTERS, WORD_PATTERN } from './byte-alphabet.ts'
import { type BytePairJson, trainBytePairs } from './byte-level-bpe.ts'
import { CHATML_TOKENS } from './chat-template.ts'
import { loadTokenizer } from './tokenizer-json.ts'

const CORPUS = ['low low low lower lower newest newest', 'widest newest naïve 😀😀 aaaa aaa', 'wider    low\n\nlow']

function train(texts: readonly string[], merges: number, specialTokens: readonly string[] = CHATML_TOKENS) {
  return trainBytePairs(texts, { vocabularySize: specialTokens.length + 256 + merges, specialTokens })
}

/** Greedy merging straight from the definition: the earliest merge that applies, everywhere, until none does. */
function direct(json: BytePairJson, text: string): readonly number[] {
  return (text.match(WORD_PATTERN) ?? []).flatMap((word) => {
    let parts = [...new TextEncoder().encode(word)].map((byte) => BYTE_CHARACTERS[byte] ?? '')
    for (;;) {
      const found = json.model.merges.find((merge) =>
        parts.some((part, place) => `${part} ${parts[place + 1]}` === merge),
      )
      if (found === undefined) return parts.map((part) => json.model.vocab[part] ?? -1)
      const next: string[] = []
      for (let place = 0; place < parts.length; place += 1)
        if (`${parts[place]} ${parts[place + 1]}` === found) next.push(`${parts[place]}${parts[(place += 1)]}`)
        else next.push(parts[place] ?? '')
      parts = next
    }
  })
}

test('merges of a tiny corpus, by hand', () => {
  // Words: ab ×3, abc ×2, bc ×1. (a b) 5, (b c) 3; then (ab c) 2 and (b c) 1.
  const { json } = train(['ab', 'ab', 'ab', 'abc', 'abc', 'bc'], 10)
  expect(json.model.merges).toEqual(['a b', 'ab c'])
  // Equally frequent: by left text, then by right text. A space is Ġ, which comes after letters.
  expect(train(['xz', 'xz', 'xy', 'xy', 'wz', 'wz'], 10).json.model.merges).toEqual(['w z', 'x y', 'x z'])
  // Three in a row hold the pair twice, and are the pair and one.
  expect(train(['aaa', 'aaa'], 10).json.model.merges).toEqual(['a a', 'aa a'])
})

test('ids: special tokens, bytes, merges', () => {
  const { vocab } = train(['ab', 'ab'], 1).json.model
  expect(vocab['<|im_start|>']).toBe(0)
  expect(vocab['<|im_end|>']).toBe(1)
  expect(BYTE_CHARACTERS.map((character) => vocab[character])).toEqual(
    Array.from({ length: 256 }, (_, byte) => 2 + byte),
  )
  expect(vocab['ab']).toBe(258)
  expect(new Set(BYTE_CHARACTERS).size).toBe(256)
  expect([BYTE_CHARACTERS[0x20], BYTE_CHARACTERS[0x0a], BYTE_CHARACTERS[0xad]]).toEqual(['Ġ', 'Ċ', 'Ń'])
})

test('special tokens in the corpus teach nothing, and no merge makes one', () => {
  const { json } = train(Array<string>(5).fill('<|im_start|>ab<|im_end|>ab'), 20)
  expect(json.model.merges).toEqual(['a b'])
  const plain = train(Array<string>(5).fill('pad pads'), 20, ['pad'])
  expect(Object.keys(plain.json.model.vocab).filter((token) => token === 'pad')).toHaveLength(1)
  expect(train(['abc', 'abc'], 20, ['ab', 'bc']).json.model.merges).toEqual([])
})

test('the order of texts does not matter', () => {
  expect(train(CORPUS.toReversed(), 40)).toEqual(train(CORPUS, 40))
})

test('the library reads what is written and gives the ids of a direct merge', async () => {
  const trained = train(CORPUS, 60)
  const tokenizer = await loadTokenizer(JSON.parse(JSON.stringify(trained)) as typeof trained)
  expect(tokenizer.vocabularySize).toBe(Object.keys(trained.json.model.vocab).length)
  expect(trained.json.model.merges.length).toBeGreaterThan(15)
  const words = fc.constantFrom('low', 'lower', 'est', 'new', ' ', '  ', '\n', 'aaa', 'wide', '😀', 'ï', "'s", '7')
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), (parts) => {
      const text = parts.join('')
      expect(tokenizer.encode(text)).toEqual(direct(trained.json, text))
    }),
    { seed: 20261126 },
  )
})

test('settings that give no tokenizer are refused', () => {
  const options = { vocabularySize: 300, specialTokens: ['<s>', '</s>'] }
  expect(() => trainBytePairs([], { ...options, vocabularySize: 257 })).toThrow('at least 258')
  expect(() => trainBytePairs([], { ...options, specialTokens: ['x'] })).toThrow('two characters')
  expect(() => trainBytePairs([], { ...options, specialTokens: ['<s>', '<s>'] })).toThrow('twice')
  expect(() => trainBytePairs([], { ...options, endToken: '<end>' })).toThrow("endToken '<end>'")
  expect(() => trainBytePairs([], { ...options, leastCount: 0 })).toThrow('leastCount')
})
