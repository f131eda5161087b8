/**
 * Everything of one seed of the flow experiment: pre-training, phases, figures. What is finished is kept in the store and not done again.
 */
import { join } from 'node:path'
import type { DecoderConfig } from '../../../nn/decoder/config.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import type { StepProgress } from '../../train/step-loop.ts'
import type { FlowSituation } from '../../world/flow.ts'
import type { WorldLanguage } from '../../world/types.ts'
import { goodTurns } from './flow-data.ts'
import { type FlowFigures, type WinRate, measureModel, winsOver } from './flow-measure.ts'
import { type FlowModel, pretrain } from './flow-model.ts'
import { type FlowPhase, type FlowPhaseOptions, runFlowPhase } from './flow-phase.ts'
import { BASE, type FlowCandidate, type FlowRegime, INSTRUCTION, NOISY } from './flow-regimes.ts'
import type { FlowStore } from './flow-store.ts'

export interface FlowExperimentSize {
  /** Of the tokenizer; a small text gives fewer tokens. */
  readonly vocabularySize: number
  readonly shape?: Partial<DecoderConfig>
  /** First part of the pre-training: right turns, until the model can do the task. */
  readonly abilitySteps: number
  /** Second part: logs of which most turns break a rule, so that it can but mostly does not. */
  readonly habitSteps: number
  readonly pretrainTurns: number
  readonly tokensPerStep: number
  /** Of every phase after it. */
  readonly phaseSteps: number
  /** Rows of a step. */
  readonly phaseRows: number
  /** Turns of the data of a phase. */
  readonly phaseTurns: number
  /** Of the test split; half as many of the selection split. */
  readonly situations: number
  readonly conversations: number
}

export const FLOW_SIZE: FlowExperimentSize = {
  ...{ vocabularySize: 512, abilitySteps: 1000, habitSteps: 150, pretrainTurns: 12_000, tokensPerStep: 1024 },
  ...{ phaseSteps: 60, phaseRows: 32, phaseTurns: 1200, situations: 300, conversations: 100 },
}

/** Shares of turns that break a rule, in the logs and in the habit of the pre-trained model. */
export const VIOLATIONS = { logs: 0.35, habit: 0.75 } as const

export interface RegimeResult {
  readonly figures: FlowFigures
  /** Over S′ of the same seed; absent for S′ and what comes before it. */
  readonly wins?: WinRate
  readonly examples: number
  readonly data: Readonly<Record<string, number>>
  readonly history: readonly StepProgress[]
}

/** What models are measured on. */
export type FlowSplits = Readonly<Record<'test' | 'selection' | 'conversations', readonly FlowSituation[]>>

export interface SeedBenchOptions {
  readonly runtime: OnnxRuntime
  readonly language: WorldLanguage
  readonly size: FlowExperimentSize
  readonly threads?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (message: string) => void
}

const CHECKPOINT_EVERY = 100

/** Everything of one seed. */
export class SeedBench {
  readonly model: FlowModel
  readonly #options: SeedBenchOptions
  readonly #store: FlowStore
  readonly #seed: number
  readonly #splits: FlowSplits

  constructor(options: SeedBenchOptions, store: FlowStore, seed: number, all: FlowSplits, model: FlowModel) {
    ;[this.#options, this.#store, this.#seed, this.#splits, this.model] = [options, store, seed, all, model]
  }

  async base(): Promise<{ readonly result: RegimeResult; readonly history: readonly StepProgress[] }> {
    const { size, language } = this.#options
    const name = this.#name(BASE)
    return this.#store.once(name, async () => {
      const { abilitySteps, habitSteps, pretrainTurns, tokensPerStep } = size
      const made = { language, count: pretrainTurns, seed: this.#seed * 100 }
      const shared = { ...this.#common(), model: this.model, tokensPerStep, seed: this.#seed }
      const ability = await pretrain({
        ...{ ...shared, turns: goodTurns(made), steps: abilitySteps, learningRate: 2e-3 },
        ...this.#watched(`${name}-ability`),
      })
      const regime: FlowRegime = { id: BASE, from: BASE, loss: 'sft', data: 'noisy-logs', title: 'habit' }
      const habit = await this.#phase(regime, INSTRUCTION, ability.parameters, `${name}-habit`, {
        ...{ violationRate: VIOLATIONS.habit, steps: habitSteps, seed: made.seed + 5 },
      })
      await this.#store.keepWeights(name, this.model, habit.parameters)
      const figures = await this.#measure(habit.parameters, undefined)
      const result = { figures, examples: pretrainTurns, data: habit.data, history: habit.history }
      return { result, history: ability.history }
    })
  }

  async regime(regime: FlowRegime, settings: FlowCandidate): Promise<RegimeResult> {
    const name = this.#name(regime.id)
    return this.#store.once(name, async () => {
      const start = await this.#store.weights(this.#name(regime.from))
      const used = regime.from === BASE && regime.loss === 'sft' ? INSTRUCTION : settings
      const { parameters, ...about } = await this.#phase(regime, used, start, name)
      await this.#store.keepWeights(name, this.model, parameters)
      const figures = await this.#measure(parameters, start)
      this.#say(`${name}: joint ${figures.sampled.joint.rate.toFixed(3)} at temperature 1`)
      const noisy = regime.id === NOISY ? undefined : this.#store.read<RegimeResult>(this.#name(NOISY))
      const wins =
        noisy === undefined ? {} : { wins: await winsOver(this.#splits.test, figures.texts, noisy.figures.texts) }
      return { figures, ...wins, ...about }
    })
  }

  /** Adherence and over-refusal of a finished regime on the selection split. */
  selected(id: string): Promise<{ readonly joint: number; readonly overRefusal: number }> {
    return this.#store.once(this.#name(`choice/start-${id}`), async () =>
      this.#onSelection(await this.#store.weights(this.#name(id))),
    )
  }

  candidate(
    regime: FlowRegime,
    settings: FlowCandidate,
  ): Promise<{ readonly joint: number; readonly overRefusal: number }> {
    const name = this.#name(regime.id)
    return this.#store.once(name, async () => {
      const start = await this.#store.weights(this.#name(regime.from))
      const { parameters } = await this.#phase(regime, settings, start, name)
      const found = await this.#onSelection(parameters)
      this.#say(`${name}: joint ${found.joint.toFixed(3)} on the selection split`)
      return found
    })
  }

  async #onSelection(parameters: ParameterValues): Promise<{ readonly joint: number; readonly overRefusal: number }> {
    const { sampled } = await this.#measure(parameters, undefined, {
      situations: this.#splits.selection,
      conversations: [],
    })
    return { joint: sampled.joint.rate, overRefusal: sampled.overRefusal.rate }
  }

  async #phase(
    regime: FlowRegime,
    settings: FlowCandidate,
    start: ParameterValues,
    name: string,
    change: Partial<Pick<FlowPhaseOptions, 'violationRate' | 'steps' | 'seed'>> = {},
  ): Promise<FlowPhase> {
    const { size, language } = this.#options
    return runFlowPhase({
      ...{ ...this.#common(), model: this.model, start, regime, settings, language, violationRate: VIOLATIONS.logs },
      ...{ turns: size.phaseTurns, steps: size.phaseSteps, rows: size.phaseRows },
      // A phase after another one sees other situations than it.
      seed: this.#seed * 100 + (regime.from === BASE ? 10 : 20),
      ...{ ...this.#watched(name), ...change },
    })
  }

  #measure(
    parameters: ParameterValues,
    reference: ParameterValues | undefined,
    situations: Pick<FlowSplits, 'conversations'> & { readonly situations: FlowSplits['test'] } = {
      situations: this.#splits.test,
      conversations: this.#splits.conversations,
    },
  ): Promise<FlowFigures> {
    return measureModel({
      ...{ ...this.#common(), ...situations, model: this.model, parameters, seed: this.#seed },
      ...(reference === undefined ? {} : { reference }),
    })
  }

  #common(): Pick<SeedBenchOptions, 'runtime' | 'threads' | 'signal'> {
    const { runtime, threads, signal } = this.#options
    return { runtime, ...(threads === undefined ? {} : { threads }), ...(signal === undefined ? {} : { signal }) }
  }

  #watched(name: string): {
    readonly checkpoint: { readonly path: string; readonly every: number; readonly resume: boolean }
    readonly onProgress: (progress: StepProgress) => void
  } {
    return {
      checkpoint: { path: this.#store.checkpoint(name), every: CHECKPOINT_EVERY, resume: true },
      onProgress: ({ step, steps, loss, itemsPerSecond }) =>
        this.#say(`${name} ${step} of ${steps}: loss ${loss.toFixed(3)}, ${Math.round(itemsPerSecond)} tokens/s`),
    }
  }

  #say(message: string): void {
    this.#options.onProgress?.(`seed ${message}`)
  }

  #name(id: string): string {
    return join(String(this.#seed), id)
  }
}
