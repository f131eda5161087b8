/** Policies over time: edits while running, cases, scopes. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compilePolicy } from '../core/policy/index.ts'
import type { Action, ParapetEvent } from '../spec/index.ts'
import { PolicyError, SEVERITY } from '../spec/index.ts'
import { createParapet } from './create-parapet.ts'
import { runPolicyCases, toJUnit } from './policy-cases.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-policy-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const phrase = (word: string): string =>
  `parapet: 1\nrails: { input: [words] }\nguards: { words: { use: rules, phrases: [${word}] } }\n`

function next(
  parapet: { on(listener: (event: ParapetEvent) => void): () => void },
  type: ParapetEvent['type'],
): Promise<ParapetEvent> {
  return new Promise((resolve) => {
    const stop = parapet.on((event) => {
      if (event.type !== type) return
      stop()
      resolve(event)
    })
  })
}

test('an edit takes effect; a broken one keeps the old policy and says why', async () => {
  const path = join(folder, 'parapet.yaml')
  writeFileSync(path, phrase('apple'))
  const parapet = await createParapet(path)
  expect((await parapet.check('an apple')).decision).toBe('block')

  const changed = next(parapet, 'policy-changed')
  writeFileSync(path, phrase('pear'))
  await changed
  expect((await parapet.check('an apple')).decision).toBe('pass')
  const version = parapet.policyVersion

  const rejected = next(parapet, 'policy-rejected')
  writeFileSync(path, 'parapet: 1\nrals: {}\n')
  expect(await rejected).toMatchObject({ kept: version, message: expect.stringContaining('parapet.yaml:2:1') })
  expect((await parapet.check('a pear')).decision).toBe('block')

  const replaced = next(parapet, 'policy-changed')
  writeFileSync(join(folder, 'new.yaml'), phrase('plum'))
  renameSync(join(folder, 'new.yaml'), path)
  await replaced
  expect((await parapet.check('a plum')).decision).toBe('block')
  await parapet.close()
})

test('under many swaps every request is judged by one policy or the other, never by none', async () => {
  const path = join(folder, 'parapet.yaml')
  writeFileSync(path, phrase('apple'))
  const parapet = await createParapet(path)
  for (let round = 0; round < 100; round++) {
    writeFileSync(path, phrase(round % 2 === 0 ? 'pear' : 'apple'))
    const { decision, guards } = await parapet.check('an apple and a pear')
    expect(decision).toBe('block')
    expect(guards.filter(({ guard }) => guard === 'words')).toHaveLength(1)
  }
  await parapet.close()
})

test('cases: each line is judged, a line that is none fails, and the report is XML without the text', async () => {
  const parapet = await createParapet()
  const cases = [
    '{"name":"mail <1>","prompt":"I am jane.doe@example.org","expect":"modify","labels":["pii"]}',
    '',
    '{"prompt":"How do I cook rice?","expect":["block","refuse"]}',
    'not json',
    '{"prompt":"x","expect":"maybe"}',
  ]
  const report = await runPolicyCases((input) => parapet.check(input), cases.join('\n'))
  expect(report.results.map(({ line, passed }) => [line, passed])).toEqual([
    [1, true],
    [3, false],
    [4, false],
    [5, false],
  ])
  const xml = toJUnit(report, 'cases')
  expect(xml).toContain('tests="4" failures="3"')
  expect(xml).toContain('name="mail &lt;1&gt;"')
  expect(xml).not.toContain('jane.doe')
  await expect(runPolicyCases((input) => parapet.check(input), '\n')).rejects.toThrow('no cases')
  await parapet.close()
})

describe('scopes', () => {
  const actions = fc.constantFrom<Action>('pass', 'flag', 'modify', 'refuse', 'block')
  const rule = fc.record(
    { action: actions, threshold: fc.double({ min: 0, max: 1, noNaN: true }) },
    { requiredKeys: ['action', 'threshold'] },
  )

  test('property: what is hard is never weaker in a narrower scope, or the policy is refused', () => {
    fc.assert(
      fc.property(rule, rule, fc.constantFrom('pii', 'pii.card'), (wide, narrow, label) => {
        const make = () =>
          compilePolicy({
            parapet: 1,
            rails: { input: ['pii'] },
            actions: { pii: { ...wide, hard: true } },
            scopes: { applications: { a: { actions: { [label]: narrow } } } },
          })
        const weaker =
          SEVERITY.indexOf(narrow.action) < SEVERITY.indexOf(wide.action) || narrow.threshold > wide.threshold
        if (weaker) {
          expect(make).toThrow(PolicyError)
          return
        }
        const resolved = make().scope({ application: 'a' }).rails.input[0]?.rule('pii.card')
        expect(resolved?.threshold).toBeLessThanOrEqual(wide.threshold)
        expect(SEVERITY.indexOf(resolved?.action ?? 'pass')).toBeGreaterThanOrEqual(SEVERITY.indexOf(wide.action))
        expect(resolved?.hard).toBe(true)
      }),
    )
  })

  test.each([
    ['onError', { onError: 'pass' }],
    ['stream', { stream: { mode: 'after' } }],
    ['stream', { stream: { window: 10 } }],
    ['shadow', { shadow: true }],
    ['media', { media: 'pass' }],
    ['without', { without: ['pii'] }],
    ['rails', { rails: { input: [{ guard: 'pii', shadow: true }] } }],
  ] as const)('%s cannot be loosened by a user', (key, scope) => {
    const policy = {
      parapet: 1,
      rails: { input: ['pii'] },
      guards: { pii: { use: 'pii', hard: true } },
      scopes: { users: { u: scope } },
    } as const
    expect(() => compilePolicy(policy)).toThrow(new RegExp(`scopes\\.users\\.u\\.${key}`))
    const soft = compilePolicy({ ...policy, hard: [], guards: {} })
    expect(soft.scope({ user: 'u' }).version).not.toBe(soft.version)
  })

  test('application, then user; entries are added and replaced', () => {
    const policy = compilePolicy({
      parapet: 1,
      rails: { input: ['a', 'b'] },
      scopes: {
        applications: { app: { rails: { input: ['c', { guard: 'a', deadline: 5 }] } } },
        users: { u: { without: ['b'] } },
      },
    })
    expect(
      policy.scope({ application: 'app', user: 'u' }).rails.input.map(({ guard, deadline }) => [guard, deadline]),
    ).toEqual([
      ['a', 5],
      ['c', 1000],
    ])
    expect(policy.scope({ application: 'constructor' }).rails.input).toHaveLength(2)
  })

  test('the version does not depend on the order of keys', () => {
    const one = compilePolicy({ parapet: 1, name: 'x', shadow: true })
    expect(compilePolicy({ shadow: true, name: 'x', parapet: 1 }).version).toBe(one.version)
    expect(compilePolicy({ shadow: false, name: 'x', parapet: 1 }).version).not.toBe(one.version)
  })
})

describe('exceptions', () => {
  const base = { id: 'e', reason: 'r', owner: 'o', expires: '2999-01-01' }
  const policy = (exception: object, hard = false) => ({
    parapet: 1 as const,
    rails: { input: ['words'] },
    guards: { words: { use: 'rules', phrases: ['killer bee', 'apple'] } },
    actions: { rule: { action: 'block' as const, hard } },
    exceptions: [{ ...base, ...exception }],
  })

  test.each([
    ['phrase', { phrase: 'KILLER  bee' }, 'a killer bee', true],
    ['phrase of another text', { phrase: 'killer bee' }, 'an apple', false],
    ['pattern', { pattern: 'kill.*' }, 'a killer bee', true],
    ['hash', { hash: '71cc0e8ac7b67f8d7b8a8f6ba4b8ac7d6a5a1a5b2b3b1c0ad5eaed7d4b1ff0f2' }, 'a killer bee', false],
    ['category', { category: 'rule.words' }, 'an apple', true],
    ['category for other labels', { category: 'rule.words', labels: ['pii'] }, 'an apple', false],
    ['caller', { caller: 'tests' }, 'an apple', true],
    ['an expired one', { category: 'rule', expires: '2020-01-01' }, 'an apple', false],
  ])('%s', async (_what, exception, prompt, silenced) => {
    const parapet = await createParapet(policy(exception))
    const result = await parapet.check({ prompt, caller: { key: 'tests' } })
    expect(result.decision).toBe(silenced ? 'pass' : 'block')
    expect(result.exceptions).toEqual(silenced ? ['e'] : [])
    const hard = await createParapet(policy(exception, true))
    expect((await hard.check({ prompt, caller: { key: 'tests' } })).decision).toBe('block')
    await parapet.close()
    await hard.close()
  })
})
