/**
 * The guard of one application: the general model, taught on with the application's samples and as many of the library, so that it does not
 * forget. Whether teaching helps, and where a score means off topic, is decided by cross-fitting: each sample that counts was scored by a
 * network that was taught neither its text nor its system prompt. The guard itself is then taught with all of them.
 */
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { topicLogit, type TopicModelData, type TopicNetwork } from '../../../nn/topic-model.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { rankingMetrics } from '../../eval/metrics/ranking.ts'
import { sourceKey } from '../generate/clean.ts'
import { learntTexts, librarySamples } from '../generate/library-samples.ts'
import { pickMany } from '../generate/draw.ts'
import { createRandom } from '../../../nn/random.ts'
import type { Split, TopicSample } from '../sample.ts'
import { addPairs, type EncoderOfTexts, FeatureMaker, shownOf } from './encode.ts'
import { foldsOf, placesOf } from './folds.ts'
import { chooseOperatingPoint, type FalseAlarmPromise, type ScoredSample } from './operating-point.ts'
import { trainNetwork } from './train-network.ts'

export interface SpecialiseOptions {
  readonly general: TopicModelData
  readonly runtime: OnnxRuntime
  readonly encoder: EncoderOfTexts
  readonly split: Split
  readonly id: string
  readonly seed: number
  /** Share of on-topic requests that may be flagged. */
  readonly falseAlarms: number
  /** Probability above which the guard flags. */
  readonly threshold: number
  readonly made?: Readonly<Record<string, unknown>>
  /** Makes a part once, and gives it again when a run that was stopped goes on. */
  readonly once: <T>(part: string, make: () => Promise<T>) => Promise<T>
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

export interface Specialised {
  readonly model: TopicModelData
  /** Area under ROC by cross-fitting, before and after teaching. */
  readonly before: number | null
  readonly after: number | null
  readonly kept: 'general' | 'taught'
  readonly folds: number
  readonly promise: FalseAlarmPromise
  /** What the operating point was chosen by. */
  readonly scored: readonly ScoredSample[]
}

const EPOCHS = 4
/** Lower than at first: it knows most already. */
const LEARNING_RATE = 3e-4
const PER_SCOPE = 3

export async function specialise(options: SpecialiseOptions): Promise<Specialised> {
  const { general, runtime, encoder, split, id, seed, falseAlarms, threshold, made, once, onProgress, signal } = options
  const rows = [...split.train, ...split.calibrate]
  // What is scored or measured is never taught as a line of the library, not even beside another system prompt.
  const own = [...rows.filter(({ label }) => label === 0), ...split.calibrate, ...split.test]
  const kept = new Set(own.map(sourceKey))
  const reminders = pickMany(
    librarySamples({ seed, perScope: PER_SCOPE }).filter((sample) => !kept.has(sourceKey(sample))),
    rows.length,
    createRandom(seed),
  )
  await addPairs(encoder, [...rows, ...reminders], signal)
  const maker = new FeatureMaker(encoder, general.background)
  const teach = (samples: readonly TopicSample[]): Promise<TopicNetwork> =>
    trainNetwork({
      ...{ runtime, seed, rows: shownOf(maker, [...samples, ...reminders]), epochs: EPOCHS },
      ...{ learningRate: LEARNING_RATE, start: general.network },
      ...(signal === undefined ? {} : { signal }),
    })

  const folds = foldsOf(rows, seed)
  const learnt = learntTexts()
  const crossed: { readonly at: number; readonly before: number; readonly after: number }[] = []
  for (let fold = 0; fold < folds.count; fold += 1) {
    onProgress(`cross-fitting: fold ${fold + 1} of ${folds.count}`)
    const part = await once(`fold-${fold + 1}`, async () => {
      const { taught, scored } = placesOf(rows, folds, fold)
      const network = await teach(taught.map((at) => rows[at] as TopicSample))
      return scored
        .map(({ at, system }) => ({ at, sample: { ...(rows[at] as TopicSample), system } }))
        .filter(({ sample }) => !learnt.has(sourceKey(sample)))
        .map(({ at, sample }) => {
          const features = maker.of(sample)
          return { at, before: topicLogit(general.network, features), after: topicLogit(network, features) }
        })
    })
    crossed.push(...part)
  }
  const scoredBy = (key: 'before' | 'after'): readonly ScoredSample[] =>
    crossed.map((one) => {
      const sample = rows[one.at] as TopicSample
      return { label: sample.label, logit: one[key], text: sourceKey(sample), slice: sample.slice }
    })
  const [before, after] = [scoredBy('before'), scoredBy('after')]
  for (const label of [0, 1])
    if (!after.some((one) => one.label === label))
      throw new ParapetError(
        'input_invalid',
        'There are too few different system prompts and texts to calibrate with. Give more examples of topics, or raise --scopes and ' +
          '--per-scope (with a model, --replies).',
      )
  const [rankedBefore, rankedAfter] = [before, after].map(
    (scored) => rankingMetrics(scored.map(({ label, logit }) => ({ label, score: logit }))).areaUnderRoc ?? null,
  )
  const better = (rankedAfter ?? 0) >= (rankedBefore ?? 0)
  onProgress(`training on ${rows.length} samples`)
  const network = better ? await teach(rows) : general.network
  const scored = better ? after : before
  const { calibration, promise } = chooseOperatingPoint(scored, falseAlarms, threshold)
  return {
    model: { ...general, id, network, calibration, ...(made === undefined ? {} : { made }) },
    ...{ before: rankedBefore ?? null, after: rankedAfter ?? null, kept: better ? 'taught' : 'general' },
    ...{ folds: folds.count, promise, scored },
  }
}
