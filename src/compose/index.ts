/** Parapet. Any export added here becomes public API: creating a Parapet, its policy, and what a guard of your own needs. */
export { createParapet } from './create-parapet.ts'
export type { ParapetOptions } from './create-parapet.ts'
export type { Disagreement } from './disagreements.ts'
export type { GuardStreamOptions, Parapet } from './parapet.ts'
export type { StoreSetting } from './record-keeping.ts'
export { loadGuidelines } from './steering.ts'
export { BUILTIN_POLICY } from './builtin-policy.ts'
export { POLICY_TEMPLATE } from './policy-template.ts'
export { definePolicy, loadPolicy, parsePolicy } from './policy-file.ts'
export { checkPolicyFile } from './policy-report.ts'
export type { PlacedNote, PolicyFileReport } from './policy-report.ts'
export { pingStore } from './ping-store.ts'
export { failureText, runPolicyCases, toJUnit } from './policy-cases.ts'
export type { CaseResult, CasesReport } from './policy-cases.ts'
export { createPatternScanner, regExpMatcher } from '../core/scan/index.ts'
export type { PatternMatch, PatternMatcher, PatternScanner, Recogniser } from '../core/scan/index.ts'
export { HAZARDS, hazardNames, hazardsNamed } from '../core/taxonomy/index.ts'
export type { Hazard, Taxonomy } from '../core/taxonomy/index.ts'
export { createTextView } from '../core/text/index.ts'
export type { CallModel, ConverseRequest } from '../core/stream/index.ts'
export {
  BlockedError,
  ERROR_CODES,
  ParapetError,
  PolicyError,
  SEVERITY,
  STAGES,
  moreSevere,
  showsText,
} from '../spec/index.ts'
export type {
  Action,
  ActionRule,
  AnswerMessage,
  Caller,
  ChatMessage,
  CheckInput,
  CheckResult,
  CheckRow,
  ClassifierEngine,
  Clock,
  Completion,
  CompletionEngine,
  CompletionOptions,
  CompletionRequest,
  Critique,
  Decision,
  DecisionContent,
  DecisionDraft,
  DecisionPage,
  DecisionQuery,
  DecisionRecord,
  DecisionStore,
  EngineFailureReason,
  ErrorCode,
  Feedback,
  Finding,
  Guard,
  GuardReport,
  GuardRequest,
  GuardResult,
  GuardStream,
  GuardedPart,
  GuardedStream,
  Job,
  JobQueue,
  KeptCritique,
  MediaCheck,
  MediaRequest,
  Message,
  ParapetEvent,
  ParapetListener,
  Policy,
  PolicyException,
  PolicyIssue,
  RecordCounts,
  RecordPolicy,
  Recorder,
  Review,
  ReviewState,
  RouteChoiceFacts,
  RoutePath,
  RoutePlan,
  RouteReader,
  RouteRequest,
  Router,
  RouteTrace,
  ScopePolicy,
  ScoredToken,
  Scores,
  Span,
  Stage,
  StoredDecision,
  StreamBuffer,
  StreamPart,
  StreamRequest,
  StreamStep,
  TextClassification,
  TextClassifierEngine,
  TextClassifierInput,
  TextEncoderEngine,
  TextView,
} from '../spec/index.ts'
