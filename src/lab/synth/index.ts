/** Synthetic training rows for the embedded guard. */
export { augmentRow, TRANSFORMS, type AugmentOptions, type TransformName } from './augment.ts'
export {
  DEFAULT_MIX,
  generateSyntheticRows,
  GENERATORS,
  plantIntoDocuments,
  summariseRows,
  type GenerateOptions,
  type GeneratorName,
  type RowCount,
} from './generate.ts'
export { SYNTH_LANGUAGES, type SynthLanguage } from './phrases/phrases.ts'
