/** Parameters outside a graph: numbers by name. Training changes the arrays in place, export reads them. */

export interface ParameterValue {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

export type ParameterValues = Readonly<Record<string, ParameterValue>>
