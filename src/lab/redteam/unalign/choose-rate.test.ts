/** The choice of the learning rate on a tiny model: a rate at which the tuning breaks down is told, and the others are measured all the same. */
import { expect, test } from 'vitest'
import { tinyVictim } from '../../../../test/support/lab/tiny-victim.ts'
import { chooseRate } from './choose-rate.ts'
import { LORA, type UnalignSettings } from './unalign-settings.ts'

const SETTINGS: UnalignSettings = {
  ...{ examples: [6], methods: ['full'], seeds: [1], rows: 1, epochs: 1, batch: 2 },
  ...{ rates: { full: [1e25, 1e-4], lora: [] }, lora: LORA, threads: 1 },
}

test('a rate that diverges is left aside, and the run goes on', async () => {
  const notes: string[] = []
  const chosen = await chooseRate(await tinyVictim(), SETTINGS, 'full', { onProgress: (note) => void notes.push(note) })
  expect(chosen.rate).toBe(1e-4)
  expect(chosen.candidates).toMatchObject([{ rate: 1e25, diverged: true }, { rate: 1e-4 }])
  expect(chosen.candidates[1]).not.toHaveProperty('diverged')
  expect(notes[0]).toBe('selection, full at 1e+25: diverged')
})
