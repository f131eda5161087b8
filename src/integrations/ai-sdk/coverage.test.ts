/**
 * Nothing gets past the guards: a marker is planted in every string of every kind of part, content and message part of every
 * version, one at a time, and must come out nowhere when a guard objects to it. The rows come from samples that the types of the
 * real packages complete, so that a new kind or field has to be decided on before the tests compile.
 */
import { describe, expect, test } from 'vitest'
import type { Loose, LooseCall } from '../../../test/support/ai-sdk.ts'
import { guardLoose, guardWith, readAll, scriptedModel, usage, VERSIONS } from '../../../test/support/ai-sdk.ts'
import { CONTENTS, PROMPT_PARTS, STREAM_PARTS } from '../../../test/support/ai-sdk-samples.ts'
import { wordGuard } from '../../../test/support/stream.ts'
import type { Guard } from '../../spec/index.ts'

const SENTENCE = 'a planted marker here'
const WORDS = ['planted marker', 'plantedmarker']
const MARK = /planted ?marker/
const masking = wordGuard('marker', WORDS, { action: 'modify', replacement: '*' })
const blocking = wordGuard('marker', WORDS, { action: 'block' })

/** Names of variants, which say nothing. */
const VARIANTS = new Set(['type', 'sourceType', 'inputEncoding', 'unified'])

interface Place {
  readonly path: string
  readonly planted: unknown
}

/** The value with the marker in one place, for every place it has: strings, keys, addresses, base64. */
function places(value: unknown, path = ''): readonly Place[] {
  const at = (next: unknown): readonly Place[] => [{ path, planted: next }]
  if (typeof value === 'string') {
    if (value.startsWith('https:')) return at('https://example.org/plantedmarker')
    return at(isBase64(value) ? btoa(SENTENCE) : value.startsWith('{"') ? `{"q":"${SENTENCE}"}` : SENTENCE)
  }
  if (value instanceof URL) return at(new URL('https://example.org/plantedmarker'))
  if (typeof value !== 'object' || value === null || value instanceof Date) return []
  const entries = Object.entries(value)
  return entries.flatMap(([key, item]) => {
    if (VARIANTS.has(key)) return []
    const inner = places(item, path === '' ? key : `${path}.${key}`)
    const put = (planted: unknown): unknown =>
      Array.isArray(value)
        ? value.map((old: unknown, index) => (String(index) === key ? planted : old))
        : { ...value, [key]: planted }
    const named = key.includes(' ') ? [{ path: `${path}.${key}(key)`, planted: { ...value, [SENTENCE]: item } }] : []
    return [...inner.map((place) => ({ ...place, planted: put(place.planted) })), ...named]
  })
}

function isBase64(text: string): boolean {
  return text.length >= 12 && text.length % 4 === 0 && /^[A-Za-z\d+/]+={0,2}$/.test(text) && /[A-Z]/.test(text)
}

/** Everything a value says to whoever looks into it. */
function says(value: unknown, seen: Set<unknown> = new Set()): string {
  if (typeof value === 'string') return isBase64(value) ? `${value} ${atob(value)}` : value
  if (value instanceof URL) return value.href
  if (typeof value !== 'object' || value === null || seen.has(value)) return ''
  seen.add(value)
  const error = value instanceof Error ? [value.message, value.stack, value.cause] : []
  return [...Object.entries(value).flat(), ...error].map((item) => says(item, seen)).join('\n')
}

async function sayings(run: () => Promise<unknown>): Promise<string> {
  try {
    return says(await run())
  } catch (thrown) {
    return says(thrown)
  }
}

const ORDER = [
  'stream-start',
  'response-metadata',
  'ping',
  'reasoning-start',
  'reasoning-delta',
  'reasoning-end',
  'text-start',
  'text-delta',
  'text-end',
  'tool-input-start',
  'tool-input-delta',
  'tool-input-end',
  'tool-call',
  'tool-approval-request',
  'tool-result',
  'custom',
  'file',
  'reasoning-file',
  'source',
  'raw',
  'error',
  'finish',
]

/** Not handed on whatever the guards say: pieces of the raw answer, and ids that only tie parts of one answer together. */
const WITHHELD = /^(raw\b|(text|reasoning)-(start|delta|end)\.id$|tool-input-(start|delta|end)\.id$|tool-input-end\.)/

describe.each(VERSIONS)('%s', (version) => {
  const samples: Readonly<Record<string, readonly Loose[]>> = STREAM_PARTS[version]
  const all = ORDER.flatMap((type) => samples[type] ?? [])

  test('the order of parts names every kind', () => {
    expect(ORDER).toEqual(expect.arrayContaining(Object.keys(samples)))
    expect(Object.keys(samples).length).toBeGreaterThan(15)
  })

  const streamed = all.flatMap((part, index) =>
    places(part).map(({ path, planted }) => ({
      path: `${part.type}.${path}`,
      parts: all.map((old, position) => (position === index ? (planted as Loose) : old)),
    })),
  )

  async function stream(parts: readonly Loose[], guards: readonly Guard[]): Promise<Loose[]> {
    const bench = guardWith(guards, { media: 'pass', stream: { window: 16 } })
    const { model } = scriptedModel(version, { stream: () => parts })
    return readAll((await guardLoose(model, bench.guard).doStream(question)).stream)
  }

  test('there are places to plant it', () => {
    expect(streamed.length).toBeGreaterThan(30)
  })

  test.each(streamed)('streamed: $path', async ({ path, parts }) => {
    expect(says(parts)).toMatch(MARK)
    const open = await sayings(() => stream(parts, []))
    if (WITHHELD.test(path)) expect(open).not.toMatch(MARK)
    else expect(open).toMatch(MARK)
    expect(await sayings(() => stream(parts, [blocking]))).not.toMatch(MARK)
    const masked = await stream(parts, [masking])
    expect(says(masked)).not.toMatch(MARK)
    expect(masked.at(-1)).toMatchObject({ type: 'finish' })
  })

  const around = {
    request: { body: 'a body', url: 'https://example.org/a' },
    response: { id: 'i', modelId: 'm', headers: { date: 'a date' }, body: 'a body' },
    warnings: samples['stream-start']?.[0]?.['warnings'],
    providerMetadata: { scripted: { note: 'a note' } },
    structuredOutputText: 'a text',
    finishReason: version === 'v2' ? 'stop' : { unified: 'stop', raw: 'a reason' },
    usage: { ...usage(version), ...(version === 'v2' ? {} : { raw: { tier: 'a tier' } }) },
  }
  const contents = Object.values(CONTENTS[version] as Readonly<Record<string, readonly Loose[]>>).flat()
  const whole = [
    ...contents.flatMap((content, index) =>
      places(content).map(({ path, planted }) => ({
        path: `${content.type}.${path}`,
        content: contents.map((old, position) => (position === index ? (planted as Loose) : old)),
        result: around as object,
      })),
    ),
    ...places(around).map(({ path, planted }) => ({ path, content: contents, result: planted as object })),
  ]

  test.each(whole)('whole: $path', async ({ path, content, result }) => {
    const generate = async (guards: readonly Guard[]) => {
      const bench = guardWith(guards, { media: 'pass' })
      const { model } = scriptedModel(version, { content: () => content, result })
      return guardLoose(model, bench.guard).doGenerate(question)
    }
    expect(says([content, result])).toMatch(MARK)
    const open = await sayings(() => generate([]))
    if (/^request|^response\.(headers|body)/.test(path)) expect(open).not.toMatch(MARK)
    else expect(open).toMatch(MARK)
    expect(await sayings(() => generate([blocking]))).not.toMatch(MARK)
    const masked = await generate([masking])
    expect(says(masked)).not.toMatch(MARK)
    expect(masked.content.map(({ type }) => type).toSorted()).toEqual(contentTypes(path, content))
  })

  /** What stays when words are masked: everything, but for what cannot be put together any more. */
  function contentTypes(path: string, content: readonly Loose[]): readonly string[] {
    const address = path.startsWith('file.data.url')
    return content
      .flatMap(({ type }, index) => (address && type === 'file' && index === urlFile(content) ? [] : type))
      .toSorted()
  }

  const prompts = (['user', 'assistant', 'tool'] as const).flatMap((role) => {
    const parts = Object.values(PROMPT_PARTS[version][role] as Readonly<Record<string, readonly Loose[]>>).flat()
    return parts.flatMap((part) =>
      places(part).map(({ path, planted }) => ({ path: `${role}.${part.type}.${path}`, role, part: planted })),
    )
  })

  test.each(prompts)('asked: $path', async ({ path, role, part }) => {
    const call: LooseCall = {
      prompt: [
        { role: 'system', content: 'Be brief.' },
        { role, content: [part] },
        { role: 'user', content: [{ type: 'text', text: 'hi' }] },
      ],
    }
    const ask = async (guards: readonly Guard[], media: 'pass' | 'block') => {
      const bench = guardWith(guards, { media })
      const { model, calls } = scriptedModel(version, { content: () => [{ type: 'text', text: 'fine' }] })
      const said = await sayings(() => guardLoose(model, bench.guard).doGenerate(call))
      return { said, calls, received: says(calls.map(({ prompt }) => prompt)) }
    }
    expect((await ask([], 'pass')).received).toMatch(MARK)
    const medium = isMedium(path, part as Loose)
    const blocked = await ask([blocking], medium ? 'block' : 'pass')
    expect(blocked.calls).toHaveLength(0)
    expect(blocked.said).not.toMatch(MARK)
    if (medium) return
    const masked = await ask([masking], 'pass')
    expect(masked.calls).toHaveLength(1)
    expect(masked.received).not.toMatch(MARK)
    const [, message] = masked.calls[0]?.prompt ?? []
    expect(message).toMatchObject({ role, content: [{ type: (part as Loose).type }] })
  })

  test.each(['message', 'system'])('asked: %s', async (place) => {
    const system = place === 'system' ? SENTENCE : 'Be brief.'
    const options = { providerOptions: { scripted: { note: place === 'message' ? SENTENCE : 'a note' } } }
    const bench = guardWith([masking], { conversation: { roles: ['system', 'user'] } })
    const { model, calls } = scriptedModel(version, { content: () => [] })
    const user = { role: 'user', content: [{ type: 'text', text: 'hi' }], ...options }
    await guardLoose(model, bench.guard).doGenerate({ prompt: [{ role: 'system', content: system }, user] })
    expect(says(calls[0]?.prompt)).not.toMatch(MARK)
    expect(says(calls[0]?.prompt)).toContain('hi')
  })
})

const question: LooseCall = { prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] }

function urlFile(content: readonly Loose[]): number {
  return content.findIndex(({ type, data }) => type === 'file' && says(data).includes('plantedmarker'))
}

/** Nobody can read what lies behind an address or an id, nor a picture: the policy's rule for media decides. */
function isMedium(path: string, part: Loose): boolean {
  if (/\.(fileId|reference)\b|\.url$|data\.originalUrl$/.test(path)) return true
  const index = /output\.value\.(\d+)\.data$/.exec(path)?.[1]
  const items = (part['output'] as { readonly value?: readonly Loose[] } | undefined)?.value ?? []
  return index !== undefined && items[Number(index)]?.type === 'image-data'
}
