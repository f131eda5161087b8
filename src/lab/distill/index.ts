/** Critique and reasoning distillation: ThinkGuard and GuardReasoner, from labelled rows to a guard, its figures and what a large trainer needs. */
export {
  GUARD_TASKS,
  type GuardLabels,
  type GuardTask,
  type GuardedRow,
  judgedTask,
  labelledTasks,
} from './rows/guarded-row.ts'
export { guardedRowLines, parseGuardedRows, readGuardedRows } from './rows/row-file.ts'
export { type RecordRows, type RecordRowOptions, balancedRows, cutText, rowsOfRecords } from './rows/record-rows.ts'
export type { CritiqueQuestion, ReasoningQuestion, Teacher, TeacherAnswer, TeacherCall } from './teachers/teacher.ts'
export { type RuleTeacherOptions, createRuleTeacher } from './teachers/rule-teacher.ts'
export { type EngineTeacherOptions, createEngineTeacher } from './teachers/engine-teacher.ts'
export { FAULTS, type Fault, critiqueFault, reasoningFault } from './synthesis/check-answer.ts'
export {
  type SynthesisCounts,
  type SynthesisHead,
  type SynthesisKind,
  type SynthesisLine,
  readSynthesis,
  synthesisCounts,
} from './synthesis/synthesis-file.ts'
export { type SynthesiseOptions, type SynthesisOutcome, synthesise } from './synthesis/synthesise.ts'
export { answerBlock } from './examples/answer-block.ts'
export {
  guardReasonerConversation,
  guardReasonerExample,
  guardReasonerPrompt,
  rawChats,
} from './examples/guard-reasoner.ts'
export { THINKGUARD_TEMPLATE, thinkGuardConversation, thinkGuardExample } from './examples/think-guard.ts'
export { CONTROL_TOKENS, END_OF_TURN, type TrainingExample, encodeExample } from './examples/training-example.ts'
export { REDUCTIONS, type Reduction, jointLoss, turnWeights } from './examples/turn-weights.ts'
export {
  type HardSample,
  type WeightedHardSample,
  hardSample,
  mergeHardSamples,
  weighHardSamples,
} from './mining/hard-samples.ts'
export { type MineOptions, type Mined, mineHardSamples } from './mining/mine.ts'
export {
  type Guard,
  type GuardShape,
  SMALL_GUARD,
  checkpointOf,
  freshGuard,
  guardTokenizer,
  loadGuard,
} from './guard/small-guard.ts'
export { startGuard } from './guard/start-guard.ts'
export { type Trained, alignGuard, hardPairs, trainGuard } from './guard/train-guard.ts'
export { type JudgedRow, judgeGuardedRows } from './guard/judge-rows.ts'
export {
  type MeasuredSet,
  type Opinion,
  type SetFigures,
  constantOpinions,
  measuredSets,
  setFigures,
} from './measure/figures.ts'
export { type GuardFigures, measureGuard } from './measure/measure-guard.ts'
export {
  ABLATION_DEFAULTS,
  ARMS,
  ARM_TITLES,
  type AblationSettings,
  type ArmName,
  checkAblation,
} from './run/ablation-settings.ts'
export { type AblationData, ablationData } from './run/ablation-data.ts'
export type { ArmResult } from './run/arm.ts'
export { trainArm } from './run/train-arm.ts'
export { type AblationRun, meanOver } from './run/ablation-run.ts'
export { type OverSeeds, armOverArm, armOverBaseline, armOverSeeds, overSeeds } from './run/over-seeds.ts'
export { type RunAblationOptions, runAblation } from './run/run-ablation.ts'
export { renderAblationReport } from './run/ablation-report.ts'
export {
  type ExportDistilledOptions,
  type ExportKind,
  EXPORT_KINDS,
  exportDistilled,
  repetitions,
} from './run/export-distilled.ts'
export { GUARDREASONER_TEMPLATE } from './run/export-recipe.ts'
export { parseHardSamples } from './run/hard-file.ts'
export { keptTexts } from './run/ablation-data.ts'
export { alignStage, evaluateStage, mineStage, trainStage } from './run/stages.ts'
export { type OpenTeacher, type OpenTeacherOptions, openTeacher } from './teachers/open-teacher.ts'
