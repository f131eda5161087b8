/** Everything for writing a model as symbolic tensors. */
export { type SymbolicTensor, TensorGraph } from './tensor-graph.ts'
export type { Shape } from './shape.ts'
export {
  type Operand,
  abs,
  add,
  cast,
  div,
  dropout,
  erf,
  exp,
  log,
  mul,
  neg,
  pow,
  round,
  sigmoid,
  sqrt,
  square,
  stopGradient,
  sub,
  tanh,
} from './elementwise.ts'
export { clampMax, clampMin, equal, greater, maximum, minimum, where } from './selection.ts'
export { gelu, log1mExp, logSigmoid, relu, silu, softplus } from './activations.ts'
export { type CumulativeSumOptions, cumulativeSum } from './scan.ts'
export { concat, firstRows, reshape, slice, split, transpose } from './layout.ts'
export { type ReduceOptions, expand, sum } from './broadcast.ts'
export { max, mean } from './reduce.ts'
export { type MatmulOptions, matmul } from './matmul.ts'
export { l2Normalise, layerNorm, logSoftmax, rmsNorm, softmax } from './normalise.ts'
export { gather, oneHot, pick } from './gather.ts'
export { gradients } from './gradients.ts'
export {
  binaryCrossEntropyLosses,
  crossEntropyLosses,
  distillationLosses,
  meanSquaredError,
  weightedMean,
} from './losses.ts'
