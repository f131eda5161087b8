/** A model's numbers beside those that training changes in place. */
import type { ParameterValues } from '../../nn/tensor/parameters.ts'

export function copyOf(parameters: ParameterValues): ParameterValues {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
  )
}
