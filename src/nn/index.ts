/**
 * The engine for models small and large: symbolic tensors whose gradients are ONNX graphs, training, decoders and encoders, tokenizers,
 * checkpoints, and the linear algebra of weight audits. Running graphs needs the optional peer `onnxruntime-node` or `onnxruntime-web`.
 */
export * as tensor from './tensor/index.ts'
export type { ParameterValue, ParameterValues } from './tensor/parameters.ts'
export { type OnnxRuntime, type SessionOptions, loadOnnxRuntime } from './runtime/onnx-runtime.ts'
export { type TrainingOptions, type TrainingState, TrainingSession } from './runtime/training-session.ts'
export type { BuildLoss, LossDescription } from './runtime/training-graph.ts'
export type { ParameterRule } from './runtime/trained-parameters.ts'
export { GradientSession } from './runtime/gradient-session.ts'
export { EvaluationSession } from './runtime/evaluation-session.ts'
export type { OptimizerOptions } from './optim/optimizer.ts'
export { type Schedule, constantSchedule, cosineSchedule, linearSchedule, warmUpSchedule } from './optim/schedules.ts'
export {
  BLOCK_LINEARS,
  type BlockLinear,
  type DecoderConfig,
  checkDecoderParameters,
  decoderShapes,
  initialDecoder,
  linearName,
  linearShape,
  parameterCount,
} from './decoder/config.ts'
export {
  type EncoderConfig,
  initialParameters as initialEncoder,
  parameterShapes as encoderShapes,
} from './encoder/config.ts'
export { type EncoderResult, encode } from './encoder/forward.ts'
export { symbolicWeights as encoderWeights } from './encoder/weights.ts'
export { exportTextClassifier } from './encoder/export-classifier.ts'
export { type DecodeOptions, type Observe, decode } from './decoder/forward.ts'
export { type DecoderWeights, constantDecoderWeights, decoderWeights } from './decoder/weights.ts'
export { type LoraOptions, adapterParameters, initialAdapter, withAdapter } from './decoder/lora.ts'
export { exportDecoder } from './decoder/export.ts'
export { exportDecoderClassifier } from './decoder/export-classifier.ts'
export { DecoderGenerator, type GenerateManyOptions, type GeneratedTokens } from './decoder/generator.ts'
export { PlainDecoder } from './decoder/plain-decoder.ts'
export { generate } from './decoder/generate.ts'
export { type SamplingOptions, logSoftmaxAt, sampleToken } from './decoder/sampling.ts'
export { trainBytePairs } from './tokenizer/byte-level-bpe.ts'
export { CHATML_TEMPLATE, CHATML_TOKENS, type ChatMessage } from './tokenizer/chat-template.ts'
export { type TextTokenizer, loadTokenizer } from './tokenizer/tokenizer-json.ts'
export { streamDecoder } from './tokenizer/stream-decoder.ts'
export * from './checkpoint/index.ts'
export { GramAccumulator, gramSvd } from './linear-algebra/gram.ts'
export type { DenseMatrix } from './linear-algebra/matrix.ts'
export { randomisedSvd } from './linear-algebra/randomised-svd.ts'
export { orthogonalPart, projectOff, projectOnto, projector, subspaceSimilarity } from './linear-algebra/subspace.ts'
export { type Svd, droppedEnergy, svdProduct, svdTruncate, thinSvd } from './linear-algebra/svd.ts'
