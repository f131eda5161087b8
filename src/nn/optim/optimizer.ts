/** The optimisers a training session can be given, behind one face: what each keeps for a parameter, and how it updates one. */
import { ParapetError } from '../../spec/errors.ts'
import { type AdamWOptions, type UpdateStep, adamWSettings, adamWUpdate } from './adamw.ts'
import { type SgdOptions, sgdSettings, sgdUpdate, sparseSgdUpdate } from './sgd.ts'
import { type LazyRows, type RowGradients, sparseAdamWUpdate } from './sparse-embedding.ts'

/** AdamW unless `kind` says `sgd`. */
export type OptimizerOptions = AdamWOptions | SgdOptions

/** What an optimiser keeps for one parameter, by name: an array of the parameter's length each. */
export type Slots = Readonly<Record<string, Float32Array>>

export interface Optimizer {
  /** λ of parameters whose rule names none. */
  readonly weightDecay: number
  /** Names of its slots; they are part of saved states. */
  readonly slots: readonly string[]
  /** Updates weights and slots in place; elements whose mask is 0 stay as they are. */
  update(weights: Float32Array, gradient: Float32Array, slots: Slots, step: UpdateStep, mask?: Uint8Array): void
  /** Updates the touched rows of a table. `totalDecay` is the logarithm of all weight decay before this step. */
  updateRows(
    table: Float32Array,
    gradients: RowGradients,
    slots: Slots,
    lazy: LazyRows,
    step: UpdateStep,
    totalDecay: number,
  ): void
  /** Throws `configuration` when it cannot train tables of lazily updated rows. */
  requireSparse(name: string): void
}

export function createOptimizer(options: OptimizerOptions = {}): Optimizer {
  return options.kind === 'sgd' ? sgd(options) : adamW(options)
}

const NONE = new Float32Array(0)

function adamW(options: AdamWOptions): Optimizer {
  const settings = adamWSettings(options)
  const moments = ({ first = NONE, second = NONE }: Slots): { first: Float32Array; second: Float32Array } => ({
    first,
    second,
  })
  return {
    weightDecay: settings.weightDecay,
    slots: ['first', 'second'],
    update: (weights, gradient, slots, step, mask) =>
      adamWUpdate(weights, gradient, moments(slots), settings, step, mask === undefined ? {} : { mask }),
    updateRows: (table, gradients, slots, lazy, step, totalDecay) =>
      sparseAdamWUpdate(table, gradients, moments(slots), lazy, settings, step, totalDecay),
    requireSparse: () => undefined,
  }
}

function sgd(options: SgdOptions): Optimizer {
  const settings = sgdSettings(options)
  return {
    weightDecay: settings.weightDecay,
    slots: settings.momentum === 0 ? [] : ['momentum'],
    update: (weights, gradient, { momentum = NONE }, step, mask) =>
      sgdUpdate(weights, gradient, momentum, settings, step, mask),
    updateRows: (table, gradients, _, lazy, step, totalDecay) =>
      sparseSgdUpdate(table, gradients, lazy, step, totalDecay),
    requireSparse(name) {
      // The momentum of a row that rests would go on moving it.
      if (settings.momentum > 0)
        throw new ParapetError(
          'configuration',
          `SGD with momentum cannot train ${name} sparsely: set momentum to 0, train it densely, or use AdamW.`,
        )
    },
  }
}
