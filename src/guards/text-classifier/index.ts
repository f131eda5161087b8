/** Classifiers and sentence encoders of one's own as guards: what labels mean, presets of public models, off-topic by likeness. */
export { createTextClassifierGuard } from './guard.ts'
export type { TextClassifierGuardOptions } from './guard.ts'
export { createSimilarityGuard } from './similarity-guard.ts'
export type { SimilarityGuardOptions } from './similarity-guard.ts'
export type { LabelMap, LabelMeaning } from './label-map.ts'
export type { PassageOptions } from './passages.ts'
export { TEXT_CLASSIFIER_PRESETS, textClassifierPreset } from './presets.ts'
export type { ModelSettings, PresetSource, Sees, TextClassifierPreset } from './presets.ts'
