/**
 * Every alignment loss behind one door, so that one training loop serves them all.
 *
 * The loop runs the policy over `rowsPerExample × batch` rows (`responseBatch`, `responseLogProbabilities`): first one block of
 * `batch` rows, then the second, in the same order of examples.
 *
 * | loss | rows | first block | second block |
 * |---|---|---|---|
 * | sft | 1 | good responses | |
 * | dpo, ipo, orpo, simpo, hard-dpo | 2 | chosen | rejected |
 * | kto | 2 | labelled responses | the same prompts, each with the response of another row (`ktoBatches`) |
 * | kto with `referencePoint: 'zero'` | 1 | labelled responses | |
 *
 * `build` declares what else is fed, under the names of `PREFERENCE_FEEDS`. It computes no reference and draws no batches.
 */
import { ParapetError } from '../../spec/errors.ts'
import { slice } from '../../nn/tensor/index.ts'
import type { SymbolicTensor } from '../../nn/tensor/index.ts'
import type { LossDescription } from '../../nn/runtime/training-graph.ts'
import { type DpoOptions, checkDpoOptions, dpoLoss } from './losses/dpo.ts'
import { type HardDpoOptions, checkHardDpoOptions, hardDpoLoss } from './losses/hard-dpo.ts'
import { type IpoOptions, checkIpoOptions, ipoLoss } from './losses/ipo.ts'
import { type KtoOptions, checkKtoOptions, ktoLoss } from './losses/kto.ts'
import type { PairInputs, ReferencePairInputs } from './losses/loss-inputs.ts'
import { type OrpoOptions, checkOrpoOptions, orpoLoss } from './losses/orpo.ts'
import { type SftOptions, checkSftOptions, sftLoss } from './losses/sft.ts'
import { type SimpoOptions, checkSimpoOptions, simpoLoss } from './losses/simpo.ts'
import type { ResponseLogProbabilities } from './sequence-log-probabilities.ts'

/** Options of each loss. */
export interface PreferenceOptions {
  readonly sft: SftOptions
  readonly dpo: DpoOptions
  readonly ipo: IpoOptions
  readonly kto: KtoOptions
  readonly orpo: OrpoOptions
  readonly simpo: SimpoOptions
  readonly 'hard-dpo': HardDpoOptions
}

export type PreferenceKind = keyof PreferenceOptions

/** A loss by name with its options beside the name, as a configuration file holds it: `{ kind: 'kto', beta: 0.3 }`. */
export type PreferenceSettings = {
  readonly [Kind in PreferenceKind]: { readonly kind: Kind } & PreferenceOptions[Kind]
}[PreferenceKind]

/** Names of the inputs that `build` declares, all float32. */
export const PREFERENCE_FEEDS = {
  /** [rows]: summed log-probabilities by the frozen reference, in the order of the rows. Only where `needsReference`. */
  reference: 'reference',
  /** [batch]: importance of each example; 0 marks a row that only fills the batch. Always. */
  weights: 'exampleWeights',
  /** [batch]: 1 desirable, 0 undesirable. KTO only. */
  desirable: 'desirable',
} as const

export interface PreferenceLoss<Options> {
  readonly needsReference: boolean
  /** Whether it learns from pairs; if not, from single responses. */
  readonly needsPairs: boolean
  /** Blocks of rows, see the head of the file. */
  readonly rowsPerExample: (options: Options) => 1 | 2
  /** Options with the defaults filled in. Throws `configuration`. */
  readonly check: (options: Options) => Required<Options>
  /** The loss of `rowsPerExample × batch` rows, and what to watch. */
  readonly build: (responses: ResponseLogProbabilities, options: Options) => LossDescription
}

export const PREFERENCE_LOSSES: { readonly [Kind in PreferenceKind]: PreferenceLoss<PreferenceOptions[Kind]> } = {
  sft: {
    needsReference: false,
    needsPairs: false,
    rowsPerExample: () => 1,
    check: checkSftOptions,
    build: ({ logProbabilities, tokens }, options) =>
      sftLoss({ policy: logProbabilities, tokens, weights: weightsOf(logProbabilities, 1) }, options),
  },
  dpo: withReference(checkDpoOptions, dpoLoss),
  ipo: withReference(checkIpoOptions, ipoLoss),
  kto: {
    needsReference: true,
    needsPairs: false,
    rowsPerExample: (options) => (options.referencePoint === 'zero' ? 1 : 2),
    check: checkKtoOptions,
    build: ({ logProbabilities: policy }, options) => {
      const blocks = options.referencePoint === 'zero' ? 1 : 2
      const reference = policy.graph.input(PREFERENCE_FEEDS.reference, policy.shape)
      const weights = weightsOf(policy, blocks)
      const desirable = policy.graph.input(PREFERENCE_FEEDS.desirable, weights.shape)
      if (blocks === 1) return ktoLoss({ policy, reference, desirable, weights }, options)
      const [matched, policyMismatched] = halves(policy)
      const [referenceMatched, referenceMismatched] = halves(reference)
      return ktoLoss(
        { policy: matched, reference: referenceMatched, policyMismatched, referenceMismatched, desirable, weights },
        options,
      )
    },
  },
  orpo: withoutReference(checkOrpoOptions, orpoLoss),
  simpo: withoutReference(checkSimpoOptions, simpoLoss),
  'hard-dpo': withReference(checkHardDpoOptions, hardDpoLoss),
}

/** A loss whose options are settled. */
export interface SettledPreferenceLoss {
  readonly kind: PreferenceKind
  /** With the defaults filled in, for the record of a run. */
  readonly settings: PreferenceSettings
  readonly needsReference: boolean
  readonly needsPairs: boolean
  readonly rowsPerExample: 1 | 2
  readonly build: (responses: ResponseLogProbabilities) => LossDescription
}

/** Looks a loss up and checks its options. Throws `configuration` for an unknown name or an option that cannot be. */
export function preferenceLoss(settings: PreferenceSettings): SettledPreferenceLoss {
  const { kind, ...options } = settings
  if (!Object.hasOwn(PREFERENCE_LOSSES, kind))
    throw new ParapetError(
      'configuration',
      `There is no alignment loss ${kind}. There are ${Object.keys(PREFERENCE_LOSSES).join(', ')}.`,
    )
  // The name says which options go with it; the compiler cannot follow a union through a table.
  const loss = PREFERENCE_LOSSES[kind] as PreferenceLoss<typeof options>
  const checked = loss.check(options)
  return {
    kind,
    settings: { kind, ...checked },
    needsReference: loss.needsReference,
    needsPairs: loss.needsPairs,
    rowsPerExample: loss.rowsPerExample(checked),
    build: (responses) => loss.build(responses, checked),
  }
}

function withReference<Options>(
  check: (options: Options) => Required<Options>,
  loss: (inputs: ReferencePairInputs, options: Options) => LossDescription,
): PreferenceLoss<Options> {
  return {
    needsReference: true,
    needsPairs: true,
    rowsPerExample: () => 2,
    check,
    build: (responses, options) => {
      const { logProbabilities } = responses
      const reference = logProbabilities.graph.input(PREFERENCE_FEEDS.reference, logProbabilities.shape)
      const [referenceChosen, referenceRejected] = halves(reference)
      return loss({ ...pairInputs(responses), referenceChosen, referenceRejected }, options)
    },
  }
}

function withoutReference<Options>(
  check: (options: Options) => Required<Options>,
  loss: (inputs: PairInputs, options: Options) => LossDescription,
): PreferenceLoss<Options> {
  return {
    needsReference: false,
    needsPairs: true,
    rowsPerExample: () => 2,
    check,
    build: (responses, options) => loss(pairInputs(responses), options),
  }
}

function pairInputs({ logProbabilities, tokens }: ResponseLogProbabilities): PairInputs {
  const [policyChosen, policyRejected] = halves(logProbabilities)
  const [chosenTokens, rejectedTokens] = halves(tokens)
  return { policyChosen, policyRejected, chosenTokens, rejectedTokens, weights: weightsOf(logProbabilities, 2) }
}

function weightsOf(rows: SymbolicTensor, blocks: number): SymbolicTensor {
  return rows.graph.input(PREFERENCE_FEEDS.weights, [rowCount(rows, blocks) / blocks])
}

function halves(rows: SymbolicTensor): readonly [SymbolicTensor, SymbolicTensor] {
  const count = rowCount(rows, 2)
  return [slice(rows, 0, 0, count / 2), slice(rows, 0, count / 2, count)]
}

function rowCount(rows: SymbolicTensor, blocks: number): number {
  const [count] = rows.shape
  if (rows.rank !== 1 || typeof count !== 'number' || count % blocks !== 0)
    throw new ParapetError('internal', `The loss needs [rows], a multiple of ${blocks}, not ${rows.text}.`)
  return count
}
