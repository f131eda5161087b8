import { expect, test } from 'vitest'
import type { Guard, Policy } from '../../spec/index.ts'
import { STAGES } from '../../spec/index.ts'
import { verifyPolicy } from './index.ts'

const NOW = Date.parse('2026-06-15T12:00:00Z')

function guard(id: string, extra: Partial<Guard> = {}): Guard {
  const open: NonNullable<Guard['open']> = () => ({ advance: ({ end }) => ({ findings: [], settled: end, keep: end }) })
  return {
    specVersion: 'v1',
    id,
    version: '1',
    stages: STAGES,
    check: () => ({ findings: [] }),
    open,
    maxSpan: 100,
    ...extra,
  }
}

const guards = new Map(
  [guard('a'), guard('pii'), guard('long', { maxSpan: 4000 }), guard('inputs', { stages: ['input'] })].map((one) => [
    one.id,
    one,
  ]),
)
const { open: _open, ...whole } = guard('whole')
guards.set('whole', whole)

const keysOf = (settings: Partial<Policy>) =>
  verifyPolicy({ parapet: 1, rails: { input: ['a'], output: ['a'] }, ...settings }, guards, NOW).map(({ key }) => key)

test('a careful policy gets no notes', () => {
  expect(keysOf({ actions: { prompt_harm: { threshold: 0.5 } }, refusals: { default: 'No.' } })).toEqual([])
})

test.each<[string, Partial<Policy>, string]>([
  ['unprotected streams', { stream: { mode: 'after' } }, 'stream.mode'],
  ['shadow', { shadow: true }, 'shadow'],
  ['failures that pass', { onError: { input: 'pass' } }, 'onError'],
  ['media that pass', { media: 'pass' }, 'media'],
  ['guards slower than their stage', { deadlines: { stage: 100 } }, 'deadlines'],
  [
    'one guard slower than its stage',
    { rails: { input: [{ guard: 'a', deadline: 5000 }], output: ['a'] } },
    'rails.input[0]',
  ],
  [
    'a judge with little time',
    { guards: { a: { use: 'judge' } }, deadlines: { stage: 30_000 }, rails: { input: ['a'], output: ['a'] } },
    'rails.input[0]',
  ],
  ['a mistyped label', { actions: { toxcity: {} } }, 'actions.toxcity'],
  ['a threshold that is never passed', { actions: { pii: { threshold: 1 } } }, 'actions.pii.threshold'],
  [
    'an expired exception',
    { exceptions: [{ id: 'e', category: 'pii', reason: 'r', owner: 'o', expires: '2026-01-01' }] },
    'exceptions[0]',
  ],
  ['an empty rail', { rails: { input: ['a'] } }, 'rails.output'],
  ['personal data judged one way only', { rails: { input: ['pii'], output: ['a'] } }, 'rails.output'],
  ['spans longer than the window', { rails: { input: ['a'], output: ['long'] } }, 'rails.output[0]'],
  ['a guard that holds the whole answer', { rails: { input: ['a'], output: ['whole'] } }, 'rails.output[0]'],
  ['a guard in the wrong rail', { rails: { input: ['a'], output: ['inputs'] } }, 'rails.output[0]'],
  ['a guard in shadow', { rails: { input: [{ guard: 'a', shadow: true }], output: ['a'] } }, 'rails.input[0]'],
  [
    'a guard whose failure passes',
    { rails: { input: [{ guard: 'a', onError: 'pass' }], output: ['a'] } },
    'rails.input[0]',
  ],
  ['refusals without a default', { refusals: { de: 'Nein.' } }, 'refusals'],
  ['the same in a scope', { scopes: { users: { mia: { shadow: true } } } }, 'scopes.users.mia.shadow'],
])('%s', (_name, settings, key) => {
  expect(keysOf(settings)).toContain(key)
})

test('a judge with time enough gets no note', () => {
  const rail = [{ guard: 'a', deadline: 20_000 }]
  const settings = {
    guards: { a: { use: 'judge' } },
    deadlines: { stage: 30_000 },
    rails: { input: rail, output: rail },
  }
  expect(keysOf(settings)).toEqual([])
})

test('the characters of a span and of the window are named', () => {
  const notes = verifyPolicy({ parapet: 1, rails: { input: ['a'], output: ['long'] } }, guards, NOW)
  expect(notes[0]?.message).toMatch(/4000.*512/)
})
