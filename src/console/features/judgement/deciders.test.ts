import { describe, expect, test } from 'vitest'
import type { GuardResult } from '../../data/words.ts'
import { decidersOf, groupGuards } from './deciders.ts'

const result = (guard: string, part: Partial<GuardResult> = {}): GuardResult => ({
  guard,
  stage: 'input',
  status: 'judged',
  decision: 'pass',
  labels: [],
  ms: 1,
  cached: false,
  shadow: false,
  ...part,
})

describe('who decided', () => {
  test('the guards that asked for what was decided, fastest first; nobody for a pass', () => {
    const guards = [
      result('slow', { decision: 'block', ms: 9 }),
      result('mask', { decision: 'modify' }),
      result('fast', { decision: 'block', ms: 2 }),
      result('idle'),
    ]
    expect(decidersOf('block', guards).map(({ guard }) => guard)).toEqual(['fast', 'slow'])
    expect(decidersOf('pass', guards)).toEqual([])
  })

  test('a guard in shadow never decides', () => {
    expect(decidersOf('block', [result('quiet', { decision: 'block', shadow: true })])).toEqual([])
  })

  test('without a model to ask again, who asked for it has blocked; not beside one that blocks', () => {
    const again = result('form', { decision: 'retry' })
    expect(decidersOf('block', [again])).toEqual([again])
    const block = result('b', { decision: 'block' })
    expect(decidersOf('block', [again, block])).toEqual([block])
  })

  test('failures and timeouts are told apart', () => {
    const failed = result('f', { status: 'error', decision: 'error' })
    const late = result('t', { status: 'timeout', decision: 'timeout' })
    expect(decidersOf('error', [failed, late])).toEqual([failed])
    expect(decidersOf('timeout', [failed, late])).toEqual([late])
  })
})

describe('the table of guards', () => {
  test('begins with who decided, then the more severe, then the slower', () => {
    const guards = [
      result('quick', { ms: 1 }),
      result('slow', { ms: 5 }),
      result('mask', { decision: 'modify' }),
      result('quiet', { decision: 'block', shadow: true }),
      result('letpass', { status: 'error', decision: 'pass', error: { code: 'guard_failed', message: 'broke' } }),
      result('judge', { decision: 'refuse', ms: 0.1 }),
    ]
    const groups = groupGuards('refuse', guards)
    expect(groups.map(({ guard }) => guard)).toEqual(['judge', 'quiet', 'mask', 'letpass', 'slow', 'quick'])
    expect(groups.map(({ decided }) => decided)).toEqual([true, false, false, false, false, false])
    expect(groups[3]?.error).toBe('broke')
  })

  test('one guard over several texts is one row: the deciding time, all labels, cached only if all were', () => {
    const guards = [
      result('pii', { ms: 7, cached: true }),
      result('pii', { ms: 2, decision: 'modify', labels: ['pii.email'] }),
      result('pii', { ms: 3, stage: 'output', labels: [] }),
      result('pii', { ms: 4, shadow: true }),
    ]
    const groups = groupGuards('modify', guards)
    expect(groups).toHaveLength(3)
    expect(groups[0]).toMatchObject({ ms: 2, runs: 2, labels: ['pii.email'], cached: false, decided: true })
  })

  test('without a decider the slowest time is told', () => {
    expect(groupGuards('pass', [result('a', { ms: 1 }), result('a', { ms: 8 })])[0]).toMatchObject({ ms: 8, runs: 2 })
    expect(groupGuards('pass', [])).toEqual([])
  })
})
