/** What weights are scored on: which tokens of a refusal count in each form. */
import { beforeAll, expect, it } from 'vitest'
import { MODEL_FILES } from '../../engines/embedded/index.ts'
import { type TextTokenizer, loadTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'
import { readCheckpoint } from '../checkpoints/index.ts'
import type { EncodedConversation } from '../train/decoder/encode.ts'
import { fileURLToPath } from 'node:url'
import { type SafetyForm, attributionData, encodeExamples } from './attribution-data.ts'
import { lastPromptToken } from './probes/measure-probes.ts'
import { responseTokens } from './scores/walk-blocks.ts'

let tokenizer: TextTokenizer
beforeAll(async () => {
  const { tokenizer: files } = await readCheckpoint(fileURLToPath(MODEL_FILES.chat))
  if (files === undefined) throw new Error('the shipped model has a tokenizer')
  tokenizer = await loadTokenizer(files)
})

const scored = ({ ids, weights }: EncodedConversation): string =>
  tokenizer.decode([...ids].filter((_, at) => weights[at] !== 0))
const data = (form: SafetyForm) => attributionData({ tokenizer, maxLength: 256, examples: 24, seed: 5, form })

it('scores whole refusals, the sentence that refuses, or its first tokens', () => {
  const forms = { full: data('full').safety, short: data('short').safety, decision: data('decision').safety }
  forms.full.forEach((example, at) => {
    const [full, short] = [scored(example), scored(forms.short[at] ?? example)]
    const decision = scored(forms.decision[at] ?? example)
    expect(full.endsWith(short)).toBe(true)
    expect(short.startsWith(decision)).toBe(true)
    // The kind is named before the refusal, and is no part of it.
    expect(full.length).toBeGreaterThan(short.length)
    expect(decision).toMatch(/^ ?(Sorry|Tut|Dés|Lo s)/)
  })
  expect(data('short').utility).toEqual(data('full').utility)
})

it('draws as many examples of each set as asked for, the same for the same seed', () => {
  const one = data('full')
  expect([one.safety.length, one.utility.length]).toEqual([24, 24])
  expect(data('full')).toEqual(one)
  const other = attributionData({ tokenizer, maxLength: 256, examples: 24, seed: 6 })
  expect(other.safety).not.toEqual(one.safety)
  expect(() => attributionData({ tokenizer, maxLength: 3, examples: 2, seed: 5 })).toThrow(
    'nothing to score weights on',
  )
})

it('looks at the tokens that predict a response, and probes at the last one of the prompt', () => {
  const messages = [
    { role: 'user', content: 'What is a turv?' },
    { role: 'assistant', content: 'A turv is a lomin.' },
  ] as const
  const [example] = encodeExamples([messages], { tokenizer, maxLength: 64 })
  if (example === undefined) throw new Error('it fits')
  const places = (choice: typeof responseTokens) => [...example.ids.keys()].filter((at) => choice(example, at))
  const first = example.weights.findIndex((weight) => weight !== 0)
  expect(places(lastPromptToken)).toEqual([first - 1])
  expect(places(responseTokens)[0]).toBe(first - 1)
  expect(places(responseTokens)).toHaveLength(example.weights.filter((weight) => weight !== 0).length)
})
