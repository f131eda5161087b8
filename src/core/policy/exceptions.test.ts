import { describe, expect, test } from 'vitest'
import type { Clock, Finding, Policy, PolicyException } from '../../spec/index.ts'
import { PolicyError } from '../../spec/index.ts'
import { createTextView } from '../text/index.ts'
import { compilePolicy } from './index.ts'

const NOW = Date.parse('2026-06-15T12:00:00Z')
const clock: Clock = { now: () => NOW, setTimeout: () => 0, clearTimeout: () => undefined }
const base = { id: 'e', reason: 'known', owner: 'ana', expires: '2027-01-31' }
const compilePattern = (source: string) => new RegExp(source)

function ready(exception: Partial<PolicyException>) {
  const policy: Policy = { parapet: 1, exceptions: [{ ...base, ...exception }] }
  const [made] = compilePolicy(policy, { clock, compilePattern }).scope({}).exceptions
  if (made === undefined) throw new Error('no exception')
  return (text: string, finding: Partial<Finding> = {}, caller = {}) =>
    made.matches({
      finding: { label: 'pii.email', score: 1, ...finding },
      text: createTextView(text),
      caller,
      textHash: () => 'a'.repeat(64),
    })
}

describe('phrases', () => {
  const asked = ready({ phrase: 'Killer Bee' })

  test('cover what was found, whatever its case, width and spaces', () => {
    expect(asked('buy killer  bee now', { span: { start: 4, end: 15 } })).toBe(true)
    expect(asked('ＫＩＬＬＥＲ bee')).toBe(true)
  })

  test('excuse no text that merely holds them', () => {
    expect(asked('something bad. killer bee')).toBe(false)
    expect(asked('killer beehive', { span: { start: 0, end: 14 } })).toBe(false)
  })
})

test('a pattern covers the whole of what was found', () => {
  const asked = ready({ pattern: '[a-z]+@example\\.com|x' })
  expect(asked('ana@example.com', { span: { start: 0, end: 15 } })).toBe(true)
  expect(asked('ana@example.com.evil.test', { span: { start: 0, end: 25 } })).toBe(false)
})

test('a hash, a category and a caller', async () => {
  expect(await ready({ hash: 'A'.repeat(64) })('any')).toBe(true)
  expect(await ready({ hash: 'b'.repeat(64) })('any')).toBe(false)
  expect(ready({ category: 'pii' })('any')).toBe(true)
  expect(ready({ category: 'pi' })('any')).toBe(false)
  expect(ready({ caller: 'tests' })('any', {}, { key: 'tests' })).toBe(true)
  expect(ready({ caller: 'tests' })('any')).toBe(false)
})

test('labels restrict, hard findings are never silenced', () => {
  expect(ready({ category: 'pii', labels: ['pii.card'] })('any')).toBe(false)
  expect(ready({ category: 'pii' })('any', { hard: true })).toBe(false)
})

test.each([
  ['2026-06-15', true],
  ['2026-06-14', false],
  ['2026-06-15T12:00:01Z', true],
  ['2026-06-15T12:00:00', false],
  ['2026-06-15T13:30:00+02:00', false],
])('an exception until %s holds: %s', (expires, holds) => {
  expect(ready({ category: 'pii', expires })('any')).toBe(holds)
})

test.each<[string, Partial<PolicyException>, string]>([
  ['nothing to match', {}, 'exceptions[0]'],
  ['two things to match', { phrase: 'a', category: 'pii' }, 'exceptions[0]'],
  ['a phrase of invisible characters', { phrase: '\u200B ' }, 'exceptions[0].phrase'],
  ['a pattern that is none', { pattern: '(' }, 'exceptions[0].pattern'],
  ['a hash that is none', { hash: 'abc' }, 'exceptions[0].hash'],
  ['no reason', { category: 'pii', reason: ' ' }, 'exceptions[0].reason'],
  ['no owner', { category: 'pii', owner: '' }, 'exceptions[0].owner'],
  ['no date', { category: 'pii', expires: 'never' }, 'exceptions[0].expires'],
  ['a day that does not exist', { category: 'pii', expires: '2027-13-01' }, 'exceptions[0].expires'],
])('%s is an error', (_name, exception, key) => {
  expect(() => ready(exception)).toThrow(PolicyError)
  expect(() => ready(exception)).toThrow(`${key}:`)
})

test('two exceptions with one id are an error, patterns need a matcher', () => {
  const twice: Policy = {
    parapet: 1,
    exceptions: [
      { ...base, category: 'pii' },
      { ...base, caller: 'a' },
    ],
  }
  expect(() => compilePolicy(twice)).toThrow('exceptions[1].id')
  expect(() => compilePolicy({ parapet: 1, exceptions: [{ ...base, pattern: 'a' }] })).toThrow('linear-time')
})
