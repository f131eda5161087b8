/** The language all rooms speak. Any export added here becomes public API. */
export { SEVERITY, moreSevere, showsText } from './decision.ts'
export type { Action, Decision, StageDecision } from './decision.ts'
export type { Clock } from './clock.ts'
export { STAGES } from './stage.ts'
export type { Field, Stage } from './stage.ts'
export type { Caller, MediaPart, Message, Role, TextPart, ToolCall } from './exchange.ts'
export type { StreamBuffer, TextView } from './text.ts'
export type {
  Finding,
  Guard,
  GuardReport,
  GuardRequest,
  GuardStream,
  MediaCheck,
  MediaRequest,
  Restorer,
  Scores,
  StreamRequest,
  StreamStep,
} from './guard.ts'
export type {
  AskCritiques,
  Critique,
  CritiqueClause,
  CritiqueOutcome,
  CritiqueQuote,
  CritiqueSource,
  KeptCritique,
} from './critique.ts'
export type { CancelledVerdict, ErrorVerdict, JudgedVerdict, TimeoutVerdict, Verdict } from './verdict.ts'
export type {
  ChatMessage,
  ChatPrompt,
  ClassifierEngine,
  ClassifierHead,
  ClassifierInput,
  ClassifierScores,
  ClassifierSpan,
  Completion,
  CompletionEngine,
  CompletionOptions,
  CompletionRequest,
  CompletionUsage,
  Coverage,
  EngineFailureReason,
  GenerateOptions,
  GenerationPart,
  LanguageModelEngine,
  PromptReading,
  ScoredToken,
  TextClassification,
  TextClassifierEngine,
  TextClassifierInput,
  TextEncoderEngine,
  TokenChoice,
} from './engine.ts'
export type {
  ActionRule,
  ConversationPolicy,
  ErrorPolicy,
  GuardDefinition,
  HardSetting,
  Policy,
  PolicyException,
  PolicySettings,
  RailEntry,
  RecordPolicy,
  RoutePolicy,
  ScopePolicy,
  StreamPolicy,
} from './policy.ts'
export type { CheckInput, CheckResult, CheckRow, GuardResult, RowStage, Span } from './check.ts'
export type {
  FilePart,
  FinishPart,
  GuardedPart,
  GuardedStream,
  OtherPart,
  ReasoningDelta,
  StreamErrorPart,
  StreamPart,
  TextDelta,
  ToolInputDelta,
} from './stream-part.ts'
export { BlockedError, ERROR_CODES, ParapetError, PolicyError } from './errors.ts'
export type { ErrorCode, PolicyIssue } from './errors.ts'
export type { ParapetEvent, ParapetListener } from './events.ts'
export type { PseudonymVault } from './vault.ts'
export type {
  RouteCall,
  RouteChoiceFacts,
  RoutePath,
  RoutePlan,
  RouteReader,
  RouteRequest,
  Router,
  RouteTrace,
} from './router.ts'
export type {
  AnswerMessage,
  DecisionContent,
  DecisionDraft,
  DecisionRecord,
  Feedback,
  Review,
  ReviewState,
  StoredDecision,
} from './record.ts'
export type { DecisionPage, DecisionQuery, DecisionStore, RecordCounts, Recorder } from './store.ts'
export type { Job, JobQueue, SendOptions, WorkOptions } from './jobs.ts'
