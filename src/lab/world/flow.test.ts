import { describe, expect, it } from 'vitest'
import { createRandom } from '../../nn/random.ts'
import { badTurns, flowLogs, flowSituation, goodTurn, judgeTurn, overRefusedTurn, WORLD_LANGUAGES } from './index.ts'

describe('flow', () => {
  it.each(WORLD_LANGUAGES)('tells good turns from every kind of wrong turn in %s', (language) => {
    const random = createRandom(7)
    const violations = new Set<string>()
    for (let round = 0; round < 300; round++) {
      const situation = flowSituation(random, { language })
      expect(judgeTurn(situation, goodTurn(situation))).toEqual({
        flow: true,
        guideline: true,
        joint: true,
        overRefusal: false,
      })
      for (const { violation, text } of badTurns(situation, random)) {
        const verdict = judgeTurn(situation, text)
        const breaksFlow = violation === 'skipped-step' || violation === 'repeated-step'
        expect([violation, verdict.flow, verdict.guideline]).toEqual([violation, !breaksFlow, breaksFlow])
        violations.add(violation)
      }
      const shy = overRefusedTurn(situation)
      if (shy !== null) expect(judgeTurn(situation, shy)).toMatchObject({ joint: true, overRefusal: true })
    }
    expect([...violations].toSorted()).toEqual([
      'forbidden-answered',
      'persona-dropped',
      'repeated-step',
      'skipped-step',
    ])
  })

  it('logs a third of wrong turns, the same for the same seed', () => {
    const logs = flowLogs(createRandom(1), { count: 1000 })
    const wrong = logs.filter(({ situation, text }) => !judgeTurn(situation, text).joint)
    expect(wrong.length).toBe(logs.filter(({ violation }) => violation !== null).length)
    expect(Math.abs(wrong.length / 1000 - 0.35)).toBeLessThan(0.05)
    expect(flowLogs(createRandom(1), { count: 1000 })).toEqual(logs)
  })
})
