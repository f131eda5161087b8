/**
 * Virus (arXiv 2501.17433): harmful fine-tuning data that passes a moderation guard, as a test of one's own fine-tuning service. For one's own
 * models only; `runVirus` asks for an owner statement.
 */
export { type RunVirusOptions, runVirus } from './run-virus.ts'
export { VIRUS_SETTINGS, type VirusSettings, checkSettings } from './virus-settings.ts'
export type { VirusRun } from './virus-run.ts'
export { type Aim, aims } from './aims.ts'
export { type ArmFigures, conclusions, ladderOf } from './ladder-figures.ts'
export { type GuardContext, type RunGuards, trainGuards } from './guards.ts'
export type { ModerationGuard } from './moderation-guard.ts'
export { type ModerationFigures, type Upload, flagsOf, moderationFigures } from './moderate.ts'
export { type GuardAdmission, admitGuard } from './guard-gate.ts'
export { type GuardQuestions, guardQuestions } from './judged-conversations.ts'
export { type VerdictGuardSettings, trainVerdictGuard } from './train-verdict-guard.ts'
export { VerdictGuard, type VerdictScore } from './verdict-guard.ts'
export { WorldGuard, type WorldGuardSettings, trainWorldGuard } from './world-guard.ts'
export { type PoisonSlot, poisonSlot } from './poison-slot.ts'
export { TUNED, type Tuned } from './trained-layers.ts'
export { type WhiteBox, openWhiteBox } from './white-box.ts'
export { type OptimisedSlot, type SearchSettings, optimiseSlot } from './optimise-slot.ts'
export type { SlotScore } from './objective.ts'
