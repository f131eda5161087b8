import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { PolicyIssue } from '../spec/index.ts'
import { ParapetError, PolicyError } from '../spec/index.ts'
import { definePolicy, loadPolicy, locateIssues, parsePolicy } from './policy-file.ts'

function issuesOf(text: string, env: Record<string, string> = {}): readonly PolicyIssue[] {
  try {
    parsePolicy(text, 'p.yaml', env)
    return []
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause
    return cause.issues
  }
}

const EXCEPTION = '\n    reason: r\n    owner: o\n    expires: 2027-01-31'

describe('every mistake has its line, its key and a remedy', () => {
  test.each<[text: string, line: number, key: string]>([
    ['parapet: 2', 1, 'parapet'],
    ['name: a', 1, 'parapet'],
    ['parapet: 1\nshadow: perhaps', 2, 'shadow'],
    ['parapet: 1\nshadw: true', 2, 'shadw'],
    ['parapet: 1\n\n# note\nmedia: blok', 4, 'media'],
    ['parapet: 1\nrails:\n  inputs: [pii]', 3, 'rails.inputs'],
    ['parapet: 1\nrails:\n  input: pii', 3, 'rails.input'],
    ['parapet: 1\nrails:\n  input:\n    - pii\n    - gaurd: pii', 5, 'rails.input[1].guard'],
    ['parapet: 1\nrails:\n  input:\n    - guard: pii\n      deadlin: 1s', 5, 'rails.input[0].deadlin'],
    ['parapet: 1\nrails:\n  input:\n    - guard: pii\n      onError: ignore', 5, 'rails.input[0].onError'],
    ['parapet: 1\nrails:\n  input:\n    - guard: pii\n      shadow: 1', 5, 'rails.input[0].shadow'],
    ['parapet: 1\nactions:\n  pii: block', 3, 'actions.pii'],
    ['parapet: 1\nactions:\n  pii.email:\n    action: stop', 4, 'actions.pii.email.action'],
    ['parapet: 1\nactions:\n  pii: { threshold: 1.5 }', 3, 'actions.pii.threshold'],
    ['parapet: 1\nactions:\n  pii: { threshold: high }', 3, 'actions.pii.threshold'],
    ['parapet: 1\ndeadlines:\n  stage: soon', 3, 'deadlines.stage'],
    ['parapet: 1\ndeadlines:\n  guard: -5', 3, 'deadlines.guard'],
    ['parapet: 1\nstream:\n  mode: during', 3, 'stream.mode'],
    ['parapet: 1\nstream:\n  window: 0', 3, 'stream.window'],
    ['parapet: 1\nconversation:\n  messages: few', 3, 'conversation.messages'],
    ['parapet: 1\nconversation:\n  roles: [robot]', 3, 'conversation.roles[0]'],
    ['parapet: 1\nrecord:\n  capture: everything', 3, 'record.capture'],
    ['parapet: 1\nrecord:\n  retention: forever', 3, 'record.retention'],
    ['parapet: 1\nretries: 1.5', 2, 'retries'],
    ['parapet: 1\nretries: 99', 2, 'retries'],
    ['parapet: 1\ncache: true', 2, 'cache'],
    ['parapet: 1\ncache:\n  ttl: long', 3, 'cache.ttl'],
    ['parapet: 1\nhard: [everything]', 2, 'hard[0]'],
    ['parapet: 1\nguards:\n  mine: {}', 3, 'guards.mine.use'],
    ['parapet: 1\nrefusals:\n  german: Nein', 3, 'refusals.german'],
    ['parapet: 1\nscopes:\n  teams: {}', 3, 'scopes.teams'],
    ['parapet: 1\nscopes:\n  users:\n    mia:\n      withot: [pii]', 5, 'scopes.users.mia.withot'],
    [`parapet: 1\nexceptions:\n  - id: a${EXCEPTION}`, 3, 'exceptions[0]'],
    [
      `parapet: 1\nexceptions:\n  - id: a\n    phrase: x\n    reason: r\n    owner: o\n    expires: soon`,
      7,
      'exceptions[0].expires',
    ],
    [`parapet: 1\nexceptions:\n  - id: a\n    hash: abc${EXCEPTION}`, 4, 'exceptions[0].hash'],
    [
      `parapet: 1\nexceptions:\n  - id: a\n    phrase: x\n    reason: r\n    expires: 2027-01-31`,
      3,
      'exceptions[0].owner',
    ],
  ])('%j', (text, line, key) => {
    const issues = issuesOf(text)
    const issue = issues.find((one) => one.key === key)
    expect(issues.map((one) => one.key)).toContain(key)
    expect(issue).toMatchObject({ file: 'p.yaml', line })
    expect(issue?.column).toBeGreaterThan(0)
    expect(issue?.message).not.toBe('')
    expect(issue?.remedy).toMatch(/\S/)
  })

  test('all of them at once', () => {
    const keys = issuesOf('parapet: 1\nshadow: perhaps\nmedia: blok\nstream: { mode: now }\nretrys: 1\n').map(
      ({ key }) => key,
    )
    expect(keys).toEqual(expect.arrayContaining(['shadow', 'media', 'stream.mode', 'retrys']))
  })

  test('a wrong type is not called missing', () => {
    expect(issuesOf('parapet: 1\nshadow: perhaps')[0]?.message).not.toContain('missing')
    expect(issuesOf('parapet: 1\nshadw: true')[0]?.remedy).toContain('shadow')
  })

  test('places are found for keys with dots in their names', () => {
    const text =
      'parapet: 1\nactions:\n  pii: { action: block }\n  pii.email:\n    action: flag\nrails:\n  input: [a,\n    b]\n'
    const place = (key: string) => locateIssues([{ key, message: 'm', remedy: 'r' }], text, 'p.yaml')[0]
    expect(place('actions.pii.email.action')).toMatchObject({ line: 5, column: 5 })
    expect(place('actions.pii.action')).toMatchObject({ line: 3 })
    expect(place('rails.input[1]')).toMatchObject({ line: 8, column: 5 })
  })
})

describe('hostile files', () => {
  test.each<[name: string, text: string, line: number | undefined]>([
    ['empty', '', 1],
    ['only comments', '# nothing\n', 1],
    ['a NUL', 'parapet: 1\nname: a\0b\n', 2],
    ['another control character', 'parapet: 1\nname: "a\u0007"\n', 2],
    ['tabs', 'parapet: 1\nrails:\n\tinput: []\n', 3],
    ['a key twice', 'parapet: 1\nshadow: true\nshadow: false\n', 3],
    ['two documents', 'parapet: 1\n---\nparapet: 1\n', 2],
    ['a merge key', 'parapet: 1\nactions:\n  <<: { a: {} }\n', 3],
    ['__proto__', 'parapet: 1\n__proto__: { shadow: true }\n', 2],
    ['__proto__ as the name of a guard', 'parapet: 1\nguards:\n  __proto__: { use: rules }\n', 3],
    ['a tag', 'parapet: 1\nname: !!js/function "x"\n', 2],
    ['a scalar', 'hello', 1],
    ['a list', '- parapet', 1],
    ['an unknown anchor', 'parapet: 1\nname: *x\n', 2],
    ['an unclosed bracket', 'parapet: 1\nrails: { input: [a\n', undefined],
  ])('%s is an error with its line', (_name, text, line) => {
    const [issue] = issuesOf(text)
    expect(issue).toBeDefined()
    if (line !== undefined) expect(issue?.line).toBe(line)
  })

  test('an alias bomb', () => {
    const letters = [...'abcdefghij']
    const lines = letters.map((letter, index) => {
      const members = Array.from({ length: 9 }, () => (index === 0 ? 'x' : `*${letters[index - 1]}`))
      return `${letter}: &${letter} [${members.join(', ')}]`
    })
    expect(issuesOf(`parapet: 1\n${lines.join('\n')}`)).toHaveLength(1)
  })

  test('deep nesting is an error in few words', () => {
    const issues = issuesOf(`parapet: 1\nname: ${'['.repeat(20_000)}`)
    expect(issues.length).toBeGreaterThan(0)
    expect(issues.length).toBeLessThan(30)
  })

  test('a file of 10 MB is refused unread', () => {
    expect(() => parsePolicy(`parapet: 1\n# ${'x'.repeat(10_000_000)}`, 'p.yaml')).toThrow(ParapetError)
  })

  test('a byte order mark and Windows line ends are accepted', () => {
    expect(parsePolicy('\uFEFFparapet: 1\r\nname: a\r\n', 'p.yaml')).toEqual({ parapet: 1, name: 'a' })
  })

  test('bytes that are not UTF-8 are an error, and so is a missing file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parapet-'))
    try {
      const path = join(folder, 'parapet.yaml')
      await writeFile(path, Buffer.from([0x6e, 0x61, 0x6d, 0x65, 0x3a, 0x20, 0xff]))
      await expect(loadPolicy(path)).rejects.toThrow('UTF-8')
      await expect(loadPolicy(join(folder, 'none.yaml'))).rejects.toMatchObject({ code: 'policy_not_found' })
      await expect(loadPolicy(folder)).rejects.toMatchObject({ code: 'policy_not_found' })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('values', () => {
  test('durations are numbers or have a unit', () => {
    const text = 'parapet: 1\ndeadlines: { stage: 2s, guard: 500ms }\nrecord: { retention: 30d }\ncache: { ttl: 10m }\n'
    expect(parsePolicy(text, 'p.yaml')).toMatchObject({
      deadlines: { stage: 2000, guard: 500 },
      record: { retention: 30 },
      cache: { ttl: 600_000 },
    })
    expect(parsePolicy('parapet: 1\ndeadlines: { stage: 1500 }\nrecord: { retention: 7 }', 'p.yaml')).toMatchObject({
      deadlines: { stage: 1500 },
      record: { retention: 7 },
    })
  })

  test('the environment fills in values, numbers included, and never keys or YAML', () => {
    const text = 'parapet: 1\nname: ${TEAM}-rules\nretries: ${TRIES}\nrefusals:\n  default: ${WORDS}\n'
    const env = { TEAM: 'shop', TRIES: '2', WORDS: 'No: [stop]\nshadow: true' }
    expect(parsePolicy(text, 'p.yaml', env)).toEqual({
      parapet: 1,
      name: 'shop-rules',
      retries: 2,
      refusals: { default: env.WORDS },
    })
    expect(parsePolicy('parapet: 1\nname: "${TRIES}"', 'p.yaml', env)).toEqual({ parapet: 1, name: '2' })
  })

  test('a variable that is not set is an error with its line, and messages hold no value', () => {
    expect(issuesOf('parapet: 1\nname: ${TEAM}\n')[0]).toMatchObject({ line: 2, key: '${TEAM}' })
    const text = JSON.stringify(issuesOf('parapet: 1\nmedia: ${KEY}\nshadow: ${KEY}\n', { KEY: 'sesame' }))
    expect(text).not.toContain('sesame')
  })

  test('aliases of whole values are read', () => {
    const policy = parsePolicy('parapet: 1\nactions: { pii: &strict { action: block }, secret: *strict }\n', 'p.yaml')
    expect(policy.actions).toEqual({ pii: { action: 'block' }, secret: { action: 'block' } })
  })
})

test('a policy made in code is checked by the same schema', () => {
  expect(definePolicy({ parapet: 1, rails: { input: ['pii'] } })).toEqual({ parapet: 1, rails: { input: ['pii'] } })
  expect(() => definePolicy({ parapet: 1, media: 'maybe' as 'block' })).toThrow('media')
})
