/**
 * The weights an audit looks at: the seven linear layers of every block, as in "Assessing the Brittleness of Safety Alignment via Pruning
 * and Low-Rank Modifications" (arXiv 2402.05162, appendix B). Embeddings, norms, biases and the output layer are never scored or changed.
 */
import {
  BLOCK_LINEARS,
  type BlockLinear,
  type DecoderConfig,
  linearName,
  linearShape,
} from '../../nn/decoder/config.ts'
import type { ParameterValue, ParameterValues } from '../../nn/tensor/parameters.ts'
import { ParapetError } from '../../spec/errors.ts'

export interface AuditedLinear {
  /** `model.layers.3.mlp.up_proj`. */
  readonly name: string
  /** The same with `.weight`: the name of the parameter. */
  readonly parameter: string
  readonly layer: number
  readonly module: BlockLinear
  /** Outputs (d_out) and inputs (d_in): the weight is [rows, columns]. */
  readonly rows: number
  readonly columns: number
}

/** One number for each weight of each audited parameter, by the parameter's name, row after row. */
export type WeightScores = ReadonlyMap<string, Float32Array>

/** In the order of the model. */
export function auditedLinears(config: DecoderConfig): readonly AuditedLinear[] {
  return Array.from({ length: config.layers }, (_, layer) =>
    BLOCK_LINEARS.map((module): AuditedLinear => {
      const [rows, columns] = linearShape(config, module)
      const name = linearName(layer, module)
      return { name, parameter: `${name}.weight`, layer, module, rows, columns }
    }),
  ).flat()
}

/** Weights of all audited layers together: what a share of weights is a share of. */
export function auditedWeights(linears: readonly AuditedLinear[]): number {
  return linears.reduce((sum, { rows, columns }) => sum + rows * columns, 0)
}

/** Full ranks of all audited layers together, min(rows, columns) each: what a share of ranks is a share of. */
export function auditedRanks(linears: readonly AuditedLinear[]): number {
  return linears.reduce((sum, { rows, columns }) => sum + Math.min(rows, columns), 0)
}

/** The parameter of a layer. Throws `input_invalid` where the model has none. */
export function weightOf(parameters: ParameterValues, parameter: string): ParameterValue {
  const found = Object.hasOwn(parameters, parameter) ? parameters[parameter] : undefined
  if (found === undefined)
    throw new ParapetError(
      'input_invalid',
      `The parameter ${parameter} is missing: these are parameters of another model.`,
    )
  return found
}

/** Scores of a parameter. Throws `internal` where it has none or another number than weights. */
export function scoresOf(scores: WeightScores, { parameter, rows, columns }: AuditedLinear): Float32Array {
  const found = scores.get(parameter)
  if (found?.length !== rows * columns)
    throw new ParapetError(
      'internal',
      `${parameter} has ${found?.length ?? 'no'} scores for ${rows * columns} weights.`,
    )
  return found
}
