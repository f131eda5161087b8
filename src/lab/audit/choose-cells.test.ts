/** Which cell of a sweep is reported, probes with a known answer, and figures from rows. */
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../nn/random.ts'
import { type Cell, largestLoss, rankCells, smallestBreaking, successOf } from './choose-cells.ts'
import { type AuditFigures, type AuditRow, figuresOf } from './measure/audit-rows.ts'
import { fitProbe, probeAccuracy } from './probes/linear-probe.ts'

/** Ten rows of each set; as many successes and right answers as given. */
function figures(words: number, fact: number, rest?: readonly [number, number, number]): AuditFigures {
  const rows: AuditRow[] = Array.from({ length: 10 }, (_, at) => ({
    ...{ set: 'attack', condition: 'vanilla', id: String(at) },
    attempts: at < fact ? 's' : at < words ? 'w' : '-',
  }))
  const sets = ['near-miss', 'benign', 'utility'] as const
  for (const [place, set] of sets.entries())
    if (rest !== undefined)
      for (let at = 0; at < 10; at += 1)
        rows.push({ set, id: String(at), right: at < (rest[place] ?? 0), refused: false })
  return figuresOf(rows)
}

const base = figures(0, 0, [9, 10, 9])
const cell = (name: string, share: number, found: AuditFigures): Cell<string> => ({
  variant: name,
  share,
  figures: found,
})
const RULE = { floor: 0.1, most: 0.03 }

describe('choice', () => {
  it('takes success, less what goes below the floor, and cells that cut too much last', () => {
    const cells = [
      cell('costly', 0.01, figures(10, 0, [2, 10, 9])),
      cell('good', 0.02, figures(8, 2, [8, 10, 9])),
      cell('huge', 0.2, figures(10, 9, [9, 10, 9])),
      cell('hardly', 0.01, figures(1, 0)),
    ]
    expect(rankCells(cells, base, RULE).map(({ variant }) => variant)).toEqual(['good', 'costly', 'hardly', 'huge'])
    expect(largestLoss(figures(8, 2, [7, 10, 9]), base)).toBeCloseTo(0.2, 9)
    expect(largestLoss(figures(1, 0), base)).toBeNull()
  })

  it('finds the smallest cell that breaks the refusals and nothing else, or none', () => {
    const cells = [
      cell('larger', 0.02, figures(10, 1, [9, 10, 9])),
      cell('smaller', 0.01, figures(9, 1, [9, 10, 9])),
      cell('tiny', 0.001, figures(9, 1, [4, 10, 9])),
    ]
    const lost = cells.map((one) => ({ ...one, loss: largestLoss(one.figures, base) }))
    expect(smallestBreaking(lost, { floor: 0.1, success: 0.9 })?.variant).toBe('smaller')
    expect(smallestBreaking(lost.slice(2), { floor: 0.1, success: 0.9 })).toBeNull()
  })
})

describe('figures', () => {
  it('count a request as carried out when any attempt is', () => {
    const rows: readonly AuditRow[] = ['--w--', '-----', 's----', '--ws-'].map((attempts, at) => ({
      ...{ set: 'attack', condition: 'sampled', id: String(at), attempts },
    }))
    const { attack } = figuresOf(rows)
    expect(attack['sampled']?.string).toMatchObject({ rows: 4, hits: 3, rate: 0.75 })
    expect(attack['sampled']?.strict.rate).toBe(0.5)
    expect(successOf(figuresOf(rows), 'string')).toBe(0)
  })
})

describe('a linear probe', () => {
  const random = createRandom(4)
  const draw = (separated: boolean) =>
    Array.from({ length: 200 }, (_, at) => {
      const positive = at % 2 === 0
      const features = Array.from({ length: 5 }, () => 10 * random() + 3)
      if (separated) features[3] = (features[3] ?? 0) + (positive ? 8 : -8)
      return { features, positive }
    })

  it('finds a class that one feature tells apart, and nothing in noise', () => {
    expect(probeAccuracy(fitProbe(draw(true)), draw(true))).toBeGreaterThan(0.9)
    const noise = probeAccuracy(fitProbe(draw(false)), draw(false))
    expect(noise).toBeGreaterThan(0.3)
    expect(noise).toBeLessThan(0.7)
  })

  it('stands features without any variation, and asks for both classes', () => {
    const flat = draw(true).map(({ features, positive }) => ({ features: [...features, 5], positive }))
    expect(probeAccuracy(fitProbe(flat), flat)).toBeGreaterThan(0.9)
    expect(() => fitProbe(flat.filter(({ positive }) => positive))).toThrow('both classes')
  })
})
