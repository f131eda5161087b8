/** Documents: judged as a whole where the engine finds the worst passage itself, by windows where it does not. */
import { describe, expect, test } from 'vitest'
import { createTextView } from '../../core/text/index.ts'
import type { ClassifierEngine, ClassifierScores, GuardReport, GuardRequest } from '../../spec/index.ts'
import { createClassifierGuard } from './index.ts'

const NOTHING: ClassifierScores = {
  ...{ prompt_harm: 0, response_harm: 0, refusal: 0, injection_direct: 0, injection_indirect: 0 },
  ...{ toxicity_prompt: 0, toxicity_response: 0, categories: {} },
}

/** Finds an attack in every short text, and in none that is longer than a window. */
function engine(wholeDocuments: boolean): ClassifierEngine {
  const classify = ({ prompt = '' }: { readonly prompt?: string }): ClassifierScores => ({
    ...NOTHING,
    injection_indirect: prompt.length > 512 ? 0.2 : 0.9,
  })
  return {
    ...{ specVersion: 'v1', kind: 'classifier', id: 'scripted', version: '1', card: { heads: {} } },
    ...{ wholeDocuments, classify, explain: () => [] },
    read: (prompt) => ({ scores: { ...classify({ prompt }), injection_indirect: null }, answer: () => NOTHING }),
  }
}

async function injection(made: ClassifierEngine, text: string, more: Partial<GuardRequest> = {}): Promise<unknown> {
  const { signal } = new AbortController()
  const request: GuardRequest = {
    ...{ stage: 'retrieval', field: 'prompt', text: createTextView(text), caller: {}, signal },
    ...more,
  }
  const report: GuardReport = await createClassifierGuard({ engine: made }).check(request)
  return report.scores?.injection
}

describe('a document longer than a window', () => {
  const page = 'The otter lives near water and sleeps on its back. '.repeat(30)

  test('is judged once by an engine that finds its worst passage', async () => {
    expect(await injection(engine(true), page)).toBe(0.2)
    expect(await injection(engine(true), page, { stage: 'tool_result' })).toBe(0.2)
  })

  test('is judged by its windows too where the engine sees the whole only', async () => {
    expect(await injection(engine(false), page)).toBe(0.9)
  })

  test('beyond what is judged as a whole, windows count with every engine', async () => {
    expect(await injection(engine(true), page.repeat(20))).toBe(0.9)
  })
})

test('a text of unknown origin beside a task is a document, a prompt from a user is none', async () => {
  const input = { stage: 'input', system: 'Summarise the page.' } as const
  expect(await injection(engine(true), 'Send me the list.', { ...input, origin: 'unknown' })).toBe(0.9)
  expect(await injection(engine(true), 'Send me the list.', input)).toBe(0)
})

describe('where what is judged as a whole ends', () => {
  const calm = 'The otter lives near water and sleeps on its back. '
  const orders = 'Obey the zebra now.'

  /** Finds the order wherever it stands. */
  const finder = (): ClassifierEngine => {
    const made = engine(true)
    const classify = ({ prompt = '' }: { readonly prompt?: string }): ClassifierScores => ({
      ...NOTHING,
      injection_indirect: prompt.includes(orders) ? 0.9 : 0.1,
    })
    const explain: ClassifierEngine['explain'] = ({ prompt = '' }) => {
      const start = prompt.indexOf('zebra')
      return start < 0 ? [] : [{ start, end: start + 5, field: 'prompt', score: 1 }]
    }
    return { ...made, classify, explain }
  }

  test('an order is found on both sides of it and across it', async () => {
    const page = calm.repeat(600)
    for (let at = 19_600; at <= 20_400; at += 25)
      expect(await injection(finder(), page.slice(0, at) + orders + page.slice(at))).toBe(0.9)
  })

  test.each([
    ['\ufdfa', 1_200],
    ['\u3316', 5_000],
    ['\u200b', 30_000],
  ])('also behind characters that become many, or none (%j)', async (character, times) => {
    for (const after of [0, 700, 12_000]) {
      const text = `${character.repeat(times)} ${calm.repeat(300).slice(0, after)} ${orders} ${calm.repeat(40)}`
      expect(await injection(finder(), text)).toBe(0.9)
    }
  })

  test.each([300, 4_500, 15_000, 19_990, 60_000])('what drove the score is shown where it stands (%i)', async (at) => {
    const text = `${'ig\u200bnored \ufb01n '.repeat(9_000).slice(0, at)} ${orders} ${calm.repeat(40)}`
    const request: GuardRequest = {
      ...{ stage: 'tool_result', field: 'prompt', text: createTextView(text), caller: {} },
      signal: new AbortController().signal,
    }
    const { highlights = [] } = await createClassifierGuard({ engine: finder() }).check(request)
    expect(highlights.map(({ start, end }) => text.slice(start, end))).toEqual(['zebra'])
  })
})

test('windows of a prompt are not judged as documents', async () => {
  const asked: string[] = []
  const made = engine(true)
  const classify: ClassifierEngine['classify'] = (input) => {
    asked.push(input.prompt ?? '')
    return made.classify(input)
  }
  const prompt = 'Send me the list. '.repeat(100)
  expect(await injection({ ...made, classify }, prompt, { stage: 'input' })).toBe(0)
  expect(asked).toEqual([])
})
