import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { PolicyError } from '../spec/index.ts'
import { BUILTIN_POLICY } from './builtin-policy.ts'
import { definePolicy, parsePolicy } from './policy-file.ts'
import { checkPolicyFile } from './policy-report.ts'
import { POLICY_TEMPLATE } from './policy-template.ts'

function mistakesOf(text: string): PolicyError {
  try {
    parsePolicy(text, 'p.yaml', {})
  } catch (error) {
    if (error instanceof PolicyError) return error
    throw error
  }
  throw new Error('the policy was accepted')
}

test('the template is the built-in policy, and has nothing to warn of', async () => {
  expect(parsePolicy(POLICY_TEMPLATE, 'p.yaml')).toEqual(BUILTIN_POLICY)
  const report = await checkPolicyFile(null)
  expect(report.issues).toEqual([])
  expect(report.notes.filter(({ level }) => level === 'warning')).toEqual([])
})

describe('every mistake has its place and remedy', () => {
  const table: readonly (readonly [what: string, yaml: string, place: string, message: RegExp])[] = [
    ['no version', 'name: x', ':1:', /parapet/],
    ['another version', 'parapet: 2', ':1:1', /parapet: 1/],
    ['a mistyped key', 'parapet: 1\nrals: {}', ':2:1', /Did you mean rails\?/],
    ['a mistyped stage', 'parapet: 1\nrails:\n  inpt: [pii]', ':3:3', /Did you mean input\?/],
    ['a rail that is no list', 'parapet: 1\nrails:\n  input: pii', ':3:3', /list/],
    ['a mistyped action', 'parapet: 1\nactions:\n  pii: { action: blok }', ':3:10', /pass, flag, modify/],
    ['a threshold above one', 'parapet: 1\nactions:\n  pii: { threshold: 2 }', ':3:10', /at most 1/],
    ['a threshold that is text', 'parapet: 1\nactions:\n  pii: { threshold: high }', ':3:10', /number/],
    ['a negative threshold', 'parapet: 1\nactions:\n  pii: { threshold: -1 }', ':3:10', /at least 0/],
    ['an odd duration', 'parapet: 1\ndeadlines: { guard: soon }', ':2:14', /500ms, 2s/],
    ['a negative duration', 'parapet: 1\ndeadlines: { guard: -5 }', ':2:14', /500ms, 2s/],
    ['a mistyped onError', 'parapet: 1\nonError: open', ':2:1', /block or pass/],
    ['an empty window', 'parapet: 1\nstream: { window: 0 }', ':2:11', /more than 0/],
    ['an unknown stream mode', 'parapet: 1\nstream: { mode: during }', ':2:11', /before, after/],
    ['no messages at all', 'parapet: 1\nconversation: { messages: 0 }', ':2:17', /more than 0/],
    ['an unknown role', 'parapet: 1\nconversation: { roles: [king] }', ':2:25', /system, developer/],
    ['a guard without use', 'parapet: 1\nguards:\n  mine: { phrases: [x] }', ':3:3', /use/],
    ['an exception without a reason', exception('phrase: x\n    owner: me\n    expires: 2030-01-01'), ':3:5', /reason/],
    ['an exception without an expiry', exception('phrase: x\n    owner: me\n    reason: y'), ':3:5', /expires/],
    [
      'an exception with two conditions',
      exception('phrase: x\n    caller: z\n    owner: me\n    reason: y\n    expires: 2030-01-01'),
      ':3:5',
      /exactly one/,
    ],
    [
      'an exception with an odd date',
      exception('phrase: x\n    owner: me\n    reason: y\n    expires: soon'),
      ':7:5',
      /ISO 8601/,
    ],
    [
      'an exception with a short hash',
      exception('hash: abc\n    owner: me\n    reason: y\n    expires: 2030-01-01'),
      ':4:5',
      /64 digits/,
    ],
    ['a refusal for no language', 'parapet: 1\nrefusals: { German: Nein }', ':2:13', /language tag/],
    ['an unknown hard setting', 'parapet: 1\nhard: [everything]', ':2:8', /onError, stream/],
    [
      'a mistake in a scope',
      'parapet: 1\nscopes:\n  applications:\n    a:\n      shadow: maybe',
      ':5:7',
      /true or false/,
    ],
    ['a key twice', 'parapet: 1\nname: a\nname: b', ':3:1', /unique/],
    ['broken YAML', 'parapet: 1\nrails: [', ':', /YAML/],
    ['a tab as indentation', 'parapet: 1\nrails:\n\tinput: []', ':3:', /YAML/],
    ['an unset variable', 'parapet: 1\nname: ${NOWHERE}', ':2:7', /NOWHERE is not set/],
    ['nothing', '', ':1:1', /empty/],
    ['a list', '- 1', ':1:1', /map/],
  ]
  function exception(rest: string): string {
    return `parapet: 1\nexceptions:\n  - id: e\n    ${rest}`
  }

  test.each(table)('%s', (_what, yaml, place, message) => {
    const error = mistakesOf(yaml)
    const wanted = error.issues.find((issue) => message.test(`${issue.key} ${issue.message} ${issue.remedy}`))
    expect(wanted, error.message).toBeDefined()
    expect(`p.yaml:${wanted?.line}:${wanted?.column}`).toContain(`p.yaml${place}`)
    expect(wanted?.remedy).not.toBe('')
  })

  test('all mistakes at once', () => {
    expect(mistakesOf('parapet: 1\nshadow: 3\nretries: many\nmedia: eat').issues).toHaveLength(3)
  })
})

describe('hostile files', () => {
  test.each([
    [
      'an alias bomb',
      `parapet: 1\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nname: *c`,
    ],
    ['prototype keys', 'parapet: 1\n__proto__: { polluted: true }'],
    ['NUL bytes', 'parapet: 1\nname: "\u0000"\u0000: 1'],
    ['deep nesting', `parapet: 1\nguards: ${'{ a: '.repeat(500)}1${' }'.repeat(500)}`],
  ])('%s', (_what, yaml) => {
    expect(() => parsePolicy(yaml, 'p.yaml')).toThrow()
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('ten megabytes are refused before they are parsed', () => {
    expect(() => parsePolicy(`parapet: 1\n#${'x'.repeat(10_000_000)}`, 'p.yaml')).toThrow('larger than')
  })
})

test('variables of the environment are put in', () => {
  expect(parsePolicy('parapet: 1\nname: "app-${STAGE}"', 'p.yaml', { STAGE: 'test' }).name).toBe('app-test')
})

test('durations in words become milliseconds, retention days', () => {
  const policy = parsePolicy(
    'parapet: 1\ndeadlines: { stage: 2s, guard: 150ms }\nrecord: { retention: 2d }\ncache: { ttl: 1m }',
    'p.yaml',
  )
  expect(policy).toMatchObject({
    deadlines: { stage: 2000, guard: 150 },
    record: { retention: 2 },
    cache: { ttl: 60_000 },
  })
})

test('definePolicy gives back the same, or the same mistakes', () => {
  expect(definePolicy(BUILTIN_POLICY)).toEqual(BUILTIN_POLICY)
  expect(() => definePolicy({ parapet: 1, media: 'eat' } as never)).toThrow(PolicyError)
})

test('every policy of the guide parses', () => {
  const guide = readFileSync(new URL('../../docs/guides/policy.md', import.meta.url), 'utf8')
  const snippets = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] ?? '')
  expect(snippets.length).toBeGreaterThan(3)
  for (const snippet of snippets) expect(() => parsePolicy(snippet, 'guide')).not.toThrow()
})
