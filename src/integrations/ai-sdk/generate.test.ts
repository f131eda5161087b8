import { describe, expect, test } from 'vitest'
import type { Loose } from '../../../test/support/ai-sdk.ts'
import {
  asking,
  finishReason,
  guardLoose,
  guardWith,
  scriptedModel,
  usage,
  VERSIONS,
} from '../../../test/support/ai-sdk.ts'
import { wordGuard } from '../../../test/support/stream.ts'

const mask = wordGuard('mask', ['mango'], { action: 'modify', replacement: '[fruit]' })
const stop = wordGuard('stop', ['quince'], { action: 'block' })
const text = (value: string): Loose => ({ type: 'text', text: value })

describe.each(VERSIONS)('a whole answer, %s', (version) => {
  test('has what the model said, without what surrounds it', async () => {
    const { guard, decisions } = guardWith([mask, stop])
    const around = { request: { body: 'b' }, response: { id: 'r1', modelId: 'm1', headers: { a: 'b' }, body: 'b' } }
    const { model } = scriptedModel(version, { content: () => [text('fine')], around, result: { surprise: 'mango' } })
    const result = await guardLoose(model, guard).doGenerate(asking('hi'))
    expect(result).toEqual({
      content: [text('fine')],
      finishReason: finishReason(version, 'stop'),
      usage: usage(version),
      warnings: [],
      response: { id: 'r1', modelId: 'm1' },
      providerMetadata: {
        parapet: { decision: 'pass', decisionId: 'dec_1', policyVersion: expect.any(String) as string },
      },
    })
    const open = await guardLoose(model, guard, { unjudged: ['bodies', 'headers'] }).doGenerate(asking('hi'))
    expect(open).toMatchObject({ ...around, content: [text('fine')] })
    expect(decisions()).toHaveLength(2)
  })

  test('is masked, blocked, or answered for', async () => {
    const { guard } = guardWith([mask, stop])
    const answering = (words: string) => scriptedModel(version, { content: () => [text(words)] }).model
    const masked = await guardLoose(answering('a mango'), guard).doGenerate(asking('hi'))
    expect(masked.content).toEqual([text('a [fruit]')])
    await expect(guardLoose(answering('a quince'), guard).doGenerate(asking('hi'))).rejects.toMatchObject({
      name: 'BlockedError',
      code: 'content_filter',
    })
    const told = await guardLoose(answering('a quince'), guard, { onBlock: 'finish', message: 'No.' }).doGenerate(
      asking('hi'),
    )
    expect(told).toMatchObject({ content: [text('No.')], warnings: [] })
    expect(told.finishReason).toEqual(
      version === 'v2' ? 'content-filter' : { unified: 'content-filter', raw: 'parapet' },
    )
  })

  test('text cut by other content is judged piece by piece, text cut by nothing as one', async () => {
    const { guard } = guardWith([mask])
    const content = [
      text('a man'),
      text('go and'),
      { type: 'tool-call', toolCallId: 'c', toolName: 't', input: '{}' },
      text('man'),
      text('go'),
    ]
    const { model } = scriptedModel(version, { content: () => content })
    const result = await guardLoose(model, guard).doGenerate(asking('hi'))
    expect(result.content.map((part) => part['text'] ?? part['input'])).toEqual([
      'a [fruit]',
      ' and',
      '{}',
      '[fruit]',
      '',
    ])
  })

  test('a guard that fails is not a block, and is thrown whatever is said of blocks', async () => {
    const broken = {
      ...stop,
      check: () => Promise.reject(new Error('x')),
      open: () => ({ advance: () => Promise.reject(new Error('x')) }),
    }
    const { guard } = guardWith([broken])
    const { model } = scriptedModel(version, { content: () => [text('fine')] })
    await expect(guardLoose(model, guard, { onBlock: 'finish' }).doGenerate(asking('hi'))).rejects.toMatchObject({
      code: 'guard_failed',
      name: 'BlockedError',
    })
  })

  test('a held answer is told apart', async () => {
    const hold = wordGuard('hold', ['quince'], { action: 'hold' })
    const { guard } = guardWith([hold])
    const { model } = scriptedModel(version, { content: () => [text('a quince')] })
    await expect(guardLoose(model, guard).doGenerate(asking('hi'))).rejects.toMatchObject({ code: 'held' })
  })

  test('rubbish of the model is its error', async () => {
    const { guard } = guardWith([mask])
    for (const content of [undefined, [null], [{ type: 'text' }]]) {
      const { model } = scriptedModel(version, { result: { content } })
      await expect(guardLoose(model, guard).doGenerate(asking('hi'))).rejects.toMatchObject({ code: 'upstream_error' })
    }
  })

  test('what is no prompt is told so', async () => {
    const { guard } = guardWith([mask])
    const { model, calls } = scriptedModel(version, { content: () => [text('x')] })
    const wrong = [
      [],
      undefined,
      'hi',
      [null],
      [{ role: 'user' }],
      [{ role: 'user', content: [null] }],
      [{ role: 'x', content: '' }],
    ]
    for (const prompt of wrong) {
      const asked = guardLoose(model, guard).doGenerate({ prompt: prompt as never })
      await expect(asked).rejects.toMatchObject({ code: 'input_invalid' })
    }
    expect(calls).toHaveLength(0)
  })

  test('speculative: the model is asked at once, and again when the prompt was masked', async () => {
    const { guard } = guardWith([mask, stop], { speculative: true })
    const { model, calls } = scriptedModel(version, { content: () => [text('fine')] })
    await guardLoose(model, guard).doGenerate(asking('a mango'))
    expect(calls.map(({ prompt }) => JSON.stringify(prompt).includes('mango'))).toEqual([true, false])
    expect(calls[0]?.abortSignal?.aborted).toBe(true)
  })
})

test('version 4: the text for a structure is judged too', async () => {
  const { guard } = guardWith([mask])
  const of = async (structuredOutputText: string) => {
    const { model } = scriptedModel('v4', {
      content: () => [text('draft'), text('{"a":1}')],
      result: { structuredOutputText },
    })
    return (await guardLoose(model, guard).doGenerate(asking('hi')))['structuredOutputText']
  }
  expect([await of('{"a": 1}'), await of('{"a": "mango"}'), await of('')]).toEqual(['{"a": 1}', '{"a": "[fruit]"}', ''])
})

test('who asks: the option, the call, and neither reaches the model', async () => {
  const { guard, decisions } = guardWith([mask])
  const { model, calls } = scriptedModel('v3', { content: () => [text('x')] })
  const guarded = guardLoose(model, guard, { caller: () => ({ application: 'shop', user: 'general' }) })
  await guarded.doGenerate(asking('hi', { providerOptions: { parapet: { user: 'ann' }, other: { a: 1 } } }))
  await guarded.doGenerate(asking('hi'))
  expect(decisions().map(({ caller }) => caller)).toEqual([
    { application: 'shop', user: 'ann' },
    { application: 'shop', user: 'general' },
  ])
  expect(calls[0]?.providerOptions).toEqual({ other: { a: 1 } })
})
