/** Settings of the models that ship: which sets calibrate, how much each head may flag, and where the fast tier is unsure. */
import { ALONE } from '../../nn/embedded-model.ts'
import type { FalsePositiveLimits } from './calibrate.ts'
import type { Bands } from './deep/deep-tier.ts'
import { TEXT_OUTPUTS } from './examples.ts'

/** Development sets whose licences permit that shipped thresholds are fitted on them. */
export const CALIBRATION_SETS: readonly string[] = [
  'guardreasoner_openai_moderation',
  'xstest',
  'or_bench_hard_heldout',
  'aegis_safety_test',
  'cyberseceval_mitre_frr_benign',
  'bipia_test',
  'cold_test',
  'germeval2018_test',
  'apeach_ko',
  'clinc_oos_test',
  'gptfuzz_response_eval',
  'multijail',
  'xstest_response_refusal',
]

/** Largest shares of harmless texts above 0.5, by output and set. */
export const LIMITS: Readonly<Record<string, FalsePositiveLimits>> = {
  prompt_harm: {
    '*': 0.12,
    xstest: 0.145,
    or_bench_hard_heldout: 0.049,
    cyberseceval_mitre_frr_benign: 0.09,
    clinc_oos_test: 0.02,
  },
  toxicity: { '*': 0.06, clinc_oos_test: 0.01 },
  injection_direct: { '*': 0.02, clinc_oos_test: 0.005, xstest: 0.01, guardreasoner_openai_moderation: 0.03 },
  injection_indirect: { '*': 0.05, bipia_test: 0.1 },
  response_harm: { '*': 0.06, 'held-out': 0.05 },
  [ALONE]: { '*': 0.06 },
  ...Object.fromEntries(
    TEXT_OUTPUTS.filter((output) => /^S\d/.test(output)).map((output): [string, FalsePositiveLimits] => [
      output,
      { '*': 0.03 },
    ]),
  ),
}

/** The deep tier is asked about prompts and answers; injections and refusals the fast tier finds better alone. */
export const BANDS: Bands = {
  prompt_harm: [0.15, 0.95],
  toxicity: [0.2, 0.9],
  response_harm: [0.1, 0.95],
}
