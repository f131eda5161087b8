/** One arm of an ablation: its training, what it mined, its figures. Finished arms are files of their own, so arms can run one after another or in processes of their own. */
import type { StepProgress } from '../../train/step-loop.ts'
import type { GuardFigures } from '../measure/measure-guard.ts'
import type { ArmName } from './ablation-settings.ts'

export interface TrainingFacts {
  readonly name: string
  readonly examples: number
  readonly leftOut: number
  readonly history: readonly StepProgress[]
  /** Seconds of processor time. */
  readonly seconds: number
}

export interface MiningFacts {
  readonly rows: number
  /** Hard samples of each guard, the arm's own first, and of all of them together. */
  readonly found: readonly number[]
  readonly merged: number
  /** How many samples have each weight. */
  readonly weights: Readonly<Record<string, number>>
}

export interface ArmResult {
  readonly arm: ArmName
  readonly seed: number
  readonly parameters: number
  readonly trainings: readonly TrainingFacts[]
  readonly mining: MiningFacts | null
  readonly figures: GuardFigures
}
