import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Finding, Guard, GuardRequest } from '../../spec/index.ts'
import { createStreamBuffer, createTextView } from '../../core/text/index.ts'
import { createEgressGuard } from './index.ts'

const strict = createEgressGuard({
  id: 'egress',
  allow: ['good.example', '*.cdn.example', 'api.example:8443', 'münchen.example'],
})
const open = createEgressGuard({ id: 'egress', deny: ['evil.example'] })

function request(text: string): GuardRequest {
  return {
    stage: 'output',
    field: 'response',
    text: createTextView(text),
    caller: {},
    signal: new AbortController().signal,
  }
}

function find(text: string, by: Guard): readonly Finding[] {
  const report = by.check(request(text))
  if (report instanceof Promise) throw new Error('expected an answer at once')
  return report.findings
}

function labels(text: string, by: Guard = strict): string[] {
  return find(text, by).map((finding) => finding.label.replace('egress.', ''))
}

describe('allowed hosts', () => {
  test.each([
    'see https://good.example/path?x=1#y',
    'HTTPS://GOOD.EXAMPLE./',
    'https://good.example:443/ and http://good.example:80',
    'https://a.cdn.example/x.png and https://a.b.cdn.example',
    'https://api.example:8443/v1',
    'https://münchen.example/ https://xn--mnchen-3ya.example/',
    '![logo](https://good.example/logo.png)',
    'mail mailto:me@good.example or call tel:+49301234567',
    'read README.md, main.rs and Node.js; e.g. this. And v1.2.3, 3.14, a.b.c',
    'me@elsewhere.com',
    'C:\\Users\\me and std::vector and note:this',
  ])('%s', (text) => {
    expect(labels(text)).toEqual([])
  })
})

describe('hosts that are not allowed', () => {
  test.each([
    'https://evil.example/',
    'https://good.example@evil.example/',
    'https://good.example:x@evil.example',
    'https://good.example.evil.example',
    'https://cdn.example/',
    'https://good.example:8080/',
    'http://2130706433/',
    'http://0x7f.0.0.1/',
    'http://0177.0.0.1/',
    'http://[::1]/',
    'http:/evil.example/',
    'http:\\\\evil.example\\x',
    'https://gооd.example/',
    'https://evil。example/',
    '[x](//evil.com/a)',
    'www.evil.com',
    'go to evil.com/collect?x=1 now',
    '{"url":"https:\\/\\/evil.example\\/x"}',
    '{"url":"\\u0068ttps://evil.example"}',
    '[x](https&#58;//evil.example)',
    '[x](https&colon;&sol;&sol;evil.example)',
    '看https://evil.example/路径。谢谢',
    'https://例え.example/',
  ])('%s', (text) => {
    expect(labels(text)).toEqual(['host'])
  })

  test('the span covers the link and nothing else', () => {
    const text = 'a (see https://evil.example/a_(b)), or "https:\\/\\/evil.example\\/x".'
    expect(find(text, strict).map(({ span }) => text.slice(span?.start, span?.end))).toEqual([
      'https://evil.example/a_(b)',
      'https:\\/\\/evil.example\\/x',
    ])
    expect(find(text, strict)[0]).toMatchObject({ action: 'block', replacement: '[LINK REMOVED]', score: 1 })
  })
})

describe('without an allow-list', () => {
  test.each([
    ['https://anything.example/a?b=c', []],
    ['https://sub.evil.example:99/', ['host']],
    ['http://192.168.0.1/', ['host']],
    ['https://bank.example@other.example/', ['host']],
    ['https://раураl.example/', ['host']],
    ['https://xn--80ak6aa92e.com/', ['host']],
    ['https://müller.example/ https://правда.example/', []],
    ['![x](https://other.example/p.png)', ['image']],
    ['<img alt=x src="https://other.example/p.png">', ['image']],
    ['javascript:alert(1)', ['scheme']],
    ['data:text/html;base64,PHA+aGk8L3A+', ['scheme']],
    ['file:///etc/hosts and gopher://x.example/', ['scheme', 'scheme']],
    [`https://other.example/?q=${'aB3xZ9qLm2Wt7Rk5'.repeat(4)}`, ['data']],
    [
      'https://other.example/c?d=the%20user%20said%20that%20her%20account%20number%20is%20twelve%20thirty%20four',
      ['data'],
    ],
    [`https://${'a1b2c3d4e5f6a7b8'.repeat(2)}.other.example/`, ['data']],
    ['https://github.example/o/r/commit/9fceb02d0ae598e95dc970b74767f19372d61af8', []],
    ['https://search.example/?q=how+to+write+better+tests', []],
    ['https://blog.example/2024/05/a-long-and-readable-title-with-many-words-in-it-for-everybody', []],
  ] as const)('%s', (text, expected) => {
    expect(labels(text, open)).toEqual(expected)
  })

  test('images and data can be let through', () => {
    const lenient = createEgressGuard({ id: 'egress', images: 'allow', dataInUrl: false, schemes: ['https', 'data'] })
    expect(labels(`![x](https://o.example/${'aB3xZ9qLm2Wt7Rk5'.repeat(4)}) data:image/png;base64,AA`, lenient)).toEqual(
      [],
    )
    expect(labels('http://o.example', lenient)).toEqual(['scheme'])
  })
})

test('an entry that is no host is refused', () => {
  expect(() => createEgressGuard({ id: 'egress', allow: ['https://a b/'] })).toThrow('Egress option `allow`')
})

const PIECES = fc.oneof(
  fc.constantFrom(
    'https://evil.example/x',
    'http://good.example@evil.example',
    '![a b](',
    '<img src="',
    '//evil.com/',
    'www.evil.com',
    'https:',
    '\\/\\/',
    '\\u0068ttps',
    '&colon;',
    '&#58;',
    '//',
    'javascript:',
    'data:text/html,',
    'evil.com/',
  ),
  fc.constantFrom(' ', '\n', '"', ',', '。', '中文', 'ü', '\u0301', ')', '(', 'か\u3099', '한', 'a', '.', ':'),
  fc.constantFrom(
    `https://x.example/${'a1'.repeat(900)}`,
    'x'.repeat(1700),
    `${'中'.repeat(100)}`,
    `${'.中'.repeat(900)}`,
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
)

test('under any chunking a stream finds what the whole text shows', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(PIECES, { maxLength: 9 }),
      fc.array(fc.nat(5000), { maxLength: 12 }),
      async (pieces, cuts) => {
        const text = pieces.join('')
        const session = strict.open?.({
          stage: 'output',
          field: 'response',
          caller: {},
          signal: new AbortController().signal,
        })
        const buffer = createStreamBuffer()
        const findings: Finding[] = []
        let settled = 0
        const bounds = [...new Set([...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort((a, b) => a - b)
        let from = 0
        for (const [index, to] of bounds.entries()) {
          buffer.append(text.slice(from, to))
          from = to
          if (index === bounds.length - 1) buffer.finish()
          const step = await session?.advance(buffer)
          for (const finding of step?.findings ?? []) expect(finding.span?.start).toBeGreaterThanOrEqual(settled)
          settled = step?.settled ?? 0
          findings.push(...(step?.findings ?? []))
          buffer.release(step?.keep ?? 0)
        }
        expect(settled).toBe(text.length)
        expect(findings).toEqual(find(text, strict))
      },
    ),
    { numRuns: 500 },
  )
})

test.each(['https://a.b/', 'evil.com/', '![x](', '&colon;', '\\u0068', '//', 'a.b.c.d.e.'])(
  'a megabyte of %s is judged',
  (unit) => {
    expect(find(unit.repeat(Math.ceil(1_000_000 / unit.length)), open)).toBeDefined()
    expect(find(`${unit} `.repeat(Math.ceil(500_000 / unit.length)), open)).toBeDefined()
  },
  20_000,
)
