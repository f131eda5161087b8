/** Evaluation: subjects on labelled sets, figures with intervals, thresholds with stated guarantees, and a report to look at. */
export { EVALUATION_TASKS } from './sample.ts'
export type { EvaluationSample, EvaluationSet, EvaluationTask } from './sample.ts'
export type { Prediction, Subject } from './subject.ts'
export * from './subjects/index.ts'
export { chooseSamples } from './choose-samples.ts'
export { detectFormat, READERS, readSets } from './readers/registry.ts'
export type { RegisteredReader } from './readers/registry.ts'
export type { Verification } from './readers/reader.ts'
export type { SourceFile } from './readers/source-file.ts'
export { runEvaluation } from './run.ts'
export type { EvaluationOptions, EvaluationOutcome, EvaluationProgress } from './run.ts'
export { FAILURE_POLICIES, METRIC_NAMES, RUN_FORMAT_VERSION } from './run-format.ts'
export type {
  Comparison,
  EvaluationRun,
  FailureCounts,
  FailurePolicy,
  Figure,
  MeasuredResult,
  MetricName,
  NotJudged,
  OverRefusalCheck,
  PredictionRecord,
  SetSummary,
  SliceFigures,
  SubjectSummary,
  ThresholdChoice,
} from './run-format.ts'
export { checkRunFolder, readRunFolder, RUN_FILES, writeRunFolder } from './run-folder.ts'
export { compareRuns } from './compare-runs.ts'
export type { RunComparison, RunSubject } from './compare-runs.ts'
export { cascadeCurve } from './cascade-curve.ts'
export type { CascadeCurve, CascadeCurveOptions, CascadePoint, CascadeScores } from './cascade-curve.ts'
export { renderReport } from './report/report.ts'
export { policyInWords } from './threshold-policy.ts'
export type { ThresholdPolicy } from './threshold-policy.ts'
export {
  conformalQuantile,
  conformalRank,
  conformalRiskThreshold,
  conformalThreshold,
  guaranteeInWords,
  rowsNeeded,
} from './conformal.ts'
export type { ConformalTarget, ControlledRate, WeightedScore } from './conformal.ts'
export { eightGrams, judgedText, normalizeForHash, textHash } from './contamination.ts'
export type { Contamination } from './contamination.ts'
export { CONSTANT_SUBJECTS } from './constant.ts'
export { PUBLISHED_FIGURES, PUBLISHED_LABEL, publishedFor } from './published.ts'
export type { PublishedFigure, PublishedMatch, PublishedSize } from './published.ts'
export { parseGuardReasonerAnswer, sampleWeightedMean, scoreGuardReasoner, taskMean } from './scorers/guardreasoner.ts'
export type { GuardReasonerRow, GuardReasonerScore, GuardReasonerTask, ScorerForm } from './scorers/guardreasoner.ts'
export { clopperPearsonLower, clopperPearsonUpper, exactInterval, hoeffdingUpper } from './metrics/binomial.ts'
export type { Interval } from './metrics/binomial.ts'
export { bootstrapDifferences, bootstrapIntervals } from './metrics/bootstrap.ts'
export type { BootstrapOptions, BootstrapRow, ResampledName } from './metrics/bootstrap.ts'
export { brierScore, expectedCalibrationError, reliabilityBins, scoreHistogram } from './metrics/calibration.ts'
export type { HistogramBin, ReliabilityBin } from './metrics/calibration.ts'
export { countDecisions, decisionMetrics } from './metrics/decisions.ts'
export type { Confusion, DecisionMetrics } from './metrics/decisions.ts'
export { comparePaired, mcNemarTest } from './metrics/paired.ts'
export type { Difference, McNemar, PairedComparison, PairedRow } from './metrics/paired.ts'
export { curvePoints, rankingMetrics } from './metrics/ranking.ts'
export type { CurvePoint, RankingMetrics, ScoredRow } from './metrics/ranking.ts'
