/** Conversation bots on generated flows: data, a small model, figures, and the experiment over all regimes. */
export {
  type FlowDataOptions,
  type FlowJudge,
  type JudgedFlowData,
  erringJudge,
  flowSituations,
  goodTurns,
  judgedData,
  keepsGuideline,
  loggedTurns,
  onPolicyData,
  rulePairs,
} from './flow-data.ts'
export {
  type AnswerTurns,
  type FlowReport,
  type TurnOutcome,
  evaluateConversations,
  evaluateFlows,
  flowReport,
  judgeAnswer,
} from './flow-evaluation.ts'
export {
  type AnswerOptions,
  type FlowAnswer,
  type FlowModel,
  type PretrainOptions,
  FLOW_SHAPE,
  flowModel,
  pretrain,
  withAnswers,
} from './flow-model.ts'
export { type FlowFigures, type WinRate, estimateDivergence, measureModel, winsOver } from './flow-measure.ts'
export {
  type FlowCandidate,
  type FlowDataKind,
  type FlowRegime,
  FLOW_CANDIDATES,
  FLOW_REGIMES,
} from './flow-regimes.ts'
export { type FlowExperiment, type FlowExperimentOptions, runFlowExperiment } from './flow-experiment.ts'
export { type FlowCheck, type FlowRow, type FlowSummary, summarise } from './flow-summary.ts'
export { type CrossedMean, crossedDifference, crossedMean } from './crossed-bootstrap.ts'
export { type FlowRun, type RunFlowsOptions, runFlows } from './run-flows.ts'
export { type FlowExperimentSize, type RegimeResult, FLOW_SIZE } from './seed-bench.ts'
