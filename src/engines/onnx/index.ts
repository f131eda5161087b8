/** Classifiers and sentence encoders of one's own, from local folders, run by the optional peer `onnxruntime-node`. */
export { loadTextClassifier } from './text-classifier.ts'
export type { TextClassifierOptions } from './text-classifier.ts'
export { loadTextEncoder } from './text-encoder.ts'
export type { Pooling, TextEncoderOptions } from './text-encoder.ts'
export type { Activation } from './model-config.ts'
export type { Precision } from './model-folder.ts'
export type { OnnxModelOptions } from './options.ts'
