/** Judging of texts that are known in full; streams are in `core/stream`. */
export { createJudge, report } from './pipeline.ts'
export type { CheckOptions, Judge, PipelineParts } from './pipeline.ts'
export type { LanguageDetector } from './refusal.ts'
