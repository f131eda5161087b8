/**
 * NeMo's check endpoints. The requests are written from the published schemas (NVIDIA's NeMo microservice documentation and
 * NVIDIA-NeMo/Guardrails `nemoguardrails/server/schemas/openai.py`, read on 2026-11-26); no NeMo ran here.
 */
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/contract/index.ts'
import { answerNemo, answerNemoServer } from '../../../src/gateway/hooks/nemo.ts'
import type { Policy } from '../../../src/spec/index.ts'
import { createScriptedGuard } from '../../../src/testing/index.ts'
import { desk, thrownBy } from './support.ts'

function request(messages: readonly JsonObject[], extra: JsonObject = {}): JsonObject {
  return {
    model: 'meta/llama-3.3-70b-instruct',
    messages,
    guardrails: { config_id: 'support-bot' },
    temperature: 1,
    top_p: 1,
    max_tokens: 160,
    stream: false,
    ...extra,
  }
}

const said = (role: string, content: string): JsonObject => ({ role, content })
const few: Partial<Policy> = { rails: { input: ['blockme', 'maskme'], output: ['blockme'] } }

describe('POST /v1/guardrail/checks', () => {
  test('a conversation that may go on', async () => {
    const { deps, asked } = desk({ policy: few })
    expect(await answerNemo(request([said('user', 'Hello'), said('assistant', 'Good day.')]), deps)).toEqual({
      status: 200,
      body: {
        status: 'success',
        rails_status: {
          'blockme input': { status: 'success' },
          'maskme input': { status: 'success' },
          'blockme output': { status: 'success' },
        },
        guardrails_data: { config_ids: ['support-bot'] },
        parapet: { decision: 'pass', decision_id: 'dec_1' },
      },
      result: asked[0]?.result,
    })
    expect(asked[0]?.options).toMatchObject({ door: 'nemo', model: 'meta/llama-3.3-70b-instruct' })
    expect(asked[0]?.input.caller).toEqual({ key: 'gate', application: 'support-bot' })
  })

  test('a blocked answer names the rail', async () => {
    const { body } = await answerNemo(
      request([said('user', 'Hello'), said('assistant', 'BLOCKME')]),
      desk({ policy: few }).deps,
    )
    expect(body).toMatchObject({
      status: 'blocked',
      rails_status: { 'blockme input': { status: 'success' }, 'blockme output': { status: 'blocked' } },
    })
  })

  test.each(['REFUSEME', 'HOLDME', 'BLOCKME'])('%s is blocked', async (word) => {
    const { status, body } = await answerNemo(request([said('user', `MARKER ${word}`)]), desk().deps)
    expect({ status, blocked: body['status'] }).toEqual({ status: 200, blocked: 'blocked' })
    expect(JSON.stringify(body)).not.toContain('MARKER')
  })

  test('flagged goes on; a modification, which cannot be told here, does not, and is there for those who look', async () => {
    expect((await answerNemo(request([said('user', 'FLAGME')]), desk().deps)).body['status']).toBe('success')
    const { body } = await answerNemo(request([said('user', 'my MASKME')]), desk({ policy: few }).deps)
    expect(body).toMatchObject({
      status: 'blocked',
      rails_status: { 'maskme input': { status: 'blocked' }, 'blockme input': { status: 'success' } },
      parapet: { decision: 'modify', messages: [said('user', 'my [masked]')] },
    })
  })

  test.each([
    ['FAILME', 503, 'guard_failed'],
    ['LATEME', 504, 'guard_timeout'],
  ])('%s is an error, never a success', async (word, status, code) => {
    for (const door of [answerNemo, answerNemoServer]) {
      const answer = await door(request([said('user', word)]), desk().deps)
      expect(answer).toMatchObject({ status, body: { error: { code, decision_id: 'dec_1' } } })
      expect(answer.result?.decisionId).toBe('dec_1')
    }
  })

  test('the log, when it is asked for', async () => {
    const guardrails = { config_id: 'support-bot', options: { log: { activated_rails: true } } }
    const messages = [
      said('user', 'BLOCKME'),
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'done' },
    ]
    const policy: Partial<Policy> = { rails: { input: ['blockme'], tool_call: ['maskme'], tool_result: ['maskme'] } }
    const { body } = await answerNemo(request(messages, { guardrails }), desk({ policy }).deps)
    const rail = { executed_actions: [], duration: 0 }
    expect(body['guardrails_data']).toEqual({
      config_ids: ['support-bot'],
      log: {
        activated_rails: [
          { ...rail, type: 'input', name: 'blockme input', decisions: ['block'], stop: true },
          { ...rail, type: 'tool_output', name: 'maskme tool_call', decisions: ['pass'], stop: false },
          { ...rail, type: 'tool_input', name: 'maskme tool_result', decisions: ['pass'], stop: false },
        ],
        stats: { total_duration: 0, llm_calls_count: 0 },
      },
    })
  })

  test('of several messages the worst counts for a rail, and a shadowed guard blocks nothing', async () => {
    const messages = [said('user', 'BLOCKME'), said('user', 'Hello')]
    for (const order of [messages, messages.toReversed()]) {
      expect((await answerNemo(request(order), desk({ policy: few }).deps)).body).toMatchObject({
        rails_status: { 'blockme input': { status: 'blocked' } },
      })
    }
    const policy: Partial<Policy> = { rails: { input: [{ guard: 'blockme', shadow: true }] } }
    expect((await answerNemo(request(messages), desk({ policy }).deps)).body).toMatchObject({
      status: 'success',
      rails_status: { 'blockme input': { status: 'success' } },
    })
  })

  test('a guard that was cancelled is unknown', async () => {
    const finding = { label: 'rule.x', score: 1, action: 'block' as const }
    const guards = [
      createScriptedGuard({ id: 'slow', script: () => ({ hang: true }) }),
      { ...createScriptedGuard({ id: 'late', script: [] }), check: () => Promise.resolve({ findings: [finding] }) },
    ]
    const { body } = await answerNemo(request([said('user', 'Hello')]), desk({ guards }).deps)
    expect(body['rails_status']).toEqual({ 'slow input': { status: 'unknown' }, 'late input': { status: 'blocked' } })
  })

  test('what the application fetched (role `context`) is judged as a tool’s result', async () => {
    const { deps, asked } = desk()
    const context = { role: 'context', content: { relevant_chunks: 'BLOCKME' } }
    expect((await answerNemo(request([context, said('user', 'Hello')]), deps)).body['status']).toBe('blocked')
    expect(asked[0]?.result.guards.some(({ stage, decision }) => stage === 'tool_result' && decision === 'block')).toBe(
      true,
    )
  })

  test('names: the first configuration is the scope, the key’s own wins, the thread is the conversation', async () => {
    const { deps, asked } = desk({ caller: { key: 'gate', application: 'fixed' } })
    const guardrails = { config_ids: ['other'], thread_id: 'thread-0123456789abcdef' }
    await answerNemo(request([said('user', 'Hello')], { guardrails, user: 'maria' }), deps)
    expect(asked[0]?.input.caller).toEqual({
      key: 'gate',
      application: 'fixed',
      user: 'maria',
      conversation: 'thread-0123456789abcdef',
    })
    expect(
      (await answerNemo(request([said('user', 'Hello')], { guardrails: null }), desk().deps)).body['guardrails_data'],
    ).toEqual({})
  })
})

describe('POST /v1/checks', () => {
  const ask = async (...messages: JsonObject[]) =>
    (await answerNemoServer(request(messages), desk({ policy: few }).deps)).body

  test('passed, modified and blocked, with the last message’s text', async () => {
    expect(await ask(said('user', 'Hello'))).toEqual({
      status: 'passed',
      content: 'Hello',
      parapet: { decision: 'pass', decision_id: 'dec_1' },
    })
    expect(await ask(said('user', 'Hello'), said('assistant', 'Good day.'))).toMatchObject({ content: 'Good day.' })
    expect(await ask(said('user', 'my MASKME'))).toEqual({
      status: 'modified',
      content: 'my [masked]',
      parapet: { decision: 'modify', decision_id: 'dec_1' },
    })
    expect(await ask(said('user', 'Hello'), said('assistant', 'BLOCKME'))).toEqual({
      status: 'blocked',
      content: 'The content was blocked by the policy. Ask the operator with the decision id dec_1.',
      rail: 'blockme output',
      parapet: { decision: 'block', decision_id: 'dec_1' },
    })
  })

  test('a refusal is the policy’s own words', async () => {
    const { body } = await answerNemoServer(request([said('user', 'REFUSEME')]), desk().deps)
    expect(body).toMatchObject({ status: 'blocked', content: 'I would rather not.', rail: 'refuseme input' })
  })
})

test.each([
  [{ messages: [] }, 'messages'],
  [{ messages: undefined }, 'messages'],
  [{ messages: ['MARKER'] }, 'messages[0]'],
  [{ messages: [{ role: 'MARKER', content: 'x' }] }, 'messages[0].role'],
  [{ messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
  [{ model: 7 }, 'model'],
  [{ stream: true }, 'stream'],
  [{ guardrails: { config: { rails: {} } } }, 'guardrails.config'],
  [{ guardrails: { config_ids: ['a', 'b'] } }, 'guardrails.config_ids'],
  [{ guardrails: { config_id: 'a', config_ids: ['b'] } }, 'guardrails.config_ids'],
  [{ guardrails: 'MARKER' }, 'guardrails'],
])('a body that cannot be checked is refused with the field: %j', async (extra, param) => {
  for (const door of [answerNemo, answerNemoServer]) {
    const { deps, asked } = desk()
    const error = await thrownBy(door(request([said('user', 'Hello')], extra), deps))
    expect(error).toMatchObject({ code: 'input_invalid', param })
    expect(error.message).not.toContain('MARKER')
    expect(asked).toEqual([])
  }
})
