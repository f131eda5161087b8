/** One phase of a flow regime: its data are made from the seed, and the model it starts from is taught on them. */
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import type { StepProgress } from '../../train/step-loop.ts'
import type { WorldLanguage } from '../../world/types.ts'
import { alignDecoder } from '../align-decoder.ts'
import type { AlignmentData } from '../alignment-examples.ts'
import { copyOf } from '../copy-parameters.ts'
import { imbalanceWeights, shuffledLabels, shuffledPairs, turnsOfPairs } from '../pairs.ts'
import type { PreferenceSettings } from '../preference-loss.ts'
import {
  type FlowDataOptions,
  erringJudge,
  flowSituations,
  goodTurns,
  judgedData,
  loggedTurns,
  onPolicyData,
  rulePairs,
} from './flow-data.ts'
import { type FlowModel, withAnswers } from './flow-model.ts'
import type { FlowCandidate, FlowRegime } from './flow-regimes.ts'

export interface FlowPhaseOptions {
  readonly runtime: OnnxRuntime
  readonly model: FlowModel
  /** What the phase starts from; left as it is. */
  readonly start: ParameterValues
  readonly regime: FlowRegime
  readonly settings: FlowCandidate
  readonly language: WorldLanguage
  readonly violationRate: number
  /** Turns of the data, and steps and rows of the phase. */
  readonly turns: number
  readonly steps: number
  readonly rows: number
  /** Of the data, of the order they come in, and of the samples. */
  readonly seed: number
  readonly threads?: number
  readonly checkpoint?: { readonly path: string; readonly every: number; readonly resume: boolean }
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: StepProgress) => void
}

export interface FlowPhase {
  readonly parameters: ParameterValues
  readonly history: readonly StepProgress[]
  /** Pairs or turns learnt from. */
  readonly examples: number
  /** What is to know of the data, such as the share of good samples. */
  readonly data: Readonly<Record<string, number>>
}

/** Samples of each prompt where the model itself gives the data. */
const SAMPLES = 3

export async function runFlowPhase(options: FlowPhaseOptions): Promise<FlowPhase> {
  const { runtime, model, start, regime, settings, steps, rows, seed, threads, checkpoint, signal, onProgress } =
    options
  const { data, about } = await dataOf(options)
  const parameters = copyOf(start)
  // A model that is always right or always wrong gives no data of its own, and stays as it is.
  if (!canLearn(data, regime)) return { parameters, history: [], examples: 0, data: about }
  const pairs = 'pairs' in data
  const { history, examples } = await alignDecoder({
    ...{ runtime, config: model.config, tokenizer: model.tokenizer, parameters, data, steps, seed },
    loss: balanced(settings, data),
    // A pair is two rows, so that every regime sees the same number of rows.
    batch: pairs && regime.loss !== 'sft' && regime.loss !== 'kto' ? Math.max(1, rows / 2) : rows,
    learningRate: settings.learningRate,
    progressEvery: Math.max(1, Math.floor(steps / 20)),
    ...(threads === undefined ? {} : { threads }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  })
  return { parameters, history, examples, data: about }
}

function canLearn(data: AlignmentData, { loss }: FlowRegime): boolean {
  if ('pairs' in data) return data.pairs.length > 0
  return loss !== 'kto' || new Set(data.turns.map(({ desirable }) => desirable)).size === 2
}

/** KTO's weights follow from the numbers of good and bad turns. */
function balanced({ loss, imbalanceRatio }: FlowCandidate, data: AlignmentData): PreferenceSettings {
  if (loss.kind !== 'kto' || imbalanceRatio === undefined) return loss
  const turns = 'pairs' in data ? turnsOfPairs(data.pairs) : data.turns
  return { ...loss, ...imbalanceWeights(turns, imbalanceRatio) }
}

async function dataOf(
  options: FlowPhaseOptions,
): Promise<{ readonly data: AlignmentData; readonly about: FlowPhase['data'] }> {
  const { regime, language, violationRate, seed } = options
  const made: FlowDataOptions = { language, seed, count: options.turns }
  const wantsPairs = regime.loss !== 'kto' && regime.loss !== 'sft'
  switch (regime.data) {
    case 'noisy-logs': {
      const turns = loggedTurns(made, violationRate)
      // Whoever learns from logs takes all of them for good.
      const goodShare = turns.filter(({ desirable }) => desirable).length / turns.length
      return { data: { turns: turns.map((turn) => ({ ...turn, desirable: true })) }, about: { goodShare } }
    }
    case 'good-turns':
      return { data: { turns: goodTurns(made) }, about: { goodShare: 1 } }
    case 'labelled-logs': {
      const turns = loggedTurns(made, violationRate)
      return { data: { turns }, about: { goodShare: turns.filter(({ desirable }) => desirable).length / turns.length } }
    }
    case 'rule': {
      const pairs = rulePairs(made)
      if (regime.shuffled !== true) return { data: { pairs }, about: { goodShare: 0.5 } }
      return {
        data: wantsPairs ? { pairs: shuffledPairs(pairs, seed) } : { turns: shuffledLabels(turnsOfPairs(pairs), seed) },
        about: { goodShare: 0.5 },
      }
    }
    case 'judge': {
      const { pairs, turns, dropped } = await judgedData(made, erringJudge(seed))
      return { data: wantsPairs ? { pairs } : { turns }, about: { dropped } }
    }
    case 'on-policy':
      return ownSamples(options, made, wantsPairs)
  }
}

async function ownSamples(
  { runtime, model, start, seed, threads, signal }: FlowPhaseOptions,
  made: FlowDataOptions,
  wantsPairs: boolean,
): Promise<{ readonly data: AlignmentData; readonly about: FlowPhase['data'] }> {
  const situations = flowSituations('train', { ...made, count: Math.ceil(made.count / SAMPLES) })
  const prompts = situations.flatMap(({ messages }) => Array.from({ length: SAMPLES }, () => messages))
  const answers = await withAnswers(
    {
      ...{ runtime, model, parameters: start, temperature: 1, seed },
      ...(threads === undefined ? {} : { threads }),
      ...(signal === undefined ? {} : { signal }),
    },
    (answer) => answer(prompts),
  )
  const responses = situations.map((_, at) => answers.slice(at * SAMPLES, (at + 1) * SAMPLES).map(({ text }) => text))
  const { pairs, turns, goodShare, promptsWithBoth } = onPolicyData(situations, responses, seed)
  return { data: wantsPairs ? { pairs } : { turns }, about: { goodShare, promptsWithBoth, pairs: pairs.length } }
}
