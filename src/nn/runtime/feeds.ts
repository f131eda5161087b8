/** What a graph is fed with: parameters, wrapped once and read in place at each run, and the inputs of one batch, checked. */
import { ParapetError } from '../../spec/errors.ts'
import type { TensorData } from '../onnx/graph.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import { elementCount, staticShape } from '../tensor/shape.ts'
import type { SymbolicTensor } from '../tensor/tensor-graph.ts'
import type { OnnxRuntime, OnnxTensor } from './onnx-runtime.ts'

/** Inputs of one batch, by name. */
export type Feeds = Readonly<Record<string, TensorData>>

/** Parameters as tensors over the same arrays: changes of the arrays are seen by the next run. */
export function parameterTensors(
  runtime: OnnxRuntime,
  parameters: ParameterValues,
): Readonly<Record<string, OnnxTensor>> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { data, shape }]) => {
      const count = elementCount(shape)
      if (data.length !== count)
        throw new ParapetError('input_invalid', `Parameter ${name} needs ${count} elements, not ${data.length}.`)
      return [name, runtime.tensor('float32', data, shape)]
    }),
  )
}

/** Tensors for all `inputs` of a graph. Throws `input_invalid` for a feed that is missing or of another size. */
export function feedTensors(
  runtime: OnnxRuntime,
  inputs: readonly SymbolicTensor[],
  parameters: Readonly<Record<string, OnnxTensor>>,
  feeds: Feeds,
): Readonly<Record<string, OnnxTensor>> {
  return Object.fromEntries(
    inputs.map((input) => [input.name, parameters[input.name] ?? feedTensor(runtime, input, feeds[input.name])]),
  )
}

function feedTensor(
  runtime: OnnxRuntime,
  { name, shape, dataType }: SymbolicTensor,
  data: TensorData | undefined,
): OnnxTensor {
  const sizes = staticShape(name, shape)
  if (data?.length !== elementCount(sizes))
    throw new ParapetError(
      'input_invalid',
      `Feed ${name} needs ${elementCount(sizes)} elements of ${dataType}, not ${data?.length ?? 'nothing'}.`,
    )
  return runtime.tensor(dataType, data, sizes)
}
