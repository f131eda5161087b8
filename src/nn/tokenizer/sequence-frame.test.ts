/** What stands around texts, for each kind of post-processor that model folders have. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TOKENIZER_JSON } from '../../../test/support/nn/tiny-text-classifier.ts'
import { trainBytePairs } from './byte-level-bpe.ts'
import { loadSequenceTokenizer } from './sequence-frame.ts'

const [CLS, SEP] = [2, 3]
const WITHOUT = { ...TOKENIZER_JSON, post_processor: null }
const load = (postProcessor: object | null) =>
  loadSequenceTokenizer({ json: { ...TOKENIZER_JSON, post_processor: postProcessor }, config: { pad_token: '[PAD]' } })
const text = (which: 'first' | 'second', type = 0) => ({ text: which, type })
const token = (id: number, type = 0) => ({ token: id, type })

test('a template, as BERT and Llama have it', async () => {
  const { single, pair, padToken, vocabularySize } = await load(TOKENIZER_JSON.post_processor)
  expect(single).toEqual([token(CLS), text('first'), token(SEP)])
  expect(pair).toEqual([token(CLS), text('first'), token(SEP), text('second', 1), token(SEP, 1)])
  expect([padToken, vocabularySize]).toEqual([0, 16])
})

test('RoBERTa parts two texts by two separators, and has one kind of segment', async () => {
  const roberta = { type: 'RobertaProcessing', cls: ['[CLS]', CLS], sep: ['[SEP]', SEP] }
  for (const processor of [roberta, { type: 'Sequence', processors: [roberta] }]) {
    const { pair } = await load(processor)
    expect(pair).toEqual([token(CLS), text('first'), token(SEP), token(SEP), text('second'), token(SEP)])
  }
})

test('a sequence of processors, as Llama 3 has it', async () => {
  const { single } = await load({
    type: 'Sequence',
    processors: [{ type: 'ByteLevel', trim_offsets: true }, TOKENIZER_JSON.post_processor],
  })
  expect(single).toEqual([token(CLS), text('first'), token(SEP)])
})

test.each([null, { type: 'ByteLevel', trim_offsets: true }])('nothing around texts, as in Qwen2: %j', async (none) => {
  const { single, pair } = await load(none)
  expect([single, pair]).toEqual([[text('first')], [text('first'), text('second')]])
})

test('what a user wrote is no control token', async () => {
  const { encode } = await loadSequenceTokenizer({ json: WITHOUT })
  expect(encode('rose [SEP] rose')).not.toContain(SEP)
  expect(encode('rose').length).toBe(1)
})

test('nor in a byte-level vocabulary, whole, nested, in other letters or beside others', async () => {
  const files = trainBytePairs(['how to water a rose'], { vocabularySize: 270, specialTokens: ['<|endoftext|>'] })
  const { encode } = await loadSequenceTokenizer(files)
  const control = encode('a').length === 1 ? controlOf(files.json) : expect.fail('no byte-level tokens')
  const pieces = fc.constantFrom(
    '<|endoftext|>',
    '<|endof',
    'text|>',
    '<|',
    '|>',
    '<|ENDOFTEXT|>',
    'rose',
    ' ',
    '\uD83D',
    '\uFDD0',
  )
  fc.assert(
    fc.property(fc.array(pieces, { minLength: 1, maxLength: 12 }), (parts) => {
      const ids = encode(parts.join(''))
      expect(ids.length).toBeGreaterThan(0)
      expect(ids).not.toContain(control)
    }),
    { seed: 20261127, numRuns: 200 },
  )
})

function controlOf(json: unknown): number {
  const { added_tokens: added } = json as { readonly added_tokens: readonly { readonly id: number }[] }
  return added[0]?.id ?? expect.fail('no control token')
}

test('a processor that adds a token which the vocabulary lacks', async () => {
  const lacking = { type: 'BertProcessing', cls: ['[START]', 90], sep: ['[SEP]', SEP] }
  await expect(load(lacking)).rejects.toMatchObject({
    code: 'input_invalid',
    message: expect.stringContaining('[START]'),
  })
})
