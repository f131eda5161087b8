/** Images and other media, where a guard can look at them: in prompts, in results of tools and in answers. */
import { describe, expect, test } from 'vitest'
import type { Loose, Version } from '../../../test/support/ai-sdk.ts'
import {
  asking,
  block,
  finish,
  guardLoose,
  guardWith,
  readAll,
  scriptedModel,
  VERSIONS,
} from '../../../test/support/ai-sdk.ts'
import { wordGuard } from '../../../test/support/stream.ts'
import type { Action, Guard } from '../../spec/index.ts'

const CAT = btoa('a cat')
const DOG = btoa('a dog')

/** Objects to pictures of cats. */
function noCats(action: Action, seen: string[] = []): Guard {
  return {
    ...wordGuard('cats', ['cat'], { action: 'block' }),
    media: {
      types: ['image/*'],
      check: ({ source }) => {
        seen.push(source)
        return { findings: source === CAT ? [{ label: 'rule.cat', score: 1, action, replacement: '[a picture]' }] : [] }
      },
    },
  }
}

function data(version: Version, base64: string): unknown {
  return version === 'v4' ? { type: 'data', data: base64 } : base64
}

describe.each(VERSIONS)('%s', (version) => {
  const image = (base64: string): Loose => ({ type: 'file', mediaType: 'image/png', data: data(version, base64) })
  const bytes = (text: string): unknown => {
    const encoded = new TextEncoder().encode(text)
    return version === 'v4' ? { type: 'data', data: encoded } : encoded
  }
  const item = (base64: string): Loose =>
    version === 'v2'
      ? { type: 'media', mediaType: 'image/png', data: base64 }
      : version === 'v3'
        ? { type: 'image-data', mediaType: 'image/png', data: base64 }
        : { type: 'file', mediaType: 'image/png', data: { type: 'data', data: base64 } }

  test('a prompt is asked about with its pictures, whatever form they have', async () => {
    const seen: string[] = []
    const bench = guardWith([noCats('modify', seen)])
    const { model, calls } = scriptedModel(version, { content: () => [{ type: 'text', text: 'fine' }] })
    const dog = { type: 'file', mediaType: 'image/png', data: bytes('a dog') }
    const result = { type: 'content', value: [item(CAT), item(DOG)] }
    await guardLoose(model, bench.guard).doGenerate({
      prompt: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'look' },
            { type: 'file', mediaType: 'image/png', data: bytes('a cat') },
            dog,
          ],
        },
        { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'c', toolName: 't', output: result }] },
      ],
    })
    expect(seen.toSorted()).toEqual([CAT, DOG, CAT, DOG].toSorted())
    expect(calls[0]?.prompt).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'look' }, { type: 'text', text: '[a picture]' }, dog] },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'c',
            toolName: 't',
            output: { type: 'content', value: [{ type: 'text', text: '[a picture]' }, item(DOG)] },
          },
        ],
      },
    ])
  })

  test('a picture that is not allowed stops the question', async () => {
    const bench = guardWith([noCats('block')])
    const { model, calls } = scriptedModel(version, { content: () => [] })
    const asked = guardLoose(model, bench.guard).doGenerate({ prompt: [{ role: 'user', content: [image(CAT)] }] })
    await expect(asked).rejects.toMatchObject({ code: 'content_filter' })
    expect(calls).toHaveLength(0)
  })

  test('in an answer a text stands for a picture that was removed', async () => {
    const bench = guardWith([noCats('modify')])
    const parts = [
      ...block('text', 't', ['two pictures:']),
      image(CAT),
      image(DOG),
      ...block('text', 'u', ['done']),
      finish(version),
    ]
    const { model } = scriptedModel(version, {
      stream: () => parts,
      content: () => [{ type: 'text', text: 'two pictures:' }, image(CAT), image(DOG), { type: 'text', text: 'done' }],
    })
    const guarded = guardLoose(model, bench.guard)
    expect((await guarded.doGenerate(asking('hi'))).content).toEqual([
      { type: 'text', text: 'two pictures:' },
      { type: 'text', text: '[a picture]' },
      image(DOG),
      { type: 'text', text: 'done' },
    ])
    const out = await readAll((await guarded.doStream(asking('hi'))).stream)
    const told = out.flatMap((part) =>
      part.type === 'text-delta' ? [part['delta']] : part.type === 'file' ? [part['data']] : [],
    )
    expect(told).toEqual(['two pictures:', '[a picture]', data(version, DOG), 'done'])
    expect(out.filter(({ type }) => type === 'text-start').length).toBe(
      out.filter(({ type }) => type === 'text-end').length,
    )
    expect(out.at(-1)).toMatchObject({ type: 'finish', providerMetadata: { parapet: { decision: 'modify' } } })
    expect(JSON.stringify(out)).not.toContain(CAT)
  })

  test('a picture that is refused is a refusal', async () => {
    const bench = guardWith([noCats('refuse')])
    const { model } = scriptedModel(version, { content: () => [image(DOG), image(CAT)] })
    const result = await guardLoose(model, bench.guard).doGenerate(asking('hi'))
    expect(result.content).toEqual([{ type: 'text', text: 'I cannot help with this request.' }])
  })
})
