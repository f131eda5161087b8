/**
 * The generator that runs with nothing but a lexicon: a learnt policy chooses ways (`transforms.ts`) for seeds and languages, the meaning
 * check and the un-tuned classifier rate what comes of it, and each round's preferences move the policy. Its texts are only as good as the
 * lexicon; what it learns is which ways of saying the same a classifier has not yet seen.
 */
import { createRandom } from '../../../../nn/random.ts'
import { ParapetError } from '../../../../spec/errors.ts'
import { cutAtSentence } from '../../../translate/translate-rows.ts'
import type { Generator, GeneratorFactory, Proposal, SeedRow, WayProbabilities } from '../proposal.ts'
import { seedOf } from '../seed-of.ts'
import { rateMeaning } from './meaning-check.ts'
import { POLICY_SETTINGS, type PolicySettings, TransformPolicy, type WayPair } from './transform-policy.ts'
import { transform, type Transformed, type Way } from './transforms.ts'
import type { GameTranslator } from './translators.ts'

export interface TransformGeneratorOptions {
  readonly translators: readonly GameTranslator[]
  readonly policy?: PolicySettings
}

/** Texts are translated up to this many characters. */
const LONGEST = 600

interface Note {
  readonly way: Way
  readonly made: Transformed
}

export function transformGenerator({
  translators,
  policy: settings = POLICY_SETTINGS,
}: TransformGeneratorOptions): GeneratorFactory {
  return ({ baseScore }) => {
    const languages = translators.map(({ language }) => language)
    const policy = new TransformPolicy(languages)
    const start = new TransformPolicy(languages)
    const ratings = new Map<string, number>()
    const scoreOf = (seed: SeedRow): number => {
      const known = ratings.get(seed.id) ?? baseScore(seed.text)
      ratings.set(seed.id, known)
      return known
    }
    const generator: Generator = {
      id: `transforms by ${translators.map(({ language, way }) => `${language} ${way}`).join(', ')}`,
      rater: 'rules on the text (meaning check) and the un-tuned classifier of round 0 on the English seed',
      learns: true,
      async propose({ seeds, languages: wanted, count, temperature, seed, signal }) {
        const proposals: Proposal[] = []
        let failed = 0
        for (const language of wanted) {
          const translator = translators.find((one) => one.language === language)
          if (translator === undefined)
            throw new ParapetError('configuration', `There is no translator into ${language}.`)
          const short = seeds.map((row) => ({ ...row, text: cutAtSentence(row.text, LONGEST) }))
          const plains = await translator.plain(
            short.map(({ text }) => text),
            signal,
          )
          short.forEach((row, at) => {
            const plain = plains[at]
            const random = createRandom(seedOf(seed, row.id, language))
            const ways = policy.waysOf(language)
            const features = policy.features(row, language)
            for (let sample = 0; sample < count; sample++) {
              const way = policy.sample(features, ways, temperature, random)
              const made = plain === undefined ? null : transform(way, { seed: row, translator, plain, random })
              if (made === null) failed++
              else
                proposals.push({
                  seed: seeds[at] ?? row,
                  language,
                  text: made.text,
                  way,
                  note: { way, made } satisfies Note,
                })
            }
          })
        }
        return { proposals, failed }
      },
      rate: (proposals) =>
        Promise.resolve(
          proposals.map(({ seed, language, note }) =>
            rateMeaning((note as Note).made, { seed, language, baseScore: scoreOf(seed) }),
          ),
        ),
      learn(pairs) {
        const ways = pairs.map(({ chosen, rejected }): WayPair => ({
          features: policy.features(chosen.seed, chosen.language),
          ways: policy.waysOf(chosen.language),
          chosen: (chosen.note as Note).way,
          rejected: (rejected.note as Note).way,
        }))
        const { before, after } = policy.update(ways, settings)
        return Promise.resolve({ pairs: pairs.length, lossBefore: before, lossAfter: after })
      },
      state: () => policy.weights(),
      restore: (state) => policy.restore(state as readonly (readonly number[])[]),
      probabilities: () => probabilitiesOf(policy, start),
      dispose: () => Promise.resolve(),
    }
    return Promise.resolve(generator)
  }
}

/** Of a short seed that is no question. */
function probabilitiesOf(policy: TransformPolicy, start: TransformPolicy): readonly WayProbabilities[] {
  return policy.languages.flatMap((language) =>
    ([0, 1] as const).map((label): WayProbabilities => {
      const features = policy.features({ text: '', label }, language)
      const ways = policy.waysOf(language)
      const [now, before] = [policy.probabilities(features, ways), start.probabilities(features, ways)]
      return { language, label, ways: ways.map((way, at) => ({ way, before: before[at] ?? 0, now: now[at] ?? 0 })) }
    }),
  )
}
