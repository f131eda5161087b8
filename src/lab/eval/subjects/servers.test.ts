/** Subjects behind HTTP, against real servers that answer with replies in the published form, and with broken ones. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { predictAll } from '../predict-all.ts'
import type { EvaluationSample } from '../sample.ts'
import { createGatewaySubject, createModerationSubject, createOpenAiJudge } from './index.ts'

const sample: EvaluationSample = {
  id: '1',
  task: 'prompt_harm',
  language: 'en',
  prompt: 'How do I cook rice?',
  response: null,
  system: null,
  label: 0,
  categories: [],
}
const { signal } = new AbortController()

interface Received {
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Readonly<Record<string, unknown>>
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

interface Serving {
  readonly url: string
  readonly received: readonly Received[]
}

/** A server that answers as told and remembers what it was asked. */
async function serve(answer: Answer): Promise<Serving> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (piece: Buffer) => (text += piece.toString()))
    request.on('end', () => {
      received.push({ url: request.url, headers: request.headers, body: JSON.parse(text) as Received['body'] })
      answer(response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

type Answer = (response: ServerResponse) => void

function json(body: unknown, status = 200): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
}

const GUARD_REPLY = {
  id: 'dec_1',
  decision_id: 'dec_1',
  decision: 'block',
  scores: { prompt_harm: 0.75, response_harm: null, refusal: null, injection: 0.1, toxicity: 0.2 },
  categories: { S1: 0.6 },
  spans: [],
  error: null,
  ms: 1,
  policyVersion: 'v1',
  guards: [
    {
      guard: 'classifier',
      stage: 'input',
      status: 'judged',
      decision: 'block',
      labels: ['prompt_harm'],
      ms: 1,
      cached: false,
      shadow: false,
    },
  ],
  shadowDecision: 'block',
  exceptions: [],
  warnings: [],
}

describe('a gateway', () => {
  test('is asked for the row with the key, and its decision is the verdict', async () => {
    const { url, received } = await serve(json(GUARD_REPLY))
    const prediction = await createGatewaySubject({ url, apiKey: 'k' }).predict(sample, signal)
    expect(prediction).toMatchObject({ outcome: 'scored', score: 0.75, positive: true, categories: { S1: 0.6 } })
    expect(received).toMatchObject([
      { url: '/v1/guard', headers: { authorization: 'Bearer k' }, body: { prompt: 'How do I cook rice?' } },
    ])
  })

  test('judges an answer as output, with the prompt beside it', async () => {
    const { url, received } = await serve(json({ ...GUARD_REPLY, decision: 'pass', guards: [] }))
    const answer = { ...sample, task: 'response_harm', response: 'Boil it.' } as const
    expect(await createGatewaySubject({ url }).predict(answer, signal)).toMatchObject({ positive: false, score: null })
    expect(received[0]?.body).toEqual({ prompt: 'How do I cook rice?', response: 'Boil it.', stage: 'output' })
  })

  test.each(['error', 'timeout'] as const)('that decides %s gave no verdict', async (decision) => {
    const error = { code: 'guard_failed', message: 'The guard failed.' }
    const { url } = await serve(json({ ...GUARD_REPLY, decision, error }))
    expect(await createGatewaySubject({ url }).predict(sample, signal)).toMatchObject({
      outcome: decision,
      message: 'The guard failed.',
    })
  })
})

const moderation = (score: unknown): unknown => ({
  id: 'modr-1',
  model: 'omni-moderation-latest',
  results: [
    {
      flagged: false,
      categories: { harassment: true, violence: false, 'illicit/violent': null },
      category_scores: { harassment: score, violence: 0.5, 'illicit/violent': null },
    },
  ],
})

test('a moderation endpoint: harm by the largest category, toxicity by its own', async () => {
  const { url, received } = await serve(json(moderation(0.25)))
  const subject = createModerationSubject({ url: `${url}/v1/`, model: 'm' })
  expect(await subject.predict(sample, signal)).toMatchObject({ score: 0.5, positive: false })
  expect(await subject.predict({ ...sample, task: 'toxicity' }, signal)).toMatchObject({ score: 0.25, positive: true })
  expect(received[0]).toMatchObject({ url: '/v1/moderations', body: { input: sample.prompt, model: 'm' } })
})

const makers = [
  ['gateway', (url: string) => createGatewaySubject({ url, apiKey: 'secret-key' })],
  ['moderation', (url: string) => createModerationSubject({ url, apiKey: 'secret-key' })],
  ['judge', (url: string) => createOpenAiJudge({ url, model: 'm', apiKey: 'secret-key', format: 'llama-guard-3' })],
] as const

const BROKEN: readonly (readonly [what: string, outcome: 'parse_failure' | 'error', answer: Answer])[] = [
  ['no JSON', 'parse_failure', (response) => void response.end('<html>')],
  ['nothing', 'parse_failure', (response) => void response.end()],
  ['a list', 'parse_failure', json([])],
  ['null', 'parse_failure', json(null)],
  ['wrong types', 'parse_failure', json({ decision: 1, results: [{ flagged: 'no' }], choices: [{ message: 3 }] })],
  ['a huge answer', 'parse_failure', (response) => void response.end(' '.repeat(3_000_000))],
  [
    'half an answer',
    'error',
    (response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('{"a":')
      setTimeout(() => response.destroy(), 20)
    },
  ],
  ['a redirect', 'error', (response) => void response.writeHead(302, { location: '/x' }).end()],
  ['status 500', 'error', (response) => void response.writeHead(500).end('oops')],
]

describe.each(makers)('broken answers to a %s subject', (name, make) => {
  test.each(BROKEN)('%s is a %s', async (_what, outcome, answer) => {
    const { url, received } = await serve(answer)
    const prediction = await make(url).predict(sample, signal)
    expect(prediction.outcome).toBe(outcome)
    expect(received).toHaveLength(1)
    expect(JSON.stringify(prediction)).not.toContain('secret-key')
  })

  test('a status comes with the message of the server', async () => {
    const { url } = await serve(json({ error: { message: 'No such key.' } }, 401))
    expect(await make(url).predict(sample, signal)).toMatchObject({
      outcome: 'error',
      // An engine never repeats what a server says: servers quote prompts and keys.
      message: name === 'judge' ? expect.stringContaining('401') : 'HTTP 401: No such key.',
    })
  })

  test('silence is a timeout, a server that is not there an error', async () => {
    const { url } = await serve(() => undefined)
    const options = { concurrency: 1, timeoutMs: 50 }
    expect(await predictAll(make(url), [sample], options)).toMatchObject([{ outcome: 'timeout' }])
    const gone = { concurrency: 1, timeoutMs: 20_000 }
    expect(await predictAll(make('http://127.0.0.1:1'), [sample], gone)).toMatchObject([{ outcome: 'error' }])
  })

  test.each(['ftp://a', 'nonsense', 'http://user:word@a', 'http://a?key=1'])('%s is no address', (url) => {
    expect(() => make(url)).toThrow(expect.objectContaining({ code: 'configuration' }))
  })
})

test('a score outside 0…1 is an unreadable answer', async () => {
  const { url } = await serve(json(moderation(1.5)))
  expect(await createModerationSubject({ url }).predict(sample, signal)).toMatchObject({ outcome: 'parse_failure' })
})
