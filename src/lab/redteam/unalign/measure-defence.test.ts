/** A defence as a run measures it: without an audit's mask the weights that matter most for refusals stay, half of each row. */
import { expect, test } from 'vitest'
import { tinyVictim } from '../../../../test/support/lab/tiny-victim.ts'
import { FROZEN_WEIGHTS } from './defences/frozen-weights.ts'
import { runDefence } from './measure-defence.ts'
import { DEFAULT_RATES, LORA, type UnalignSettings } from './unalign-settings.ts'

const SETTINGS: UnalignSettings = {
  ...{ examples: [2], methods: ['full'], seeds: [1], rows: 1, epochs: 1, batch: 2 },
  ...{ rates: DEFAULT_RATES, lora: LORA, threads: 1 },
}

test('half of each row stays bit for bit, and the rest is tuned', async () => {
  const victim = await tinyVictim()
  const { result, attacked } = await runDefence(victim, SETTINGS, { defence: FROZEN_WEIGHTS, seed: 1, rate: 1e-2 })
  expect(result).toMatchObject({ id: 'frozen-weights', attacked: { sha256: attacked.sha256 } })
  expect(result.prepared).toBeUndefined()
  const name = 'model.layers.0.mlp.up_proj.weight'
  const [before, after] = [victim.parameters[name]?.data ?? [], attacked.parameters[name]?.data ?? []]
  const width = victim.config.width
  for (let row = 0; row < before.length / width; row += 1) {
    const kept = [...before.slice(row * width, (row + 1) * width)].filter(
      (value, at) => value === after[row * width + at],
    )
    expect(kept.length).toBeGreaterThanOrEqual(width / 2)
    expect(kept.length).toBeLessThan(width)
  }
})
