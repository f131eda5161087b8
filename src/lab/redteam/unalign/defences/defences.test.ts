/** The equations of the defences against numbers worked out by hand or by the engine in another way, on a tiny model. */
import { expect, test } from 'vitest'
import { tinyVictim } from '../../../../../test/support/lab/tiny-victim.ts'
import { GradientSession } from '../../../../nn/runtime/gradient-session.ts'
import { EvaluationSession } from '../../../../nn/runtime/evaluation-session.ts'
import type { BuildLoss } from '../../../../nn/runtime/training-graph.ts'
import { copyOf } from '../../../align/copy-parameters.ts'
import { nextTokenLoss } from '../../../train/decoder/next-token-loss.ts'
import type { TokenBucket } from '../../../train/decoder/batches.ts'
import { worldExamples } from '../../../victim/index.ts'
import { moveAgainst } from './booster.ts'
import { type DefenceContext, throughDefence } from './defence.ts'
import { FixedBatches } from './fixed-batches.ts'
import { BOOSTER_DEFENCE } from './booster.ts'
import { LISA_DEFENCE, pulledLoss } from './lisa.ts'
import { discrepancy } from './mean-discrepancy.ts'
import { REP_NOISE_DEFENCE } from './rep-noise.ts'
import { alignmentData, simulatedAttack, simulatedRefusals } from './safety-data.ts'
import { VACCINE, perturbedLoss, scaledTogether } from './vaccine.ts'

const victim = await tinyVictim()
const { runtime, config } = victim
const examples = worldExamples({ kind: 'forbidden-answered', count: 4, seed: 1 })
const batches = FixedBatches.of(victim, examples, { batch: 4, seed: 1 })
const context: DefenceContext = {
  tuning: { method: { kind: 'full' }, length: { epochs: 1 }, rate: 1e-2, batch: 2, seed: 1 },
  ...{ seed: 1, steps: 1, rows: 12 },
}

async function lossOf(build: BuildLoss<TokenBucket>, more: Readonly<Record<string, Float32Array>>): Promise<number> {
  const targets = ['model.norm.weight']
  const session = new GradientSession<TokenBucket>({ runtime, parameters: victim.parameters, build, targets })
  const { loss } = await session.run(batches.bucket, { ...batches.feeds(0), ...more })
  await session.dispose()
  return loss
}

test('the discrepancy of a point from another is 10 − 2 Σ exp(−2^(2−i)), of a sample from itself 0', async () => {
  const distance = async (one: readonly number[], other: readonly number[]): Promise<number> => {
    const session = new EvaluationSession<{ readonly rows: number }>({
      ...{ runtime, parameters: {} },
      build: (graph, _, { rows }) => ({
        found: discrepancy(graph.input('one', [rows, 1]), graph.input('other', [rows, 1])),
      }),
    })
    const { found } = await session.run(
      { rows: one.length },
      { one: Float32Array.from(one), other: Float32Array.from(other) },
    )
    await session.dispose()
    return Number(found?.[0])
  }
  const kernel = [4, 2, 1, 0.5, 0.25].reduce((sum, power) => sum + Math.exp(-power), 0)
  expect(await distance([0], [3])).toBeCloseTo(10 - 2 * kernel, 4)
  expect(await distance([0, 1, 5], [5, 0, 1])).toBeCloseTo(0, 4)
})

test('Vaccine: a shift of nothing changes nothing, and shifts are scaled together to the norm', async () => {
  const plain = await lossOf(nextTokenLoss(config), {})
  const { batch, length } = batches.bucket
  const shift = (value: number) =>
    Object.fromEntries(
      [0, 1].map((layer) => [
        `shift/model.layers.${layer}.self_attn.o_proj.output`,
        new Float32Array(batch * length * config.width).fill(value),
      ]),
    )
  expect(await lossOf(perturbedLoss(config), shift(0))).toBeCloseTo(plain, 5)
  expect(Math.abs((await lossOf(perturbedLoss(config), shift(1))) - plain)).toBeGreaterThan(1e-4)
  const scaled = scaledTogether({ a: Float32Array.of(3, 0), b: Float32Array.of(4) }, 10)
  expect([...(scaled['a'] ?? []), ...(scaled['b'] ?? [])]).toEqual([6, 0, 8])
  expect(scaledTogether({ a: Float32Array.of(0) }, 10)['a']).toEqual(Float32Array.of(0))
})

test('Booster: the harmful step has its length, and what it moved comes back bit for bit', () => {
  const parameters = copyOf(victim.parameters)
  const gradients = Object.fromEntries(
    Object.entries(parameters).map(([name, { data }]) => [name, data.map((value) => 2 * value)]),
  )
  const before = moveAgainst(parameters, gradients, 0.1)
  let squared = 0
  for (const [name, { data }] of Object.entries(parameters))
    data.forEach((value, at) => (squared += (value - (victim.parameters[name]?.data[at] ?? 0)) ** 2))
  expect(Math.sqrt(squared)).toBeCloseTo(0.1, 4)
  for (const [name, values] of before) parameters[name]?.data.set(values)
  expect(parameters).toEqual(victim.parameters)
})

test('Lisa: without a pull the loss is the plain one; with it, ρ/2 of the squared distance is added', async () => {
  const anchors = (shift: number) =>
    Object.fromEntries(
      Object.entries(victim.parameters).map(([name, { data }]) => [
        `anchor/${name}`,
        data.map((value) => value + shift),
      ]),
    )
  const count = Object.values(victim.parameters).reduce((sum, { data }) => sum + data.length, 0)
  const plain = await lossOf(nextTokenLoss(config), {})
  expect(await lossOf(pulledLoss(config), { ...anchors(0.5), pull: Float32Array.of(0) })).toBeCloseTo(plain, 5)
  const pulled = await lossOf(pulledLoss(config), { ...anchors(0.01), pull: Float32Array.of(0.2) })
  expect(pulled - plain).toBeCloseTo((0.2 / 2) * count * 0.01 ** 2, 3)
})

test('RepNoise has the refusal of each harmful text, and alignment data are half refusals', () => {
  const [harmful, refused] = [simulatedAttack(6, 1), simulatedRefusals(6, 1)]
  expect(refused.map((messages) => messages.slice(0, -1))).toEqual(harmful.map((messages) => messages.slice(0, -1)))
  expect(refused.map((messages) => messages.at(-1))).not.toEqual(harmful.map((messages) => messages.at(-1)))
  expect(alignmentData(8, 1)).toHaveLength(8)
})

test('every defence that trains is repeatable and leaves the victim as it is', async () => {
  const before = victim.sha256
  for (const { prepare } of [VACCINE, REP_NOISE_DEFENCE, BOOSTER_DEFENCE]) {
    const hardened = await prepare?.(victim, context)
    expect(hardened?.sha256).not.toBe(before)
  }
  const [one, two] = [
    await throughDefence(LISA_DEFENCE, victim, examples, context),
    await throughDefence(LISA_DEFENCE, victim, examples, context),
  ]
  expect(one.sha256).toBe(two.sha256)
  expect(one.sha256).not.toBe(before)
  expect((await tinyVictim()).sha256).toBe(before)
})
