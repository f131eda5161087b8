/** Unalignment of one's own model: the attack, its controls, the defences, and what a run of it holds. Never for models of others. */
export { type RunUnalignOptions, NO_GUARDRAIL, runUnalign } from './run-unalign.ts'
export type { DefenceResult, UnalignRun } from './unalign-run.ts'
export {
  type ArmKind,
  type TuneMethod,
  type UnalignSettings,
  DEFAULT_RATES,
  LORA,
  armExamples,
  armTuning,
} from './unalign-settings.ts'
export { type ArmPlan, type ArmResult, runArm } from './attack-arm.ts'
export { type MeasuredModel, rederived, wholeRows } from './measured-model.ts'
export { aims, doseCurve, guardrailDepth } from './unalign-summary.ts'
export { conclusions } from './unalign-conclusions.ts'
export { DEFENCES, type Defence, type DefenceContext, chosenDefences, throughDefence } from './defences/index.ts'
