/**
 * What each kind of server is sent and how its answer is read, against fixtures that name the published schema they were written from.
 * None is a recording of a real server.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import type { OpenAiCompatibleOptions } from '../../src/engines/openai-compatible/index.ts'
import { createOpenAiCompatibleEngine } from '../../src/engines/openai-compatible/index.ts'
import type { Completion, CompletionRequest } from '../../src/spec/index.ts'
import { json, startWireServer, type WireServer } from './wire-server.ts'

interface WireFixture {
  /** The published schema or client types. */
  readonly source: string
  /** When that was read. */
  readonly read: string
  readonly note: string
  readonly settings: Omit<OpenAiCompatibleOptions, 'url'>
  readonly request: CompletionRequest
  readonly path: string
  readonly body: unknown
  readonly answer: unknown
  readonly completion: Completion
}

const folder = fileURLToPath(new URL('wire/', import.meta.url))
const fixtures = readdirSync(folder).map(
  (name) => [name, JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as WireFixture] as const,
)

let server: WireServer | undefined
afterEach(() => server?.close())

describe.each(fixtures)('%s', (_name, fixture) => {
  test('names where it comes from, and that it is no recording', () => {
    expect(fixture.source).toMatch(/\S/)
    expect(fixture.read).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    expect(fixture.note).toContain('not recorded')
  })

  test.each(['', '/v1', '/v1/'])('the request and the answer, with a url that ends in "%s"', async (end) => {
    server = await startWireServer(json(fixture.answer))
    const engine = createOpenAiCompatibleEngine({ url: `${server.url}${end}`, apiKey: 'sk-test', ...fixture.settings })
    expect(await engine.complete(fixture.request)).toEqual(fixture.completion)
    expect(server.asked).toEqual([expect.objectContaining({ path: fixture.path, body: fixture.body })])
    expect(server.asked[0]?.headers).toMatchObject({
      authorization: 'Bearer sk-test',
      'content-type': 'application/json',
    })
  })
})

test('every dialect has a fixture for both interfaces', () => {
  expect(fixtures.map(([name]) => name).toSorted()).toEqual([
    'llama-cpp-chat.json',
    'llama-cpp-completion.json',
    'ollama-chat.json',
    'ollama-generate.json',
    'openai-chat.json',
    'openai-completions.json',
    'vllm-chat.json',
    'vllm-completions.json',
  ])
})
