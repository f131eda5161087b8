/**
 * What is compared in the flow experiment (arXiv 2406.18954 names the regimes; its data and numbers are not public): instruction tuning on
 * logs, alignment after it, before it and without it, and the controls that a gain must beat. Every phase has the same number of
 * steps and rows a step.
 */
import type { PreferenceKind, PreferenceSettings } from '../preference-loss.ts'

export type FlowDataKind =
  /** Logged turns as they are, a share of which breaks a rule. */
  | 'noisy-logs'
  /** Only right turns. */
  | 'good-turns'
  /** Right turns and perturbed ones, told apart by rule. */
  | 'rule'
  /** The same turns, told apart by a judge that errs. */
  | 'judge'
  /** Logged turns, labelled by rule. */
  | 'labelled-logs'
  /** Turns of the model itself, labelled by rule. */
  | 'on-policy'

export interface FlowRegime {
  readonly id: string
  /** What it starts from: another regime, or the pre-trained model. */
  readonly from: string
  readonly loss: PreferenceKind
  readonly data: FlowDataKind
  /** Labels dealt out again: the control that has to fail. */
  readonly shuffled?: boolean
  readonly title: string
}

/** The pre-trained model, and instruction tuning on noisy logs: what everything is compared with. */
export const BASE = 'base'
export const NOISY = 'sft-noisy'
/** The control that alignment has to beat to be worth its trouble. */
export const GOOD_CONTROL = 'sft-noisy.sft-good'

const tuned = (id: string, loss: PreferenceKind, data: FlowDataKind, title: string): FlowRegime => ({
  ...{ id: `${NOISY}.${id}`, from: NOISY, loss, data, title: `S′ → ${title}` },
})

/** In an order in which every regime comes after the one it starts from. */
export const FLOW_REGIMES: readonly FlowRegime[] = [
  { id: NOISY, from: BASE, loss: 'sft', data: 'noisy-logs', title: 'S′: SFT on noisy logs' },
  { id: 'sft-good', from: BASE, loss: 'sft', data: 'good-turns', title: 'S: SFT on good turns' },
  tuned('sft-noisy', 'sft', 'noisy-logs', 'SFT on noisy logs (control)'),
  tuned('sft-good', 'sft', 'good-turns', 'SFT on good turns only (control)'),
  tuned('ipo', 'ipo', 'rule', 'IPO, pairs by rule'),
  tuned('kto', 'kto', 'rule', 'KTO, labels by rule'),
  tuned('dpo', 'dpo', 'rule', 'DPO, pairs by rule'),
  tuned('orpo', 'orpo', 'rule', 'ORPO, pairs by rule'),
  tuned('simpo', 'simpo', 'rule', 'SimPO, pairs by rule'),
  tuned('kto-logs', 'kto', 'labelled-logs', 'KTO, labelled logs'),
  tuned('ipo-judge', 'ipo', 'judge', 'IPO, pairs by an erring judge'),
  tuned('kto-judge', 'kto', 'judge', 'KTO, labels by an erring judge'),
  tuned('ipo-policy', 'ipo', 'on-policy', 'IPO, own samples'),
  tuned('kto-policy', 'kto', 'on-policy', 'KTO, own samples'),
  { ...tuned('ipo-shuffled', 'ipo', 'rule', 'IPO, pairs shuffled (control)'), shuffled: true },
  { ...tuned('kto-shuffled', 'kto', 'rule', 'KTO, labels shuffled (control)'), shuffled: true },
  { id: 'ipo', from: BASE, loss: 'ipo', data: 'rule', title: 'A: IPO without SFT' },
  { id: 'kto', from: BASE, loss: 'kto', data: 'rule', title: 'A: KTO without SFT' },
  { id: 'ipo.sft-noisy', from: 'ipo', loss: 'sft', data: 'noisy-logs', title: 'A (IPO) → S′' },
  { id: 'kto.sft-noisy', from: 'kto', loss: 'sft', data: 'noisy-logs', title: 'A (KTO) → S′' },
]

export interface FlowCandidate {
  readonly loss: PreferenceSettings
  readonly learningRate: number
  /** Of KTO: weight of good against bad turns, their numbers evened out. */
  readonly imbalanceRatio?: number
}

export type FlowSettings = Readonly<Partial<Record<PreferenceKind, FlowCandidate>>>

/** What the selection split decides between, for each loss, after S′ on data by rule. IPO is the sum form. */
export const FLOW_CANDIDATES: Readonly<Partial<Record<PreferenceKind, readonly FlowCandidate[]>>> = {
  sft: [
    { loss: { kind: 'sft' }, learningRate: 5e-4 },
    { loss: { kind: 'sft' }, learningRate: 2e-3 },
  ],
  ipo: [
    { loss: { kind: 'ipo', tau: 0.1, logRatio: 'sum' }, learningRate: 5e-4 },
    { loss: { kind: 'ipo', tau: 0.1, logRatio: 'sum' }, learningRate: 2e-3 },
    { loss: { kind: 'ipo', tau: 0.3, logRatio: 'sum' }, learningRate: 1e-3 },
  ],
  kto: [
    { loss: { kind: 'kto', beta: 0.1 }, learningRate: 1e-3, imbalanceRatio: 1 },
    { loss: { kind: 'kto', beta: 0.1 }, learningRate: 1e-3, imbalanceRatio: 4 / 3 },
    { loss: { kind: 'kto', beta: 0.3 }, learningRate: 1e-3, imbalanceRatio: 4 / 3 },
    { loss: { kind: 'kto', beta: 0.1 }, learningRate: 3e-3, imbalanceRatio: 4 / 3 },
  ],
  dpo: [
    { loss: { kind: 'dpo', beta: 0.1 }, learningRate: 5e-4 },
    { loss: { kind: 'dpo', beta: 0.3 }, learningRate: 1e-3 },
  ],
  orpo: [
    { loss: { kind: 'orpo', lambda: 1 }, learningRate: 5e-4 },
    { loss: { kind: 'orpo', lambda: 1 }, learningRate: 2e-3 },
  ],
  simpo: [
    { loss: { kind: 'simpo', beta: 2 }, learningRate: 5e-4 },
    { loss: { kind: 'simpo', beta: 2 }, learningRate: 2e-3 },
  ],
}

/** Settings of what is no matter of choice: the phases that start from the pre-trained model by SFT. */
export const INSTRUCTION: FlowCandidate = { loss: { kind: 'sft' }, learningRate: 1e-3 }
