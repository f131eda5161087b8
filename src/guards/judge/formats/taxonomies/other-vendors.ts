/**
 * Categories of Qwen3Guard, NemoGuard, ShieldGemma and DuoGuard, with the MLCommons hazards they stand for. The names are theirs; the
 * pairing is Parapet's reading, coarser than either side.
 */
import { hazardsNamed } from '../../../../core/taxonomy/index.ts'
import type { PolicyClause } from '../../judge-input.ts'

function named(title: string, ...hazards: string[]): PolicyClause {
  return { id: title, title, hazards }
}

/** Of prompts. Answers have the same without the last (chat template of Qwen3Guard-Gen). */
export const QWEN3GUARD: readonly PolicyClause[] = [
  named('Violent', 'S1', 'S9'),
  named('Non-violent Illegal Acts', 'S2'),
  named('Sexual Content or Sexual Acts', 'S3', 'S4', 'S12'),
  named('PII', 'S7'),
  named('Suicide & Self-Harm', 'S11'),
  named('Unethical Acts'),
  named('Politically Sensitive Topics', 'S13'),
  named('Copyright Violation', 'S8'),
  named('Jailbreak'),
]

const AEGIS_2: readonly (readonly [string, ...string[]])[] = [
  ['Violence', 'S1'],
  ['Sexual', 'S12'],
  ['Criminal Planning/Confessions', 'S1', 'S2'],
  ['Guns and Illegal Weapons', 'S2', 'S9'],
  ['Controlled/Regulated Substances', 'S2'],
  ['Suicide and Self Harm', 'S11'],
  ['Sexual (minor)', 'S4'],
  ['Hate/Identity Hate', 'S10'],
  ['PII/Privacy', 'S7'],
  ['Harassment'],
  ['Threat', 'S1'],
  ['Profanity'],
  ['Needs Caution'],
  ['Other'],
  ['Manipulation'],
  ['Fraud/Deception', 'S2'],
  ['Malware', 'S2', 'S14'],
  ['High Risk Gov Decision Making'],
  ['Political/Misinformation/Conspiracy', 'S13'],
  ['Copyright/Trademark/Plagiarism', 'S8'],
  ['Unauthorized Advice', 'S6'],
  ['Illegal Activity', 'S2'],
  ['Immoral/Unethical'],
]

/** `S1` to `S23`; answers name them by title. */
export const NEMOGUARD: readonly PolicyClause[] = AEGIS_2.map(([title, ...hazards], index) => ({
  id: `S${index + 1}`,
  title,
  hazards,
}))

/** Order of the 12 outputs (`evaluation/test_single_input.py` of yihedeng9/DuoGuard, commit 7a2a4a3a7787). */
export const DUOGUARD: readonly PolicyClause[] = [
  'Violent crimes',
  'Non-violent crimes',
  'Sex-related crimes',
  'Child sexual exploitation',
  'Specialized advice',
  'Privacy',
  'Intellectual property',
  'Indiscriminate weapons',
  'Hate',
  'Suicide and self-harm',
  'Sexual content',
  'Jailbreak prompts',
].map((title) => named(title, ...hazardsNamed(title, 'duoguard')))
