/** The model under attack or audit: loaded, tuned, measured. For one's own models; every attack on weights asks for an owner statement. */
export { type Victim, loadVictim, victimOf, weightsHash, withParameters } from './victim.ts'
export { requireLocal, requireOwner } from './owner-statement.ts'
export { type FrozenWeights, frozenRule } from './frozen-weights.ts'
export { type TuneSettings, type TunedVictim, tuneVictim } from './tune-victim.ts'
export { type ExampleKind, type WorldExamplesOptions, worldExampleRows, worldExamples } from './world-examples.ts'
export { type AttackCondition, type ConditionName, CONDITIONS, conditionsOf } from './attack-conditions.ts'
export { ANSWER_TOKENS, Answerer, type AnswerOptions } from './answer.ts'
export {
  type AttackSuccess,
  type SafetyAnswer,
  type SafetyHeadline,
  type SafetyRate,
  type SafetyRow,
  type SafetySet,
  headlineOf,
  rateOf,
} from './safety-rows.ts'
export {
  type MeasureSafetyOptions,
  type SafetyQuestions,
  type SafetyReport,
  measureSafety,
  safetyQuestions,
} from './measure-safety.ts'
