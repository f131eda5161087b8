/** The small decoder as the generator: taught by transforms, sampled, really updated by preferences, and put back from its state. */
import { expect, test } from 'vitest'
import { PLANTS, SWEETS } from '../../../../test/support/lab-rows.ts'
import { decoderGenerator } from './decoder-generator.ts'
import { safeTargets, targetsAt } from './labels.ts'
import { pairsOf } from './preferences.ts'
import type { RatedProposal, SeedRow } from './proposal.ts'
import { ratingMatches } from './rating.ts'
import { transformGenerator } from './transforms/transform-generator.ts'
import { gameTranslator } from './transforms/translators.ts'

const seedRow = (label: 0 | 1, text: string): SeedRow => ({
  ...{ id: text, text, language: 'en', label, task: 'prompt_harm', categories: [], source: 's', licence: 'l' },
  targets: label === 1 ? targetsAt([1]) : safeTargets(),
})
const SEEDS = [
  ...PLANTS.map((plant) => seedRow(0, `Water the ${plant}`)),
  ...SWEETS.map((sweet) => seedRow(1, `Steal the ${sweet}`)),
]

test(
  'it learns to say what transforms say, and then prefers what it was told to prefer',
  { timeout: 60_000 },
  async () => {
    const translators = [await gameTranslator('de', { texts: [], use: 'small' })]
    const make = decoderGenerator({
      ...{ teacher: transformGenerator({ translators }), translators, steps: 150, vocabularySize: 300, width: 32 },
      ...{ learningRate: 3e-3, passes: 6 },
    })
    const generator = await make({
      seed: 1,
      seeds: SEEDS,
      baseScore: (text) => (text.startsWith('Steal') ? 0.99 : 0.01),
    })
    const ask = { seeds: SEEDS, languages: ['de'], count: 3, temperature: 0.7 }
    const before = await generator.propose({ ...ask, seed: 3 })
    expect(before.proposals.length + before.failed).toBe(48)
    const ratings = await generator.rate(before.proposals, { seed: 1 })
    const kept = before.proposals.filter(({ seed }, at) => ratingMatches(ratings[at] ?? null, seed.label))
    expect(kept.length).toBeGreaterThan(5)

    // Large letters are preferred to small ones: nothing the teacher ever preferred.
    const isLarge = (text: string): boolean => text === text.toUpperCase()
    const told = SEEDS.flatMap((seed): RatedProposal[] => {
      const text = before.proposals.find((one) => one.seed === seed && !isLarge(one.text))?.text ?? 'die Rosen'
      const shared = { seed, language: 'de', way: 'decoder', rating: 5, matches: true }
      return [
        { ...shared, text: text.toUpperCase(), fooled: true, level: 1 },
        { ...shared, text, fooled: false, level: 2 },
      ]
    })
    const state = JSON.parse(JSON.stringify(generator.state())) as unknown
    const figures = await generator.learn(
      pairsOf(told, () => 0),
      { round: 1, seed: 1 },
    )
    expect(figures['pairs']).toBe(16)
    expect(figures['lossAfter']).toBeLessThan((figures['lossBefore'] ?? 0) * 0.8)
    const large = async (): Promise<number> =>
      (await generator.propose({ ...ask, seed: 4 })).proposals.filter(({ text }) => isLarge(text)).length
    const after = await large()
    generator.restore(state)
    const restored = await large()
    expect(after).toBeGreaterThan(restored + 5)
    expect((await generator.propose({ ...ask, seed: 3 })).proposals.map(({ text }) => text)).toEqual(
      before.proposals.map(({ text }) => text),
    )
    await generator.learn([], { round: 1, seed: 1 })
    expect(await large()).toBe(restored)
    await generator.dispose()
  },
)

test('what the rater failed on is not taught, not even as harmless', async () => {
  const translators = [await gameTranslator('de', { texts: [], use: 'small' })]
  const transforms = transformGenerator({ translators })
  const make = decoderGenerator({
    translators,
    steps: 1,
    teacher: async (context) => ({
      ...(await transforms(context)),
      rate: (proposals) => Promise.resolve(proposals.map(() => null)),
    }),
  })
  const seeds = SEEDS.filter(({ label }) => label === 0)
  await expect(make({ seed: 1, seeds, baseScore: () => 0.01 })).rejects.toThrow('no proposal that keeps its label')
})
