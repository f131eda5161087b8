/** The guard and the baselines beside it on the test part, each at a threshold that was chosen without it. */
import type { TopicModelData } from '../../../nn/topic-model.ts'
import { topicProbability } from '../../../nn/topic-model.ts'
import { exactInterval, type Interval } from '../../eval/metrics/binomial.ts'
import type { ScoredRow } from '../../eval/metrics/ranking.ts'
import type { DevelopRun, PartFigures, SubjectFigures } from '../develop-run.ts'
import { sourceKey } from '../generate/clean.ts'
import { addPairs, type EncoderOfTexts, FeatureMaker } from '../model/encode.ts'
import type { ScoredSample } from '../model/operating-point.ts'
import { SLICES, type Split, type TopicSample } from '../sample.ts'
import { bestThreshold, cosineScore, type Examples, nearestScore } from './baselines.ts'
import { figuresOf, reliability } from './figures.ts'
import { operatingPoints } from './operating-points.ts'

export interface MeasureOptions {
  readonly model: TopicModelData
  readonly encoder: EncoderOfTexts
  readonly split: Split
  readonly threshold: number
  /** The share the model was calibrated for, and what by. */
  readonly falseAlarms: number
  readonly scored: readonly ScoredSample[]
  readonly seed: number
  /** Scores of a judge by place in the test part, null where it failed; absent without one. */
  readonly judge?: { readonly name: string; readonly scores: readonly (number | null)[] }
  readonly signal?: AbortSignal
}

export type Measured = Pick<
  DevelopRun,
  'subjects' | 'bySlice' | 'byLanguage' | 'alarmsPerThousand' | 'found' | 'operatingPoints' | 'reliability'
>

/** Examples of either label for the nearest neighbours, as in the paper. */
const SHOTS = 3
const FROM_CALIBRATION = 'best F1 on the calibration part'

export async function measureGuard(options: MeasureOptions): Promise<Measured> {
  const { model, encoder, split, threshold, seed, judge, signal } = options
  const shots = ([0, 1] as const).map((label) => examplePrompts(split.train, label))
  await addPairs(encoder, [...split.calibrate, ...split.test], signal, shots.flat())
  const maker = new FeatureMaker(encoder, model.background)
  const guard = scored(split.test, (sample) => topicProbability(model, maker.of(sample)))
  const [on = [], off = []] = shots.map((prompts) => prompts.map((prompt) => encoder.vector(prompt)))
  const examples: Examples = { on, off }
  const baseline = (name: string, score: (sample: TopicSample) => number): SubjectFigures => {
    const chosen = bestThreshold(scored(split.calibrate, score))
    return {
      ...{ name, thresholdFrom: FROM_CALIBRATION, failures: 0 },
      figures: figuresOf(scored(split.test, score), { threshold: chosen, seed, calibrated: false }),
    }
  }
  const flagged = split.test.map((sample, at) => ({ sample, flagged: (guard[at]?.score ?? 0) > threshold }))
  const [onTopic, offTopic] = ([0, 1] as const).map((label) => flagged.filter(({ sample }) => sample.label === label))
  const [alarms, found] = [shareOf(onTopic ?? []), shareOf(offTopic ?? [])]
  return {
    subjects: [
      { name: 'this guard', thresholdFrom: 'settings', failures: 0, figures: figuresOf(guard, { threshold, seed }) },
      baseline('cosine of system prompt and prompt', ({ system, prompt }) =>
        cosineScore(encoder.vector(system), encoder.vector(prompt)),
      ),
      baseline(`nearest of ${SHOTS} + ${SHOTS} examples`, ({ prompt }) =>
        nearestScore(examples, encoder.vector(prompt)),
      ),
      ...(judge === undefined ? [] : [judgeFigures(judge, split.test, seed)]),
      ...['block everything', 'block nothing'].map((name, at): SubjectFigures => ({
        ...{ name, thresholdFrom: 'constant', failures: 0 },
        figures: figuresOf(
          scored(split.test, () => 1 - at),
          { threshold: 0.5, seed, calibrated: false },
        ),
      })),
    ],
    bySlice: SLICES.flatMap((slice) =>
      partOf(
        slice,
        flagged.filter(({ sample }) => sample.slice === slice),
      ),
    ),
    byLanguage: [...new Set(split.test.map(({ language }) => language))].toSorted().flatMap((language) =>
      partOf(
        language,
        flagged.filter(({ sample }) => sample.language === language),
      ),
    ),
    alarmsPerThousand: { value: 1000 * alarms.share, texts: alarms.texts, interval: alarms.interval },
    found: { texts: found.texts, interval: found.interval },
    operatingPoints: operatingPoints(options, maker),
    reliability: reliability(guard),
  }
}

/** The share that is flagged. Its interval is that of as many independent trials as there are different texts, which is on the safe side. */
function shareOf(rows: readonly { readonly sample: TopicSample; readonly flagged: boolean }[]): {
  readonly share: number
  readonly texts: number
  readonly interval: Interval | null
} {
  const share = rows.filter(({ flagged }) => flagged).length / Math.max(1, rows.length)
  const texts = new Set(rows.map(({ sample }) => sourceKey(sample))).size
  return { share, texts, interval: exactInterval(Math.round(share * texts), texts) }
}

function scored(samples: readonly TopicSample[], score: (sample: TopicSample) => number): readonly ScoredRow[] {
  return samples.map((sample) => ({ label: sample.label, score: score(sample) }))
}

/** The first of a label in the training part: what an owner would write down first. */
function examplePrompts(samples: readonly TopicSample[], label: 0 | 1): readonly string[] {
  const prompts = samples.filter((sample) => sample.label === label && sample.slice !== 'courtesy')
  return [...new Set(prompts.map(({ prompt }) => prompt))].slice(0, SHOTS)
}

function judgeFigures(
  { name, scores }: NonNullable<MeasureOptions['judge']>,
  samples: readonly TopicSample[],
  seed: number,
): SubjectFigures {
  const rows = samples.flatMap(({ label }, at): readonly ScoredRow[] => {
    const score = scores[at] ?? null
    return score === null ? [] : [{ label, score }]
  })
  return {
    ...{ name, thresholdFrom: 'fixed', failures: samples.length - rows.length },
    figures: figuresOf(rows, { threshold: 0.5, seed }),
  }
}

function partOf(
  name: string,
  rows: readonly { readonly sample: TopicSample; readonly flagged: boolean }[],
): readonly PartFigures[] {
  if (rows.length === 0) return []
  const count = (label: 0 | 1, flagged: boolean): number =>
    rows.filter((row) => row.sample.label === label && row.flagged === flagged).length
  const [passed, alarms, missed, found] = [count(0, false), count(0, true), count(1, false), count(1, true)]
  return [{ name, rows: rows.length, onTopic: passed + alarms, falseAlarms: alarms, offTopic: missed + found, missed }]
}
