/** The guard of a scope: what it reports, and that what cannot be judged never passes as on topic. */
import { expect, test } from 'vitest'
import { createParapet } from '../../compose/index.ts'
import { createStreamBuffer, createTextView } from '../../core/text/index.ts'
import type { Guard, TextClassifierEngine } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { createTopicGuard } from './index.ts'

function engine(
  probability: (text: string, scope: string) => number,
): TextClassifierEngine & { readonly seen: string[] } {
  const seen: string[] = []
  return {
    ...{
      specVersion: 'v1',
      kind: 'text-classifier',
      id: 'e',
      version: '1',
      labels: ['on_topic', 'off_topic'],
      exclusive: true,
    },
    seen,
    classify: async (inputs) =>
      inputs.map(({ text, context = '' }) => {
        seen.push(`${context}|${text}`)
        const off = probability(text, context)
        return { probabilities: [1 - off, off], windows: [[1 - off, off]] }
      }),
    dispose: async () => undefined,
  }
}

async function decide(
  options: Parameters<typeof createTopicGuard>[0],
  prompt: string,
  system?: string,
): Promise<string> {
  const parapet = await createParapet(
    { parapet: 1, rails: { input: ['topic'] } },
    { guards: [createTopicGuard(options)] },
  )
  try {
    const { decision } = await parapet.check({ prompt, ...(system === undefined ? {} : { system }) })
    return decision
  } finally {
    await parapet.close()
  }
}

test('above the threshold is off topic, at it is not', async () => {
  const scores = engine((text) => (text === 'far' ? 0.9 : text === 'edge' ? 0.5 : 0.1))
  expect(await decide({ engine: scores }, 'far', 'Gardens')).not.toBe('pass')
  expect(await decide({ engine: scores }, 'edge', 'Gardens')).toBe('pass')
  expect(await decide({ engine: scores, threshold: 0.45 }, 'edge', 'Gardens')).not.toBe('pass')
  expect(scores.seen[0]).toBe('Gardens|far')
})

test('a model that fails, and a request without a scope, are errors', async () => {
  const broken = engine(() => {
    throw new ParapetError('engine_unavailable', 'gone')
  })
  expect(await decide({ engine: broken }, 'x', 'Gardens')).toBe('error')
  expect(await decide({ engine: engine(() => Number.NaN) }, 'x', 'Gardens')).toBe('error')
  const fine = engine(() => 0)
  expect(await decide({ engine: fine }, 'x')).toBe('error')
  expect(await decide({ engine: fine, system: 'Gardens' }, 'x')).toBe('pass')
})

test('a passage in the middle of a long text counts', async () => {
  const scores = engine((text) => (text.includes('zeppelin') ? 0.9 : 0))
  const long = `${'roses are red. '.repeat(200)}zeppelin ${'violets are blue. '.repeat(200)}`
  expect(await decide({ engine: scores }, long, 'Gardens')).not.toBe('pass')
})

test('thresholds that the calibration does not reach are refused', () => {
  for (const threshold of [0.39, 0.61, Number.NaN])
    expect(() => createTopicGuard({ engine: engine(() => 0), threshold })).toThrow('from 0.4 to 0.6')
})

test('what is found in a language in which the model was not shown to work is marked, whole or in pieces', async () => {
  const request = {
    stage: 'input',
    field: 'prompt',
    system: 'Gardens',
    caller: {},
    signal: new AbortController().signal,
  } as const
  const german = 'Wie ist das Wetter in der Stadt und wann kommt der Zug an?'
  const found = createTopicGuard({ engine: engine(() => 0.9) })
  const untested = async (guard: Guard, text: string): Promise<readonly (readonly string[] | undefined)[]> => {
    const session = guard.open?.(request)
    const buffer = createStreamBuffer()
    buffer.append(text.slice(0, 20))
    await session?.advance(buffer)
    buffer.append(text.slice(20))
    buffer.finish()
    const [whole, pieces] = [
      await guard.check({ ...request, text: createTextView(text) }),
      await session?.advance(buffer),
    ]
    return [whole.untested, pieces?.report?.untested]
  }
  expect(await untested(found, german)).toEqual([['off_topic'], ['off_topic']])
  expect(await untested(found, 'What is the weather like in the city and when does the train come?')).toEqual([
    undefined,
    undefined,
  ])
  expect(await untested(createTopicGuard({ engine: engine(() => 0.9), languages: ['de'] }), german)).toEqual([
    undefined,
    undefined,
  ])
  expect(await untested(createTopicGuard({ engine: engine(() => 0.1) }), german)).toEqual([undefined, undefined])
})
