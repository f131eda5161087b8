/** Symmetric int8 quantisation of matrices: `value ≈ scale · whole`, whole from -127 to 127, one scale a row or a column. */
import type { ParameterValue } from '../tensor/parameters.ts'

export interface QuantisedMatrix {
  readonly shape: readonly number[]
  readonly data: Int8Array
  readonly scales: Float32Array
}

export function quantiseRows(matrix: ParameterValue): QuantisedMatrix {
  const [, columns = 1] = matrix.shape
  return quantise(matrix, matrix.shape[0] ?? 0, (flat) => Math.floor(flat / columns))
}

/** The matrix that `quantiseRows` stands for. */
export function dequantiseRows({ shape, data, scales }: QuantisedMatrix): ParameterValue {
  const [, columns = 1] = shape
  return { shape, data: Float32Array.from(data, (whole, flat) => whole * (scales[Math.floor(flat / columns)] ?? 0)) }
}

export function quantiseColumns(matrix: ParameterValue): QuantisedMatrix {
  const [, columns = 1] = matrix.shape
  return quantise(matrix, columns, (flat) => flat % columns)
}

function quantise({ shape, data }: ParameterValue, groups: number, groupOf: (flat: number) => number): QuantisedMatrix {
  const scales = new Float32Array(groups)
  data.forEach((value, flat) => {
    const group = groupOf(flat)
    scales[group] = Math.max(scales[group] ?? 0, Math.abs(value) / 127)
  })
  const whole = Int8Array.from(data, (value, flat) => {
    const scale = scales[groupOf(flat)] ?? 0
    return scale === 0 ? 0 : Math.max(-127, Math.min(127, Math.round(value / scale)))
  })
  return { shape, data: whole, scales }
}
