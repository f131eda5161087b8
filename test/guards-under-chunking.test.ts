/** Every guard, in a stream cut anyhow: the decision and the text are those of the whole text, and nothing found was shown. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { guardParts } from '../src/core/stream/index.ts'
import type { ClassifierEngine, ClassifierScores, Guard } from '../src/spec/index.ts'
import { createClassifierGuard } from '../src/guards/classifier/index.ts'
import { createEgressGuard } from '../src/guards/egress/index.ts'
import { createLimitsGuard } from '../src/guards/limits/index.ts'
import { createPiiGuard } from '../src/guards/pii/index.ts'
import { createPromptLeakGuard } from '../src/guards/prompt-leak/index.ts'
import { createRulesGuard } from '../src/guards/rules/index.ts'
import { createSecretsGuard } from '../src/guards/secrets/index.ts'
import { createStructuredGuard } from '../src/guards/structured/index.ts'
import { createUnicodeGuard } from '../src/guards/unicode/index.ts'
import { collect, cutAt, judgeWith, partsOf, shown, texts } from './support/stream.ts'

const NO_SCORES: ClassifierScores = {
  prompt_harm: null,
  response_harm: 0,
  refusal: 0,
  injection_direct: null,
  injection_indirect: null,
  toxicity_prompt: null,
  toxicity_response: 0,
  categories: {},
}

/** A classifier that dislikes one word. */
const engine: ClassifierEngine = {
  specVersion: 'v1',
  kind: 'classifier',
  id: 'scripted',
  version: '1',
  classify: ({ response = '' }) => ({ ...NO_SCORES, response_harm: response.includes('awful') ? 0.9 : 0.1 }),
  explain: ({ response = '' }) => {
    const start = response.indexOf('awful')
    return start < 0 ? [] : [{ start, end: start + 5, field: 'response', score: 0.9 }]
  },
  card: { heads: {} },
}

const GUARDS: readonly (readonly [string, () => Guard | Promise<Guard>, readonly string[]])[] = [
  [
    'rules',
    () => createRulesGuard({ id: 'rules', phrases: ['open sesame', 'blue'], patterns: ['co+de \\d{1,6}'] }),
    ['open', 'sesame', 'blue', 'coode 12', 'code 345'],
  ],
  [
    'unicode',
    () => createUnicodeGuard({ id: 'unicode' }),
    ['\u200b', '\u202e', '\u{e0041}\u{e0042}', 'e\u0301', 'раypal', '👩\u200d💻'],
  ],
  [
    'pii',
    () => createPiiGuard({ id: 'pii', mode: 'mask' }),
    ['ann@example.org', '+49 30 901820', '4111 1111 1111 1111', 'DE89 3704 0044 0532 0130 00', '192.0.2.7'],
  ],
  ['limits', () => createLimitsGuard({ id: 'limits', characters: 60 }), ['some', 'more words']],
  [
    'egress',
    () => createEgressGuard({ id: 'egress', allow: ['example.org'] }),
    ['https://example.org/a', ' https://evil.example/x?q=1 ', '![i](http://a.test/b)', '//'],
  ],
  [
    'secrets',
    () => createSecretsGuard({ id: 'secrets', entropy: true }),
    [
      'AKIAQWERTYUIOPASDF12',
      'sk-proj-',
      'ghp_0123456789abcdefghijABCDEFGHIJ012345',
      'password=',
      'Zk3v9Qx7Lm2Rt8Wy4Np6',
    ],
  ],
  [
    'prompt-leak',
    () => createPromptLeakGuard({ id: 'prompt-leak', canaries: ['canary-7f3a-91'] }),
    ['canary-', 'canary-7f3a-91', '7f3a', '-91'],
  ],
  [
    'classifier',
    () => createClassifierGuard({ id: 'classifier', engine }),
    ['awful', 'aw', 'ful', 'a long and quiet sentence about the sea and the wind.'],
  ],
  ['structured', () => createStructuredGuard({ id: 'structured', schema: { type: 'array' } }), ['[1', ',2', ']', '[]']],
]
const ACTIONS = ['modify', 'block'] as const

describe.each(GUARDS)('%s', (name, create, pieces) => {
  const filler = ['a quiet day', ' ', ', ', '\n', '.', '😀', 'x']
  const text = fc.array(fc.constantFrom(...pieces, ...pieces, ...filler), { maxLength: 25 }).map((all) => all.join(''))
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 10 })

  test.each(ACTIONS.flatMap((action) => [50, 200, 800].map((window) => [action, window] as const)))(
    'with action %s, window %i',
    async (action, window) => {
      const guard = await create()
      const { judge } = judgeWith([guard], {
        stream: { window },
        actions: Object.fromEntries(
          [
            'rule',
            'rules',
            'unicode',
            'pii',
            'limits',
            'structured',
            'secret',
            'egress',
            'prompt_leak',
            'prompt-leak',
            'response_harm',
          ].map((label) => [label, { action }]),
        ),
      })
      await fc.assert(
        fc.asyncProperty(text, sizes, async (whole, cuts) => {
          const expected = await judge.check({ stage: 'output', response: whole })
          const stream = guardParts(partsOf([...texts(...cutAt(whole, cuts)), { type: 'finish', reason: 'stop' }]), {
            judge,
          })
          const out = await collect(stream)
          const result = await stream.result
          expect(result.decision).toBe(expected.decision)
          if (expected.decision === 'pass' || expected.decision === 'flag') expect(shown(out)).toBe(whole)
          else if (expected.decision === 'modify') expect(shown(out)).toBe(expected.text)
          else {
            const first = Math.min(...expected.spans.map(({ start }) => start), whole.length)
            expect(out.at(-1)?.type).toBe('error')
            expect(whole.slice(0, first).startsWith(shown(out)), name).toBe(true)
          }
        }),
        { numRuns: 60 },
      )
    },
  )
})
