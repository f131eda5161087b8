/** The generated chat world: rows to train a small chat model on, held-out rows to measure it by, and the judges of both. */
export { bagOfWordsAccuracy, trainBagOfWords, type BagOfWords, type BagOfWordsOptions } from './bag-of-words.ts'
export {
  evaluateWorld,
  scoreWorld,
  type AnswerConversations,
  type Rate,
  type WorldEvaluationOptions,
  type WorldReport,
} from './evaluate.ts'
export {
  badTurns,
  flowLogs,
  flowSituation,
  goodTurn,
  judgeTurn,
  overRefusedTurn,
  type BadTurn,
  type FlowLog,
  type FlowLogOptions,
  type FlowOptions,
  type FlowSituation,
  type TurnVerdict,
  type Violation,
} from './flow.ts'
export {
  CRITIQUE_SYSTEM,
  formatLabel,
  JUDGE_SYSTEM,
  judgedText,
  parseLabel,
  RULES_TEXT,
  type JudgeLabel,
} from './judge-format.ts'
export { checkAnswer, STRING_JUDGE_WORDS, strictJudge, stringJudge, wantedAnswer } from './judges.ts'
export { isRefusal } from './refusal.ts'
export { requestText } from './request-text.ts'
export {
  DIRECT_REFUSAL,
  formatReevaluation,
  formatRoute,
  parseRoute,
  ROUTE_SYSTEM,
  secondCall,
  type Reevaluation,
  type RouteChoice,
  type RouteName,
} from './route-format.ts'
export { TRAINING_MIX, worldRows, worldTrainingRows, type WorldRowsOptions, type WorldTrainingOptions } from './rows.ts'
export {
  WORLD_KINDS,
  WORLD_LANGUAGES,
  WORLD_SPLITS,
  type HeldOut,
  type WorldKind,
  type WorldLanguage,
  type WorldMessage,
  type WorldRow,
  type WorldSplit,
  type WorldStage,
} from './types.ts'
export { WORLD_SHAPE, trainWorldModel, type WorldModel, type WorldModelOptions } from './world-model.ts'
export { runWorld, type RunWorldOptions, type WorldRun } from './run-world.ts'
export { chooseDeployment, deploymentSystem, standingOf, type Deployment, type Standing } from './deployments.ts'
export {
  STEERED_MIX,
  steeredTrainingRows,
  type SteeredKind,
  type SteeredRow,
  type SteeredRowsOptions,
} from './steered-rows.ts'
export { steerModel, type SteeredModel, type SteerModelOptions } from './steer-model.ts'
