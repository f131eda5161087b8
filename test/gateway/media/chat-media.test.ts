/** Images, recordings and files on their way through the chat door and `/v1/guard`, judged by a guard of media. */
import { describe, expect, test } from 'vitest'
import type { Guard, GuardReport, MediaRequest, Policy } from '../../../src/spec/index.ts'
import type { Server } from '../support.ts'
import { chunk, completionOf, contentOf, deltasOf, guard, harness, post, sseResponse, WORDS } from '../support.ts'

const GOOD = 'data:image/png;base64,iVBORw0KGgo='
const BAD = 'data:image/png;base64,iVBORw0KGgpCQUQ='
const text = (words: string) => ({ type: 'text', text: words })
const image = (url: string, extra = {}) => ({ type: 'image_url', image_url: { url, ...extra } })

/** Stops or removes what ends in `QUQ=`. */
function eye(action: 'block' | 'modify'): { readonly guard: Guard; readonly asked: MediaRequest[] } {
  const asked: MediaRequest[] = []
  const check = (request: MediaRequest): GuardReport => {
    asked.push(request)
    return { findings: request.source.endsWith('QUQ=') ? [{ label: 'image.odd', score: 1, action }] : [] }
  }
  return {
    asked,
    guard: guard('eye', () => ({ findings: [] }), {
      maxSpan: 0,
      open: () => ({ advance: (buffer) => ({ findings: [], settled: buffer.end, keep: buffer.end }) }),
      media: { types: ['image/*', 'audio/*', 'application/pdf'], check },
    }),
  }
}

function setUp(action: 'block' | 'modify', server?: Server, policy: Partial<Policy> = {}) {
  const { guard, asked } = eye(action)
  const gateway = harness({ guards: [...WORDS, guard], policy, ...(server === undefined ? {} : { server }) })
  const ask = (content: unknown, stream = false) =>
    gateway.gateway.fetch(post('/v1/chat/completions', { model: 'm', stream, messages: [{ role: 'user', content }] }))
  return { ...gateway, ask, seen: asked }
}

const sent = (body: Record<string, unknown> = {}) => (body['messages'] as { content: unknown }[])[0]?.content

describe('in a request', () => {
  test('an image that passes reaches the model as it came', async () => {
    const { ask, asked, seen } = setUp('block')
    const content = [text('see'), image(GOOD, { detail: 'low' }), image('https://images.example/a.png')]
    expect((await ask(content)).status).toBe(200)
    expect(sent(asked[0]?.body)).toEqual(content)
    expect(new Map(seen.map(({ source, mediaType }) => [source, mediaType]))).toEqual(
      new Map([
        [GOOD, 'image/png'],
        ['https://images.example/a.png', 'image/*'],
      ]),
    )
  })

  test('one that is blocked reaches nobody', async () => {
    const { ask, asked } = setUp('block', undefined, { media: 'pass' })
    const response = await ask([text('see'), image(BAD)])
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'content_filter' } })
    expect(asked).toHaveLength(0)
  })

  test('one that is removed leaves a text in its place', async () => {
    const { ask, asked } = setUp('modify')
    const response = await ask([text('see MASKME'), image(BAD), image(GOOD)])
    expect(response.headers.get('x-parapet-decision')).toBe('modify')
    expect(sent(asked[0]?.body)).toEqual([text('see [masked]'), text('[IMAGE.ODD]'), image(GOOD)])
  })

  test('a part is what it says it is, whatever its data URL claims', async () => {
    const { ask, seen } = setUp('block', undefined, { media: 'pass' })
    expect((await ask([image(BAD.replace('image/png', 'text/html'))])).status).toBe(400)
    expect(seen).toMatchObject([{ mediaType: 'image/*' }])
  })

  test('recordings and files are shown too, a file kept by the model server only to who takes its type', async () => {
    const { ask, seen } = setUp('block', undefined, { media: 'flag' })
    const response = await ask([
      { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERg==', filename: 'a.pdf' } },
      { type: 'file', file: { file_id: 'file-123' } },
    ])
    expect(response.headers.get('x-parapet-decision')).toBe('flag')
    expect(seen.map(({ mediaType }) => mediaType).toSorted()).toEqual(['application/pdf', 'audio/wav'])
  })

  test('words beside a medium are judged and written back', async () => {
    const { ask, asked } = setUp('block')
    const file = { file_data: 'data:application/pdf;base64,JVBERg==', filename: 'MASKME.pdf' }
    await ask([{ type: 'file', file, odd: { deep: ['MASKME'], n: 1 } }, image(GOOD)])
    expect(sent(asked[0]?.body)).toEqual([
      { type: 'file', file: { ...file, filename: '[masked].pdf' }, odd: { deep: ['[masked]'], n: 1 } },
      image(GOOD),
    ])
    expect((await ask([image(GOOD, { caption: 'BLOCKME' })])).status).toBe(400)
    expect((await ask([image(GOOD, { detail: 'BLOCKME in a sentence' })])).status).toBe(400)
    expect(asked).toHaveLength(1)
  })

  test('the guard door gives the conversation back without it', async () => {
    const { gateway } = setUp('modify')
    const messages = [{ role: 'user', content: [text('see'), image(BAD)] }]
    const body = (await (await gateway.fetch(post('/v1/guard', { messages }))).json()) as Record<string, unknown>
    expect(body).toMatchObject({ decision: 'modify', messages: [{ content: [text('see'), text('[IMAGE.ODD]')] }] })
  })
})

describe('in an answer', () => {
  const images = (...urls: readonly string[]) => urls.map((url, index) => ({ index, ...image(url) }))
  const says = (message: Record<string, unknown>): Server => {
    return (body) =>
      body['stream'] === true
        ? sseResponse([chunk({ role: 'assistant', ...message }), chunk({}, 'stop')])
        : Response.json(completionOf(null, message))
  }

  test('images that pass come through as they were', async () => {
    const { ask, seen } = setUp('block', says({ images: images(GOOD, GOOD) }))
    const whole = (await (await ask('draw')).json()) as { choices: { message: unknown }[] }
    expect(whole.choices[0]?.message).toEqual({ role: 'assistant', content: null, images: images(GOOD, GOOD) })
    const stream = await (await ask('draw', true)).text()
    expect(deltasOf(stream)).toContainEqual({ role: 'assistant', images: images(GOOD, GOOD) })
    expect(seen[0]).toMatchObject({
      stage: 'output',
      aside: 'file',
      mediaType: 'image/png',
      source: GOOD,
      prompt: 'draw',
    })
  })

  test.each([false, true])('one that is blocked is not shown, stream %s', async (stream) => {
    const { ask } = setUp('block', says({ content: 'here', images: images(GOOD, BAD) }), { media: 'pass' })
    const answer = await (await ask('draw', stream)).text()
    expect(answer).toContain('content_filter')
    expect(answer).not.toContain('iVBOR')
  })

  test.each([false, true])('a text stands in place of one that is removed, stream %s', async (stream) => {
    const { ask } = setUp('modify', says({ images: images(BAD) }))
    const answer = await (await ask('draw', stream)).text()
    expect(answer).not.toContain('iVBOR')
    if (stream) expect(contentOf(answer)).toBe('[IMAGE.ODD]')
    else expect(JSON.parse(answer)).toMatchObject({ choices: [{ message: { content: '[IMAGE.ODD]' } }] })
  })

  test('a recording is judged whole; in fragments nobody can, and the rule for media holds', async () => {
    const server = says({ audio: { id: 'audio_1', data: 'UklGRg==', transcript: 'hello', expires_at: 1 } })
    const { ask, seen } = setUp('block', server)
    const whole = (await (await ask('speak')).json()) as { choices: { message: { audio: unknown } }[] }
    expect(whole.choices[0]?.message.audio).toMatchObject({ data: 'UklGRg==', transcript: 'hello' })
    expect(seen).toMatchObject([{ mediaType: 'audio/*', source: 'UklGRg==' }])
    const stream = await ask('speak', true)
    expect(stream.status).toBe(400)
    expect(await stream.text()).not.toContain('UklGRg')
    expect(seen).toHaveLength(1)
  })

  test('words among the images are not waved through with them', async () => {
    const { ask } = setUp('block', says({ images: [{ ...image(GOOD), caption: 'BLOCKME' }] }))
    const answer = await (await ask('draw')).text()
    expect(answer).toContain('content_filter')
    expect(answer).not.toContain('BLOCKME')
  })
})
