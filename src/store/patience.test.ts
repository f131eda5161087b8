import { expect, test } from 'vitest'
import type { DecisionDraft } from '../spec/record.ts'
import { createFakeClock } from '../testing/index.ts'
import { createPatientRecord } from './patience.ts'

function draft(id: string, state: DecisionDraft['state'], mode: 'sync' | 'async' = 'async'): DecisionDraft {
  return {
    state,
    result: { decisionId: id } as DecisionDraft['result'],
    caller: {},
    door: 'test',
    policy: { capture: 'none', retention: 30, mode, whenFull: 'refuse' },
  }
}

function open(): {
  clock: ReturnType<typeof createFakeClock>
  taken: string[]
  patient: ReturnType<typeof createPatientRecord>
} {
  const clock = createFakeClock()
  const taken: string[] = []
  const patient = createPatientRecord(({ result, state }) => taken.push(`${result.decisionId} ${state}`), clock)
  return { clock, taken, patient }
}

test('an answer that ends soon is taken once, one that does not is taken twice, in order', async () => {
  const { clock, taken, patient } = open()
  patient.record(draft('quick', 'open'))
  patient.record(draft('slow', 'open'))
  patient.record(draft('quick', 'final'))
  expect(taken).toEqual(['quick final'])
  await clock.advance(2000)
  expect(taken).toEqual(['quick final', 'slow open'])
  patient.record(draft('slow', 'final'))
  expect(taken).toEqual(['quick final', 'slow open', 'slow final'])
})

test('under sync nothing waits', () => {
  const { taken, patient } = open()
  patient.record(draft('a', 'open', 'sync'))
  expect(taken).toEqual(['a open'])
})

test('closing hands on what waits', async () => {
  const { clock, taken, patient } = open()
  patient.record(draft('a', 'open'))
  patient.close()
  expect(taken).toEqual(['a open'])
  await clock.advance(5000)
  expect(taken).toEqual(['a open'])
})
