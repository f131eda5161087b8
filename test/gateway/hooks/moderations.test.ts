/**
 * `/v1/moderations`, asked by OpenAI's own client. Requests and the shape of answers are those of openai-node 6.49.0
 * (`resources/moderations.d.ts`); what the guards find is scripted.
 */
import fc from 'fast-check'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import type { JsonObject, ModerationReply } from '../../../src/contract/index.ts'
import { MODERATION_CATEGORIES, MODERATION_SOURCES } from '../../../src/contract/index.ts'
import { HAZARDS } from '../../../src/core/taxonomy/index.ts'
import { answerModerations } from '../../../src/gateway/moderations.ts'
import type { Guard, GuardReport } from '../../../src/spec/index.ts'
import type { Desk } from './support.ts'
import { desk, thrownBy, WORDS } from './support.ts'

async function ask(body: JsonObject, at: Desk = desk()): Promise<ModerationReply> {
  const { status, body: reply } = await answerModerations(body, at.deps)
  expect(status).toBe(200)
  return reply as unknown as ModerationReply
}

/** OpenAI's client over a door. */
function client(at: Desk): OpenAI {
  return new OpenAI({
    apiKey: 'gate',
    baseURL: 'http://gateway.invalid/v1',
    fetch: async (url, init) => {
      expect(String(url)).toBe('http://gateway.invalid/v1/moderations')
      const answer = await answerModerations(JSON.parse(String(init?.body)) as JsonObject, at.deps)
      const headers = {
        'content-type': 'application/json',
        ...(answer.status === 200 ? {} : { 'x-should-retry': 'false' }),
      }
      return new Response(JSON.stringify(answer.body), { status: answer.status, headers })
    },
  })
}

/** A classifier whose opinion is the same of every text. */
function scored(report: Partial<GuardReport>): Guard {
  return {
    specVersion: 'v1',
    id: 'classifier',
    version: '1',
    stages: ['input', 'output'],
    check: () => ({ findings: [], ...report }),
  }
}

const SCORES = { prompt_harm: 0.9, injection: 0.2, toxicity: 0.8 }

describe('the map of categories', () => {
  test('has every category of OpenAI’s, from heads and hazards that exist', () => {
    // Fails to compile when the client's own type has another category.
    const categories: Record<keyof OpenAI.Moderation.Categories, true> = Object.fromEntries(
      MODERATION_CATEGORIES.map((category) => [category, true]),
    ) as Record<(typeof MODERATION_CATEGORIES)[number], true>
    expect(Object.keys(categories)).toHaveLength(13)
    const known = ['toxicity', ...HAZARDS.map(({ id }) => id)]
    for (const sources of Object.values(MODERATION_SOURCES)) {
      for (const source of sources) expect(known).toContain(source)
    }
  })
})

describe('one text', () => {
  test('OpenAI’s client gets every field it knows', async () => {
    const report = {
      findings: [{ label: 'toxicity', score: 0.8, action: 'flag' as const }],
      scores: SCORES,
      categories: { S1: 0.1, S2: 0.3, S4: 0.02, S9: 0.7, S10: 0.6, S11: 0.05, S12: 0.4 },
    }
    const at = desk({ guards: [scored(report)] })
    const answer: OpenAI.ModerationCreateResponse = await client(at).moderations.create({ input: 'some words' })
    const scores = {
      harassment: 0.8,
      'harassment/threatening': 0,
      hate: 0.6,
      'hate/threatening': 0,
      illicit: 0.7,
      'illicit/violent': 0.7,
      'self-harm': 0.05,
      'self-harm/intent': 0,
      'self-harm/instructions': 0,
      sexual: 0.4,
      'sexual/minors': 0.02,
      violence: 0.1,
      'violence/graphic': 0,
    }
    const unscored = [
      'harassment/threatening',
      'hate/threatening',
      'self-harm/intent',
      'self-harm/instructions',
      'violence/graphic',
    ]
    const above = ['harassment', 'hate', 'illicit', 'illicit/violent']
    const each = <Value>(value: (category: string) => Value): Record<string, Value> =>
      Object.fromEntries(Object.keys(scores).map((category) => [category, value(category)]))
    expect(answer).toEqual({
      id: 'modr-1',
      model: `parapet-${at.asked[0]?.result.policyVersion}`,
      results: [
        {
          flagged: true,
          categories: each((category) => above.includes(category)),
          category_scores: scores,
          category_applied_input_types: each((category) => (unscored.includes(category) ? [] : ['text'])),
          parapet: {
            decision: 'flag',
            decision_id: 'dec_1',
            labels: ['toxicity'],
            scores: { prompt_harm: 0.9, response_harm: null, refusal: null, injection: 0.2, toxicity: 0.8 },
          },
        },
      ],
    })
    expect(at.asked[0]?.input).toEqual({ prompt: 'some words', caller: { key: 'gate' } })
  })

  test('`flagged` is the policy’s decision, and no category is true beside a false one', async () => {
    const flagged = async (word: string) => {
      const [result] = (await ask({ input: `MARKER ${word}` })).results
      expect(JSON.stringify(result)).not.toContain('MARKER')
      return [result?.flagged, result?.parapet.decision, result?.parapet.labels]
    }
    expect(await flagged('nothing')).toEqual([false, 'pass', []])
    expect(await flagged('FLAGME')).toEqual([true, 'flag', ['rule.flagme']])
    expect(await flagged('BLOCKME')).toEqual([true, 'block', ['rule.blockme']])
    expect(await flagged('REFUSEME')).toEqual([true, 'refuse', ['rule.refuseme']])
    expect(await flagged('HOLDME')).toEqual([true, 'hold', ['rule.holdme']])
    // It may pass in another form, which this interface has no place for.
    expect(await flagged('MASKME')).toEqual([false, 'modify', ['rule.maskme']])
    const high = scored({ scores: { toxicity: 0.99 }, categories: { S11: 0.99 } })
    const [quiet] = (await ask({ input: 'x' }, desk({ guards: [high] }))).results
    expect(quiet?.flagged).toBe(false)
    expect(Object.values(quiet?.categories ?? {})).not.toContain(true)
    expect(quiet?.category_scores['self-harm']).toBe(0.99)
  })

  test('a label that the policy acts on below one half counts as its category', async () => {
    const low = scored({
      findings: [{ label: 'toxicity', score: 0.4 }],
      scores: { toxicity: 0.4 },
    })
    const policy = { actions: { toxicity: { threshold: 0.3, action: 'block' as const } } }
    const [result] = (await ask({ input: 'x' }, desk({ guards: [low], policy }))).results
    expect(result).toMatchObject({ flagged: true, categories: { harassment: true, hate: false } })
  })

  test('what observes in shadow flags nothing', async () => {
    const [result] = (await ask({ input: 'BLOCKME' }, desk({ policy: { shadow: true } }))).results
    expect(result).toMatchObject({ flagged: false, parapet: { decision: 'pass', labels: [] } })
  })

  test.each(['omni-moderation-latest', 'text-moderation-stable', 'a model nobody knows', undefined])(
    'model %s',
    async (model) => {
      const at = desk()
      await client(at).moderations.create({ input: 'x', ...(model === undefined ? {} : { model }) })
      expect(at.asked[0]?.options).toEqual({
        door: 'moderations',
        signal: at.deps.signal,
        ...(model === undefined ? {} : { model }),
      })
    },
  )
})

describe('several inputs', () => {
  test('each is a decision of its own, in order', async () => {
    const words = fc.constantFrom('', 'plain', 'FLAGME', 'BLOCKME', 'MASKME', '🙂')
    await fc.assert(
      fc.asyncProperty(fc.array(words, { minLength: 1, maxLength: 40 }), async (input) => {
        const at = desk()
        const { results } = await ask({ input }, at)
        expect(results.map(({ flagged }) => flagged)).toEqual(
          input.map((word) => word === 'FLAGME' || word === 'BLOCKME'),
        )
        expect(new Set(results.map(({ parapet }) => parapet.decision_id)).size).toBe(input.length)
        expect(at.asked.map(({ input: { prompt } }) => prompt)).toEqual(input)
      }),
    )
  })

  test('parts are one input: its texts are judged, its images follow the policy’s rule for media', async () => {
    const input = [
      { type: 'text' as const, text: 'first' },
      { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,aGk=' } },
      { type: 'text' as const, text: 'BLOCKME' },
    ]
    const passing = desk({ policy: { media: 'pass' } })
    const { results } = await client(passing).moderations.create({ input })
    expect(results).toHaveLength(1)
    expect(results[0]?.flagged).toBe(true)
    const picture = input.slice(1, 2)
    const image = async (media: 'block' | 'flag' | 'pass') =>
      (await ask({ input: picture }, desk({ policy: { media } }))).results[0]
    expect(await image('block')).toMatchObject({ flagged: true, parapet: { labels: ['media.unjudged'] } })
    expect(await image('flag')).toMatchObject({ flagged: true })
    const unseen = await image('pass')
    expect(unseen?.flagged).toBe(false)
    expect(Object.values(unseen?.category_applied_input_types ?? {}).flat()).toEqual([])
  })
})

test.each([
  ['FAILME', 503, 'guard_failed'],
  ['LATEME', 504, 'guard_timeout'],
])('%s: the client gets an error once, not an answer', async (word, status, code) => {
  const at = desk()
  const input = ['fine', `MARKER ${word}`]
  const error = await client(at)
    .moderations.create({ input })
    .then(
      () => null,
      (thrown: unknown) => thrown,
    )
  expect(error).toBeInstanceOf(OpenAI.APIError)
  expect(error).toMatchObject({ status, code, type: code, error: { decision_id: 'dec_2' } })
  expect(JSON.stringify((error as { error: unknown }).error)).not.toContain('MARKER')
  expect(at.asked).toHaveLength(2)
  const answer = await answerModerations({ input: [...input, 'BLOCKME'] }, desk().deps)
  expect(answer.result?.decision).toBe(code === 'guard_failed' ? 'error' : 'timeout')
})

test('under `onError: pass` the text was not judged by that guard, and the rest decides', async () => {
  const at = desk({ guards: WORDS, policy: { onError: 'pass' } })
  expect((await ask({ input: 'FAILME' }, at)).results[0]?.flagged).toBe(false)
  expect((await ask({ input: 'FAILME BLOCKME' }, at)).results[0]?.flagged).toBe(true)
})

test.each([
  [{}, 'input'],
  [{ input: null }, 'input'],
  [{ input: 7 }, 'input'],
  [{ input: [] }, 'input'],
  [{ input: ['MARKER', 7] }, 'input[1]'],
  [{ input: ['MARKER', { type: 'text', text: 'x' }] }, 'input[1]'],
  [{ input: [[1, 2, 3]] }, 'input[0]'],
  [{ input: [{ type: 'text' }] }, 'input[0].text'],
  [{ input: [{ type: 'audio', text: 'MARKER' }] }, 'input[0].type'],
  [{ input: [{ type: 'image_url', image_url: 'MARKER' }] }, 'input[0].image_url'],
  [{ input: Array.from({ length: 2049 }, () => 'MARKER') }, 'input'],
  [{ input: 'MARKER', model: 7 }, 'model'],
])('a body that is no moderation request is refused with the field', async (body, param) => {
  const { deps, asked } = desk()
  const error = await thrownBy(answerModerations(body, deps))
  expect(error.code).toBe('input_invalid')
  expect(error.param).toBe(param)
  expect(error.message).not.toContain('MARKER')
  expect(asked).toEqual([])
})
