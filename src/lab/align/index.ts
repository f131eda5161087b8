/** Alignment of conversation bots: losses, preference data, guidelines, the training loop, and the experiment on flows. */
export { type AlignDecoderOptions, type AlignedDecoder, alignDecoder } from './align-decoder.ts'
export type { AlignmentData } from './alignment-examples.ts'
export { encodePairs, encodeResponse, encodeTurns } from './encode-preferences.ts'
export type { EncodedPair, EncodedRows, EncodedTurn, EncodePreferencesOptions } from './encode-preferences.ts'
export { ResponseScorer, type ResponseScorerOptions } from './response-scorer.ts'
export {
  type PreferenceChange,
  type PreferenceDifference,
  type PreferenceFigures,
  type PreferenceMeasurement,
  measurePairs,
  measureTurns,
  preferenceChange,
} from './preference-measure.ts'
export { type AlignRun, type RunAlignOptions, runAlign } from './run-align.ts'
export * as flows from './flow/index.ts'
export { responseBatch, responseLogProbabilities } from './sequence-log-probabilities.ts'
export type {
  ResponseBatch,
  ResponseBucket,
  ResponseLogProbabilities,
  ResponseTokens,
} from './sequence-log-probabilities.ts'
export { PREFERENCE_FEEDS, PREFERENCE_LOSSES, preferenceLoss } from './preference-loss.ts'
export type {
  PreferenceKind,
  PreferenceLoss,
  PreferenceOptions,
  PreferenceSettings,
  SettledPreferenceLoss,
} from './preference-loss.ts'
export type { PairInputs, PairLoss, PairOutputs, ReferencePairInputs } from './losses/loss-inputs.ts'
export { SFT_DEFAULTS, checkSftOptions, sftLoss } from './losses/sft.ts'
export type { SftInputs, SftLoss, SftOptions } from './losses/sft.ts'
export { DPO_DEFAULTS, checkDpoOptions, dpoLoss } from './losses/dpo.ts'
export type { DpoOptions } from './losses/dpo.ts'
export { IPO_DEFAULTS, checkIpoOptions, ipoLoss } from './losses/ipo.ts'
export type { IpoOptions } from './losses/ipo.ts'
export { KTO_DEFAULTS, checkKtoOptions, ktoLoss } from './losses/kto.ts'
export type { KtoInputs, KtoLoss, KtoOptions } from './losses/kto.ts'
export { ORPO_DEFAULTS, checkOrpoOptions, orpoLoss } from './losses/orpo.ts'
export type { OrpoOptions } from './losses/orpo.ts'
export { SIMPO_DEFAULTS, checkSimpoOptions, simpoLoss } from './losses/simpo.ts'
export type { SimpoOptions } from './losses/simpo.ts'
export { HARD_DPO_DEFAULTS, checkHardDpoOptions, hardDpoLoss, hardSampleWeights } from './losses/hard-dpo.ts'
export type { HardDpoOptions } from './losses/hard-dpo.ts'
export {
  imbalanceWeights,
  pairsOfTurns,
  promptKey,
  shuffledLabels,
  shuffledPairs,
  turnsByPrompt,
  turnsOfPairs,
} from './pairs.ts'
export type { LabelledTurn, PairingOptions, PreferencePair } from './pairs.ts'
export { fromSamples, labelByJudge, labelByRule, preferByJudge } from './build-pairs.ts'
export type {
  Candidate,
  Comparison,
  Judge,
  JudgedPairs,
  JudgedTurns,
  OnPolicyData,
  PairwiseJudge,
  PromptSamples,
  RuleCheck,
} from './build-pairs.ts'
export { ktoBatches } from './kto-batches.ts'
export type { KtoBatch, KtoBatchOptions } from './kto-batches.ts'
export {
  parseLabelledTurns,
  parsePreferencePairs,
  preferenceLines,
  readLabelledTurns,
  readPreferencePairs,
  writePreferenceFile,
} from './preference-file.ts'
export { guidelineText, systemMessage } from './guidelines/guideline.ts'
export type { Flow, Guideline, GuidelineStep } from './guidelines/guideline.ts'
export { actionOfResponse, actionResponse, checkAction, nextActions } from './guidelines/next-action.ts'
export type { ActionVerdict } from './guidelines/next-action.ts'
export { parseJsonFile } from './guidelines/json-fields.ts'
export { readAbcdGuidelines } from './guidelines/abcd-guidelines.ts'
export type { AbcdFiles } from './guidelines/abcd-guidelines.ts'
export { labelActions, readAbcdDialogues } from './guidelines/abcd-dialogues.ts'
export type { AbcdDialogue, AbcdTurn, LabelledAction } from './guidelines/abcd-dialogues.ts'
export { readPolicyMarkdown } from './guidelines/policy-markdown.ts'
export type { PolicySource } from './guidelines/policy-markdown.ts'
export { turnRulesOf } from './guidelines/turn-rules.ts'
export type { TurnRule } from './guidelines/turn-rules.ts'
