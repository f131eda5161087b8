/** Everything for writing a model as symbolic tensors. */
export { type SymbolicTensor, TensorGraph } from './tensor-graph.ts'
export type { Shape } from './shape.ts'
export {
  type Operand,
  abs,
  add,
  cast,
  clampMin,
  div,
  dropout,
  equal,
  erf,
  exp,
  gelu,
  greater,
  log,
  mul,
  neg,
  pow,
  relu,
  round,
  sigmoid,
  silu,
  softplus,
  sqrt,
  stopGradient,
  sub,
  tanh,
  where,
} from './elementwise.ts'
export { concat, firstRows, reshape, slice, split, transpose } from './layout.ts'
export { type ReduceOptions, expand, sum } from './broadcast.ts'
export { max, mean } from './reduce.ts'
export { type MatmulOptions, matmul } from './matmul.ts'
export { l2Normalise, layerNorm, logSoftmax, rmsNorm, softmax } from './normalise.ts'
export { gather, pick } from './gather.ts'
export { gradients } from './gradients.ts'
export {
  binaryCrossEntropyLosses,
  crossEntropyLosses,
  distillationLosses,
  meanSquaredError,
  weightedMean,
} from './losses.ts'
