import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Loose, Version } from '../../../test/support/ai-sdk.ts'
import {
  asking,
  block,
  finish,
  guardWith,
  readAll,
  guardLoose,
  scriptedModel,
  VERSIONS,
} from '../../../test/support/ai-sdk.ts'
import { wordGuard } from '../../../test/support/stream.ts'
import type { Guard, Policy } from '../../spec/index.ts'
import { BlockedError } from '../../spec/index.ts'
import type { GuardOptions } from './index.ts'

const mask = wordGuard('mask', ['mango'], { action: 'modify', replacement: '[fruit]' })
const stop = wordGuard('stop', ['quince'], { action: 'block' })

async function run<V extends Version>(
  version: V,
  parts: readonly Loose[],
  guards: readonly Guard[] = [mask, stop],
  policy: Partial<Policy> = {},
  options: GuardOptions = {},
) {
  const bench = guardWith(guards, { stream: { window: 16 }, ...policy })
  const scripted = scriptedModel(version, { stream: () => parts })
  const { stream } = await guardLoose(scripted.model, bench.guard, options).doStream(asking('hello'))
  const out = await readAll(stream)
  await Promise.resolve()
  return { out, ...bench, calls: scripted.calls }
}

function textOf(parts: readonly Loose[], kind = 'text'): string {
  return parts.flatMap((part) => (part.type === `${kind}-delta` ? [part['delta']] : [])).join('')
}

function types(parts: readonly Loose[]): string {
  return parts
    .map(({ type }) => type)
    .filter((type, index, all) => type !== all[index - 1])
    .join(' ')
}

/** Every block begins once, before its pieces, and ends once, after them. */
function expectValid(parts: readonly Loose[]): void {
  const open = new Set<unknown>()
  const seen = new Set<unknown>()
  for (const part of parts) {
    const match = /^(text|reasoning|tool-input)-(start|delta|end)$/.exec(part.type)
    if (match === null) continue
    const key = `${match[1]} ${String(part['id'])}`
    if (match[2] === 'start') {
      expect(seen.has(key)).toBe(false)
      seen.add(key)
      open.add(key)
    } else {
      expect(open.has(key)).toBe(true)
      if (match[2] === 'end') open.delete(key)
    }
  }
  expect([...open]).toEqual([])
}

describe.each(VERSIONS)('a stream, %s', (version) => {
  test('passes with its structure, its usage and the decision', async () => {
    const { out, decisions } = await run(version, [
      { type: 'stream-start', warnings: [] },
      { type: 'response-metadata', id: 'r1', modelId: 'm1', timestamp: new Date(0) },
      ...block('reasoning', 'r', ['let me ', 'think']),
      ...block('text', 't', ['a fine ', 'answer']),
      finish(version, 'stop', { providerMetadata: { scripted: { itemId: 'msg_1' } } }),
    ])
    expect(types(out)).toBe(
      'stream-start response-metadata reasoning-start reasoning-delta reasoning-end text-start text-delta text-end finish',
    )
    expectValid(out)
    expect([textOf(out), textOf(out, 'reasoning')]).toEqual(['a fine answer', 'let me think'])
    expect(out.at(-1)).toMatchObject({
      ...finish(version),
      providerMetadata: { scripted: { itemId: 'msg_1' }, parapet: { decision: 'pass', decisionId: 'dec_1' } },
    })
    expect(decisions().map(({ door, result }) => [door, result.decision])).toEqual([['ai-sdk', 'pass']])
  })

  test('is masked wherever it was cut', async () => {
    const { out } = await run(version, [
      ...block('reasoning', '1', ['a man', 'go is']),
      ...block('text', '1', ['I like ma', 'ngo a', ' lot: m', 'ango']),
      finish(version),
    ])
    expect(textOf(out, 'reasoning')).toBe('a [fruit] is')
    expect(textOf(out)).toBe('I like [fruit] a lot: [fruit]')
    expectValid(out)
    expect(out.at(-1)).toMatchObject({ providerMetadata: { parapet: { decision: 'modify', labels: ['rule.mask'] } } })
  })

  test('a block ends with an error and content-filter, never with what was blocked', async () => {
    const { out, decisions } = await run(version, [
      ...block('text', 't', ['a long and decent beginning, and then ', 'a qui', 'nce and more']),
      finish(version),
    ])
    expect(textOf(out)).toMatch(/^a long and decent/)
    expect(JSON.stringify(out)).not.toContain('quin')
    expectValid(out)
    const error = out.find(({ type }) => type === 'error')?.['error']
    expect(error).toBeInstanceOf(BlockedError)
    expect(error).toMatchObject({ code: 'content_filter', decisionId: 'dec_1' })
    const last = out.at(-1)
    expect(last?.['finishReason']).toEqual(
      version === 'v2' ? 'content-filter' : { unified: 'content-filter', raw: 'parapet' },
    )
    expect(last).toMatchObject({ providerMetadata: { parapet: { decision: 'block' } } })
    expect(decisions()).toHaveLength(1)
  })

  test('or with a message, where that is asked for', async () => {
    const parts = [...block('text', 't', ['a long and decent beginning, ', 'and a quince']), finish(version)]
    const { out } = await run(
      version,
      parts,
      [stop],
      {},
      { onBlock: 'finish', message: ({ decision }) => `(${decision})` },
    )
    expect(textOf(out)).toMatch(/^a long and decent.*\(block\)$/)
    expect(out.map(({ type }) => type)).not.toContain('error')
    expectValid(out)
    expect(out.at(-1)).toMatchObject({ type: 'finish' })
  })

  test('what is stopped before anything was shown rejects', async () => {
    const bench = guardWith([stop])
    const { model, calls } = scriptedModel(version, { stream: () => block('text', 't', ['hi']) })
    const guarded = guardLoose(model, bench.guard)
    await expect(guarded.doStream(asking('a quince'))).rejects.toMatchObject({
      code: 'content_filter',
      name: 'BlockedError',
    })
    expect(calls).toHaveLength(0)
    const told = await guardLoose(model, bench.guard, { onBlock: 'finish' }).doStream(asking('a quince'))
    const out = await readAll(told.stream)
    expect(types(out)).toBe('text-start text-delta text-end finish')
    expect(textOf(out)).toBe('The content was stopped by the policy.')
  })

  test('a refusal is told in the policy’s words', async () => {
    const refuse = wordGuard('refuse', ['quince'], { action: 'refuse' })
    const { out } = await run(version, [...block('text', 't', ['well: a quince']), finish(version)], [refuse])
    expect(textOf(out)).toBe('I cannot help with this request.')
    expectValid(out)
    expect(out.at(-1)).toMatchObject({ type: 'finish', providerMetadata: { parapet: { decision: 'refuse' } } })
    const late = await run(
      version,
      [...block('text', 't', ['a long and decent beginning, and then ', 'a quince']), ...block('text', 'u', ['x'])],
      [refuse],
    )
    expect(textOf(late.out)).toMatch(/^a long[^]*\n\nI cannot help with this request\.$/)
    expectValid(late.out)
  })

  test('retry asks again, and nothing of the first answer is left', async () => {
    const retry = wordGuard('retry', ['quince'], { action: 'retry', reason: 'No quinces.' })
    const bench = guardWith([retry])
    const { model, calls } = scriptedModel(version, {
      stream: (call) => [
        { type: 'stream-start', warnings: [] },
        { type: 'response-metadata', id: `r${call}` },
        { type: 'reasoning-start', id: 'r' },
        { type: 'reasoning-delta', id: 'r', delta: '', providerMetadata: { scripted: { signature: 'x' } } },
        { type: 'reasoning-end', id: 'r' },
        ...block('text', 't', [call === 0 ? 'a quince' : 'an apple']),
        finish(version),
      ],
    })
    const { stream } = await guardLoose(model, bench.guard).doStream(asking('hello'))
    const out = await readAll(stream)
    expect(textOf(out)).toBe('an apple')
    expect(out.filter(({ type }) => type === 'stream-start')).toHaveLength(1)
    expectValid(out)
    expect(calls[1]?.prompt.at(-1)).toMatchObject({ role: 'user', content: [{ type: 'text' }] })
    expect(JSON.stringify(calls[1]?.prompt)).toContain('No quinces.')
  })

  test('tool calls: the call says what its pieces said', async () => {
    const { out } = await run(version, [
      ...block('text', 't', ['I look it up in the long list']),
      { type: 'tool-input-start', id: 'c1', toolName: 'look' },
      { type: 'tool-input-delta', id: 'c1', delta: '{"q":"ma' },
      { type: 'tool-input-delta', id: 'c1', delta: 'ngo"}' },
      { type: 'tool-input-end', id: 'c1' },
      { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: '{"q":"mango"}' },
      ...block('text', 't2', ['done']),
      { type: 'tool-call', toolCallId: 'c2', toolName: 'look', input: '{"q":"\\u006dango"}', providerExecuted: true },
      finish(version, 'tool-calls'),
    ])
    expect(types(out)).toBe(
      'text-start text-delta text-end tool-input-start tool-input-delta tool-input-end tool-call text-start text-delta text-end tool-call finish',
    )
    expectValid(out)
    expect(textOf(out, 'tool-input')).toBe('{"q":"[fruit]"}')
    expect(out.filter(({ type }) => type === 'tool-call')).toEqual([
      { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: '{"q":"[fruit]"}' },
      { type: 'tool-call', toolCallId: 'c2', toolName: 'look', input: '{"q":"[fruit]"}', providerExecuted: true },
    ])
  })

  test('arguments are judged as the tool will read them', async () => {
    const { out } = await run(version, [
      { type: 'tool-input-start', id: 'c1', toolName: 'look' },
      ...['{"q":"\\u006d', 'ango, \\u00', '6dango\\u002', '2 \\u00e9"}'].map((delta) => ({
        type: 'tool-input-delta',
        id: 'c1',
        delta,
      })),
      { type: 'tool-input-end', id: 'c1' },
      {
        type: 'tool-call',
        toolCallId: 'c1',
        toolName: 'look',
        input: '{"q":"\\u006dango, \\u006dango\\u0022 \\u00e9"}',
      },
      finish(version, 'tool-calls'),
    ])
    const input = '{"q":"[fruit], [fruit]\\u0022 é"}'
    expect(textOf(out, 'tool-input')).toBe(input)
    expect(out.filter(({ type }) => type === 'tool-call')).toMatchObject([{ input }])
  })

  test('a call that says something else than its pieces is judged itself', async () => {
    const begun = [
      { type: 'tool-input-start', id: 'c1', toolName: 'look' },
      { type: 'tool-input-delta', id: 'c1', delta: '{"q":"apple"}' },
      { type: 'tool-input-end', id: 'c1' },
    ]
    const masked = await run(version, [
      ...begun,
      { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: '{"q":"mango"}' },
      finish(version, 'tool-calls'),
    ])
    expect(masked.out.find(({ type }) => type === 'tool-call')).toMatchObject({ input: '{"q":"[fruit]"}' })
    const blocked = await run(version, [
      ...begun,
      { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: '{"q":"quince"}' },
      finish(version, 'tool-calls'),
    ])
    expect(blocked.out.map(({ type }) => type)).not.toContain('tool-call')
    expect(blocked.out.at(-2)).toMatchObject({ type: 'error' })
  })

  test('text of blocks that interleave is judged as it is read', async () => {
    const { out } = await run(version, [
      { type: 'text-start', id: 'a' },
      { type: 'text-delta', id: 'a', delta: 'ma' },
      { type: 'text-start', id: 'b' },
      { type: 'text-delta', id: 'b', delta: 'second ' },
      { type: 'text-delta', id: 'a', delta: 'ngo' },
      { type: 'reasoning-start', id: 'r' },
      { type: 'reasoning-delta', id: 'r', delta: 'ma' },
      { type: 'text-delta', id: 'b', delta: 'man' },
      { type: 'text-end', id: 'a' },
      { type: 'reasoning-delta', id: 'r', delta: 'ngo' },
      { type: 'text-delta', id: 'b', delta: 'go' },
      { type: 'text-end', id: 'b' },
      finish(version),
    ])
    expect(textOf(out)).toBe('[fruit]second [fruit]')
    expect(textOf(out, 'reasoning')).toBe('[fruit]')
    expectValid(out)
  })

  test('errors, sources, results, files and pings keep their place', async () => {
    const boom = new Error('a part could not be read')
    const { out } = await run(
      version,
      [
        ...block('text', 't', ['look']),
        { type: 'error', error: boom },
        { type: 'source', sourceType: 'url', id: 's1', url: 'https://example.org/mango', title: 'About mango' },
        {
          type: 'source',
          sourceType: 'document',
          id: 's2',
          mediaType: 'text/plain',
          title: 'Notes',
          filename: 'mango.txt',
        },
        { type: 'tool-result', toolCallId: 'c', toolName: 'look', result: { found: ['mango', 2] } },
        { type: 'file', mediaType: 'text/plain', data: fileData(version, btoa('a mango')) },
        { type: 'file', mediaType: 'image/png', data: fileData(version, 'AAAA') },
        { type: 'error', error: new Error('it said mango') },
        finish(version),
      ],
      [mask, stop],
      { media: 'pass' },
    )
    expect(types(out)).toBe('error text-start source text-delta text-end tool-result file error finish')
    expect(out.find(({ type }) => type === 'error')?.['error']).toBe(boom)
    expect(out.filter(({ type }) => type === 'source')).toEqual([
      { type: 'source', sourceType: 'url', id: 's1', url: 'https://example.org/[fruit]', title: 'About [fruit]' },
      {
        type: 'source',
        sourceType: 'document',
        id: 's2',
        mediaType: 'text/plain',
        title: 'Notes',
        filename: '[fruit].txt',
      },
    ])
    expect(out.find(({ type }) => type === 'tool-result')).toMatchObject({ result: { found: ['[fruit]', 2] } })
    expect(out.filter(({ type }) => type === 'file').map(({ data }) => data)).toEqual([
      fileData(version, btoa('a [fruit]')),
      fileData(version, 'AAAA'),
    ])
    const [, second] = out.filter(({ type }) => type === 'error')
    expect(second?.['error']).toMatchObject({ code: 'upstream_error' })
    expect(JSON.stringify(out)).not.toContain('mango')
    expect(out.find(({ type, error }) => type === 'error' && error !== boom)).toBeDefined()
  })

  test('a medium is the policy’s to decide', async () => {
    const begun = { type: 'stream-start', warnings: [] }
    const parts = [begun, { type: 'file', mediaType: 'image/png', data: fileData(version, 'AAAA') }, finish(version)]
    const { out } = await run(version, parts, [mask])
    expect(types(out)).toBe('stream-start error finish')
    expect((await run(version, parts, [mask], { media: 'flag' })).out[1]).toMatchObject({ type: 'file' })
    const lying = [
      begun,
      { type: 'file', mediaType: 'text/plain', data: fileData(version, '/////w==') },
      finish(version),
    ]
    expect(types((await run(version, lying, [mask])).out)).toBe('stream-start error finish')
  })

  test('what cannot be judged is withheld', async () => {
    const secretive = [
      { type: 'raw', rawValue: { choices: ['mango'] } },
      ...block('text', 't', ['yes']),
      finish(version, 'stop', {
        providerMetadata: {
          scripted: { logprobs: [{ token: 'm' }], note: 'a mango here', id: 'x' },
          other: { a: 'b' },
        },
      }),
    ]
    const { out } = await run(version, secretive)
    expect(types(out)).toBe('text-start text-delta text-end finish')
    expect(JSON.stringify(out)).not.toMatch(/mango|logprobs/)
    expect(out.at(-1)?.['providerMetadata']).not.toHaveProperty('scripted')
    const open = await run(version, secretive, [mask], {}, { unjudged: ['raw', 'metadata'] })
    expect(open.out[0]).toMatchObject({ type: 'raw' })
    expect(open.out.at(-1)).toMatchObject({ providerMetadata: { scripted: { note: 'a mango here' } } })
  })

  test('bodies and headers of request and response are withheld unless asked for', async () => {
    const bench = guardWith([mask])
    const around = { request: { body: 'b' }, response: { headers: { 'x-a': 'h' } } }
    const { model } = scriptedModel(version, { stream: () => [finish(version)], around })
    const call = async (options: GuardOptions): Promise<object> => {
      const { stream: _stream, ...rest } = await guardLoose(model, bench.guard, options).doStream(asking('hi'))
      return rest
    }
    expect(await call({})).toEqual({})
    expect(await call({ unjudged: ['bodies', 'headers'] })).toEqual(around)
  })

  test('a model that breaks off breaks the stream off with its own error', async () => {
    const broken = new TypeError('terminated')
    const bench = guardWith([mask], { stream: { window: 16 } })
    let pulls = 0
    const stream = new ReadableStream<Loose>(
      {
        pull(controller) {
          pulls += 1
          if (pulls === 1) controller.enqueue({ type: 'text-start', id: 't' })
          else if (pulls < 6) controller.enqueue({ type: 'text-delta', id: 't', delta: 'some decent words ' })
          else controller.error(broken)
        },
      },
      { highWaterMark: 0 },
    )
    const { model } = scriptedModel(version, { stream: () => stream })
    const answer = await guardLoose(model, bench.guard).doStream(asking('hi'))
    await expect(readAll(answer.stream)).rejects.toBe(broken)
    expect(bench.decisions()[0]?.result).toMatchObject({ decision: 'error', error: { code: 'upstream_error' } })
    const refusing = scriptedModel(version, { throws: broken })
    await expect(guardLoose(refusing.model, bench.guard).doStream(asking('hi'))).rejects.toBe(broken)
  })

  test('rubbish ends as an error', async () => {
    for (const rubbish of [
      null,
      7,
      { type: 'text-delta', id: 'x', delta: 7 },
      { type: 'tool-call', toolCallId: 'c', toolName: 'n', input: {} },
    ]) {
      const { out } = await run(version, [...block('text', 't', ['a long and decent beginning']), rubbish as never])
      expect(out.at(-2)).toMatchObject({ type: 'error', error: { code: 'upstream_error' } })
      expectValid(out)
    }
    const { out } = await run(version, [
      { type: 'brand-new', text: 'mango' },
      ...block('text', 't', ['hi']),
      finish(version),
    ])
    expect(types(out)).toBe('text-start text-delta text-end finish')
  })

  test('abort and leaving reach the model', async () => {
    for (const how of ['abort', 'leave'] as const) {
      const bench = guardWith([mask], { stream: { window: 16 } })
      let cancelled = false
      const stream = new ReadableStream<Loose>(
        {
          pull(controller) {
            controller.enqueue({ type: 'stream-start', warnings: [] })
            return new Promise(() => undefined)
          },
          cancel() {
            cancelled = true
          },
        },
        { highWaterMark: 0 },
      )
      const { model, calls } = scriptedModel(version, { stream: () => stream })
      const control = new AbortController()
      const call = asking('hi', { abortSignal: control.signal })
      const answer = await guardLoose(model, bench.guard).doStream(call)
      const reader = answer.stream.getReader()
      await reader.read()
      const rest = reader.read()
      if (how === 'abort') {
        control.abort(new DOMException('enough', 'AbortError'))
        await expect(rest).rejects.toMatchObject({ name: 'AbortError' })
      } else {
        await reader.cancel()
        expect(await rest).toMatchObject({ done: true })
      }
      await Promise.resolve()
      expect([cancelled, calls[0]?.abortSignal?.aborted]).toEqual([true, true])
      expect(bench.decisions()).toHaveLength(1)
    }
  })

  test('a slow reader is not overrun', async () => {
    const bench = guardWith([mask], { stream: { window: 16 } })
    let pulls = 0
    const endless = new ReadableStream<Loose>(
      {
        pull(controller) {
          pulls += 1
          controller.enqueue(
            pulls === 1
              ? { type: 'text-start', id: 't' }
              : { type: 'text-delta', id: 't', delta: 'and so on and so on ' },
          )
        },
      },
      { highWaterMark: 0 },
    )
    const { model } = scriptedModel(version, { stream: () => endless })
    const { stream } = await guardLoose(model, bench.guard).doStream(asking('hi'))
    const reader = stream.getReader()
    for (let reads = 0; reads < 10; reads += 1) await reader.read()
    const before = pulls
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(pulls - before).toBeLessThan(3)
    await reader.cancel()
  })
})

test('what comes out of any order of parts is valid, and the words are those of the whole', async () => {
  const kinds = fc.constantFrom('text', 'reasoning')
  const step = fc.record({
    kind: kinds,
    id: fc.constantFrom('a', 'b'),
    what: fc.constantFrom('start', 'delta', 'delta', 'delta', 'end', 'tool', 'source'),
    delta: fc.constantFrom('man', 'go', 'mango', ' ', 'x', ''),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const parts = steps.map(({ kind, id, what, delta }, index): Loose => {
        if (what === 'tool')
          return { type: 'tool-call', toolCallId: `c${index}`, toolName: 't', input: `{"q":"${delta}"}` }
        if (what === 'source')
          return { type: 'source', sourceType: 'url', id: `s${index}`, url: 'https://example.org', title: delta }
        return { type: `${kind}-${what}`, id, ...(what === 'delta' ? { delta } : {}) }
      })
      const { out } = await run('v3', [...parts, finish('v3')], [mask])
      expectValid(out)
      expect(JSON.stringify(out)).not.toContain('mango')
      expect(out.at(-1)).toMatchObject({ type: 'finish' })
      for (const kind of ['text', 'reasoning']) {
        const assembled = new Map<unknown, string>()
        for (const part of out) {
          if (part.type === `${kind}-delta`)
            assembled.set(part['id'], `${assembled.get(part['id']) ?? ''}${String(part['delta'])}`)
        }
        for (const text of assembled.values()) expect(text).not.toContain('mango')
      }
    }),
    { numRuns: 300 },
  )
})

test('text encoding of version 4: the pieces are plain, the call is JSON', async () => {
  const parts = [
    { type: 'tool-input-start', id: 'c1', toolName: 'write', inputEncoding: 'text' },
    { type: 'tool-input-delta', id: 'c1', delta: 'a "man' },
    { type: 'tool-input-delta', id: 'c1', delta: 'go"' },
    { type: 'tool-input-end', id: 'c1' },
    { type: 'tool-call', toolCallId: 'c1', toolName: 'write', input: '"a \\"mango\\""' },
    finish('v4', 'tool-calls'),
  ]
  const { out } = await run('v4', parts)
  expect(textOf(out, 'tool-input')).toBe('a "[fruit]"')
  expect(out.find(({ type }) => type === 'tool-call')).toMatchObject({ input: '"a \\"[fruit]\\""' })
  expect(out[0]).toMatchObject({ inputEncoding: 'text' })
})

test('citations of version 4 point into what was shown, or nowhere', async () => {
  const cited = (title: string) => ({
    citations: [
      {
        source: { type: 'source', sourceType: 'url', id: 's', url: 'https://example.org', title },
        startIndex: 2,
        endIndex: 5,
      },
    ],
  })
  const ends = async (text: string, title: string): Promise<Loose | undefined> => {
    const { out } = await run('v4', [...block('text', 't', [text], cited(title)), finish('v4')])
    return out.find(({ type }) => type === 'text-end')
  }
  expect(await ends('all is well', 'a page')).toMatchObject(cited('a page'))
  expect((await ends('a mango', 'a page'))?.['citations']).toEqual([{ source: cited('a page').citations[0]?.source }])
  expect(await ends('all is well', 'a mango')).not.toHaveProperty('citations')
})

function fileData(version: Version, base64: string): unknown {
  return version === 'v4' ? { type: 'data', data: base64 } : base64
}
