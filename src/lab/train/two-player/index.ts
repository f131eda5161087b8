/** DuoGuard's two-player training (arXiv 2502.05163): a generator and a classifier against each other, and the game in closed form. */
export {
  DECISION_THRESHOLD,
  DUOGUARD_LABELS,
  decide,
  placesOfHazard,
  safeTargets,
  targetsAt,
  targetsOfRecord,
} from './labels.ts'
export type { DuoGuardLabel, LabelDecision, LabelTargets } from './labels.ts'
export { bceGradient, bceMean, bceSum, dpoRpo, RPO_LOSS, zlpr, zlprGradient } from './losses.ts'
export type { ClassifierLoss, PairLogProbabilities } from './losses.ts'
export { CLASSIFIER_SETTINGS, LabelClassifier, trainLabelClassifier } from './label-classifier.ts'
export type { ClassifierSettings, LabelledText } from './label-classifier.ts'
export { parseRating, ratingMatches } from './rating.ts'
export { isRefusal, lengthFits, MOST_LENGTH_DIFFERENCE } from './filters.ts'
export { levelOf, pairOf, pairsOf } from './preferences.ts'
export type { Level, ProposalPair } from './preferences.ts'
export type {
  Generator,
  GeneratorFactory,
  Proposal,
  Proposed,
  RatedProposal,
  SeedRow,
  WayProbabilities,
} from './proposal.ts'
export { languageName, parseProposal, proposalMessages, ratingMessages } from './prompts.ts'
export { engineGenerator, type EngineGeneratorOptions } from './engine-generator.ts'
export { decoderGenerator, type DecoderGeneratorOptions } from './decoder-generator.ts'
export { transformGenerator, type TransformGeneratorOptions } from './transforms/transform-generator.ts'
export { POLICY_SETTINGS, type PolicySettings, TransformPolicy, type WayPair } from './transforms/transform-policy.ts'
export { keepsMeaning, rateMeaning } from './transforms/meaning-check.ts'
export { transform, type Way, WAYS, waysOf } from './transforms/transforms.ts'
export { gameTranslator, type GameTranslator, type TranslatorOptions } from './transforms/translators.ts'
export { figuresOf, type LanguageFigures, type LanguageSet, readLanguageSets } from './measure-languages.ts'
export { type Arm, ARMS, playRound } from './play-round.ts'
export { gatherSeed, SEED_SHARES } from './seed-rows.ts'
export { runTwoPlayer, type RunTwoPlayerOptions } from './run-two-player.ts'
export type { ArmRecord, LanguageCourse, RoundRecord, SetCourse, TwoPlayerRun } from './two-player-run.ts'
export {
  bestClassifier,
  bestGenerator,
  gameValue,
  mirroredEquilibrium,
  mirroredGame,
  playToyGame,
  type PlayedToyGame,
  type ToyGame,
} from './toy-game.ts'
