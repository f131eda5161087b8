/** The `openai` package's own client in front of the gateway: what it makes of every kind of answer. */
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { OUTPUT_ITEM_TYPES } from '../../../src/gateway/protocols/responses/wire-types.ts'
import { harness } from '../support.ts'
import { idOf, ITEMS, message, responseOf } from './fixtures.ts'
import { answers, clientOf } from './support.ts'

const LONG = 'Fine words are here. '.repeat(40)

async function all<T>(stream: AsyncIterable<T>): Promise<readonly T[]> {
  const items: T[] = []
  for await (const item of stream) items.push(item)
  return items
}

describe('create', () => {
  test('an answer, whole and streamed', async () => {
    const client = clientOf(harness({ server: answers([message('say MASKME now')]) }))
    const response = await client.responses.create({ model: 'gpt-test', input: 'hi' })
    expect(response.output_text).toBe('say [masked] now')
    expect(response.usage?.total_tokens).toBe(16)
    const events = await all(await client.responses.create({ model: 'gpt-test', input: 'hi', stream: true }))
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index))
    const text = events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('')
    expect(text).toBe('say [masked] now')
  })

  test('every kind of item comes through', async () => {
    const output = OUTPUT_ITEM_TYPES.map((type, index) => ITEMS[type](index))
    const client = clientOf(harness({ server: answers(output), policy: { media: 'pass' } }))
    const response = await client.responses.create({ model: 'gpt-test', input: 'hi' })
    expect(response.output).toEqual(output)
    const events = await all(await client.responses.create({ model: 'gpt-test', input: 'hi', stream: true }))
    const done = events.flatMap((event) => (event.type === 'response.output_item.done' ? [event.item] : []))
    expect(done).toEqual(output)
  })

  test('a block is an error with a code, a refusal an answer', async () => {
    const blocked = clientOf(harness({ server: answers([message('BLOCKME')]) }))
    const error = await blocked.responses.create({ model: 'gpt-test', input: 'hi' }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect(error).toMatchObject({ status: 400, code: 'content_filter', type: 'content_filter' })
    const refused = clientOf(harness({ server: answers([message('REFUSEME')]) }))
    const response = await refused.responses.create({ model: 'gpt-test', input: 'hi' })
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
      output: [{ content: [{ type: 'refusal', refusal: 'I would rather not.' }] }],
    })
    expect(response.output_text).toBe('')
  })

  test('structured output that was refused is not parsed', async () => {
    const client = clientOf(harness({ server: answers([message('REFUSEME')]) }))
    const format = { type: 'json_schema', name: 'x', schema: {}, strict: true } as const
    const parsed = await client.responses.parse({ model: 'gpt-test', input: 'hi', text: { format } })
    expect(parsed.output_parsed).toBeNull()
  })
})

describe('stream', () => {
  test('snapshots and the final response agree with what was guarded', async () => {
    const items = [ITEMS.reasoning(0), ITEMS.function_call(1), message('say MASKME now', 2)]
    const client = clientOf(harness({ server: answers(items) }))
    const stream = client.responses.stream({ model: 'gpt-test', input: 'hi' })
    const snapshots: string[] = []
    stream.on('response.output_text.delta', ({ snapshot }) => void snapshots.push(snapshot))
    const final = await stream.finalResponse()
    expect(final.output_text).toBe('say [masked] now')
    expect(snapshots.at(-1)).toBe('say [masked] now')
    expect(final.output[1]).toMatchObject({ name: 'find_hours', arguments: '{"place":"harbour","day":"monday"}' })
  })

  test('a stream that is stopped is an error, one that is refused is incomplete', async () => {
    const stopped = clientOf(harness({ server: answers([message(`${LONG}BLOCKME ${LONG}`)]) }))
    const stream = stopped.responses.stream({ model: 'gpt-test', input: 'hi' })
    const seen: string[] = []
    stream.on('event', (event) => void seen.push(JSON.stringify(event)))
    await expect(stream.finalResponse()).rejects.toMatchObject({ type: 'error', code: 'content_filter' })
    const events = await all(await stopped.responses.create({ model: 'gpt-test', input: 'hi', stream: true }))
    expect(events.at(-1)).toMatchObject({ type: 'response.failed', response: { status: 'failed' } })
    const refused = clientOf(harness({ server: answers([message(`${LONG}REFUSEME ${LONG}`)]) }))
    const final = await refused.responses.stream({ model: 'gpt-test', input: 'hi' }).finalResponse()
    expect(final.status).toBe('incomplete')
    expect(`${seen.join('')}${JSON.stringify([events, final])}`).not.toMatch(/BLOCKME|REFUSEME/)
  })

  test('the demo model and a refusal of the input are whole streams', async () => {
    const upstream = {
      name: 'bare',
      async open() {
        return (async function* () {
          yield { type: 'text', text: 'plain ' } as const
          yield { type: 'text', text: 'words' } as const
          yield { type: 'finish', reason: 'stop' } as const
        })()
      },
    }
    const client = clientOf(harness({ upstream }))
    const final = await client.responses.stream({ model: 'any', input: 'hi' }).finalResponse()
    expect(final).toMatchObject({ status: 'completed', output_text: 'plain words' })
    const refusal = await client.responses.stream({ model: 'any', input: 'REFUSEME' }).finalResponse()
    expect(refusal.output[0]).toMatchObject({ content: [{ type: 'refusal' }] })
  })
})

describe('state', () => {
  test('turns, reading and conversations', async () => {
    let turn = 0
    const gateway = harness({
      server: (body) =>
        answers([message(`answer ${(turn += 1)}`, turn)], { id: idOf('resp', turn) })(
          body,
          new AbortController().signal,
        ),
    })
    const client = clientOf(gateway)
    const first = await client.responses.create({ model: 'gpt-test', input: 'one' })
    const second = await client.responses.create({ model: 'gpt-test', input: 'two', previous_response_id: first.id })
    expect(await client.responses.retrieve(second.id)).toMatchObject({ id: second.id, output_text: 'answer 2' })
    const inputs = await all(client.responses.inputItems.list(second.id))
    expect(inputs).toMatchObject([{ role: 'user', content: 'two' }])
    const conversation = await client.conversations.create({ metadata: { a: 'b' } })
    const third = await client.responses.create({ model: 'gpt-test', input: 'three', conversation: conversation.id })
    expect(third.conversation?.id).toBe(conversation.id)
    expect(await all(client.conversations.items.list(conversation.id))).toHaveLength(2)
    expect(await client.conversations.delete(conversation.id)).toMatchObject({ deleted: true })
    await expect(client.responses.create({ model: 'gpt-test', input: 'x', background: true })).rejects.toMatchObject({
      status: 400,
      param: 'background',
    })
    await expect(client.responses.cancel(first.id)).rejects.toMatchObject({ status: 404 })
  })

  test('an agent’s loop: what the model put out goes in again', async () => {
    const gateway = harness({
      server: (body, signal) => {
        const items = body['input'] as readonly { type?: string }[]
        const answered = items.some(({ type }) => type === 'function_call_output')
        return answers(answered ? [message('it opens at nine', 5)] : [ITEMS.reasoning(0), ITEMS.function_call(1)])(
          body,
          signal,
        )
      },
    })
    const client = clientOf(gateway)
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: 'when does it open?' }]
    const first = await client.responses.create({ model: 'gpt-test', input, store: false })
    input.push(...(first.output as OpenAI.Responses.ResponseInputItem[]))
    for (const item of first.output) {
      if (item.type === 'function_call')
        input.push({ type: 'function_call_output', call_id: item.call_id, output: 'nine' })
    }
    const second = await client.responses.create({ model: 'gpt-test', input, store: false })
    expect(second.output_text).toBe('it opens at nine')
    expect(gateway.asked[1]?.body['input']).toEqual(input)
  })
})

describe('whole answers', () => {
  test('an answer that was not modified comes out as it came in', async () => {
    const response = {
      ...responseOf([ITEMS.message(0)]),
      novel: { a: ['fine', 1] },
      output_text: 'The harbour opens at nine, says the town.',
    }
    const { gateway } = harness({ server: () => Response.json(response) })
    const reply = await gateway.fetch(
      new Request('http://127.0.0.1/v1/responses', {
        method: 'POST',
        body: JSON.stringify({ model: 'gpt-test', input: 'hi' }),
      }),
    )
    expect(await reply.json()).toEqual(response)
  })

  test('a text that the server tells twice is guarded twice', async () => {
    const { gateway } = harness({
      server: () => Response.json({ ...responseOf([message('a MASKME')]), output_text: 'a MASKME' }),
    })
    const client = clientOf({ gateway })
    const response = await client.responses.create({ model: 'gpt-test', input: 'hi' })
    expect(JSON.stringify(response)).not.toContain('MASKME')
    expect(response.output_text).toBe('a [masked]')
  })

  test.each([
    ['no response', { id: 'chatcmpl-1', choices: [] }],
    ['a failed one', { ...responseOf([]), status: 'failed', error: { code: 'server_error', message: 'MARKER' } }],
    ['one that is not finished', { ...responseOf([]), status: 'in_progress' }],
    ['one that waits', { ...responseOf([]), status: 'queued' }],
    ['one that was cancelled', { ...responseOf([]), status: 'cancelled' }],
  ])('%s is an upstream error', async (_name, body) => {
    const client = clientOf(harness({ server: () => Response.json(body) }))
    const error = (await client.responses
      .create({ model: 'gpt-test', input: 'hi' })
      .catch((thrown: unknown) => thrown)) as Error
    expect(error).toMatchObject({ status: 502, code: 'upstream_error' })
    expect(JSON.stringify(error)).not.toContain('MARKER')
  })

  test('an answer that is not complete says why', async () => {
    const extra = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } } as const
    const client = clientOf(harness({ server: answers([message('half an')], extra) }))
    expect(await client.responses.create({ model: 'gpt-test', input: 'hi' })).toMatchObject(extra)
    expect(await client.responses.stream({ model: 'gpt-test', input: 'hi' }).finalResponse()).toMatchObject(extra)
  })
})
