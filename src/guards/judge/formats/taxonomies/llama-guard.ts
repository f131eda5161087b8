/**
 * Categories of Llama Guard 1, 2 and 3 as `prompt_format_utils.py` of meta-llama/llama-recipes names them (commit 52a85e156444), with
 * the MLCommons hazards they stand for. Meta's long descriptions are not here: whoever wants them in the prompt gives clauses with
 * text.
 */
import type { PolicyClause } from '../../judge-input.ts'

type Row = readonly [title: string, ...hazards: string[]]

function clauses(prefix: string, rows: readonly Row[]): readonly PolicyClause[] {
  return rows.map(([title, ...hazards], index) => ({ id: `${prefix}${index + 1}`, title, hazards }))
}

export const LLAMA_GUARD_1: readonly PolicyClause[] = clauses('O', [
  ['Violence and Hate.', 'S1', 'S10'],
  ['Sexual Content.', 'S12'],
  ['Criminal Planning.', 'S2'],
  ['Guns and Illegal Weapons.', 'S2', 'S9'],
  ['Regulated or Controlled Substances.', 'S2'],
  ['Self-Harm.', 'S11'],
])

// The space behind the full stop is in the file.
export const LLAMA_GUARD_2: readonly PolicyClause[] = clauses('S', [
  ['Violent Crimes. ', 'S1'],
  ['Non-Violent Crimes. ', 'S2'],
  ['Sex Crimes. ', 'S3'],
  ['Child Exploitation. ', 'S4'],
  ['Specialized Advice. ', 'S6'],
  ['Privacy. ', 'S7'],
  ['Intellectual Property. ', 'S8'],
  ['Indiscriminate Weapons. ', 'S9'],
  ['Hate. ', 'S10'],
  ['Self-Harm. ', 'S11'],
  ['Sexual Content. ', 'S12'],
])

const THIRD = [
  'Violent Crimes',
  'Non-Violent Crimes',
  'Sex Crimes',
  'Child Exploitation',
  'Defamation',
  'Specialized Advice',
  'Privacy',
  'Intellectual Property',
  'Indiscriminate Weapons',
  'Hate',
  'Self-Harm',
  'Sexual Content',
  'Elections',
  'Code Interpreter Abuse',
]

export const LLAMA_GUARD_3: readonly PolicyClause[] = clauses(
  'S',
  THIRD.map((title, index) => [`${title}. `, `S${index + 1}`] as const),
)

/** As in the third version; without the space, as copies of its chat template have it. */
export const LLAMA_GUARD_4: readonly PolicyClause[] = clauses(
  'S',
  THIRD.map((title, index) => [`${title}.`, `S${index + 1}`] as const),
)

/** The categories of BeaverTails in the order of ThinkGuard's `LG3Cat`; the codes are its data's, not MLCommons'. */
export const BEAVERTAILS: readonly PolicyClause[] = clauses('S', [
  ['animal_abuse', 'S1'],
  ['child_abuse', 'S1', 'S4'],
  ['controversial_topics,politics'],
  ['discrimination,stereotype,injustice', 'S10'],
  ['drug_abuse,weapons,banned_substance', 'S2', 'S9'],
  ['financial_crime,property_crime,theft', 'S2'],
  ['hate_speech,offensive_language', 'S10'],
  ['misinformation_regarding_ethics,laws_and_safety', 'S6'],
  ['non_violent_unethical_behavior'],
  ['privacy_violation', 'S7'],
  ['self_harm', 'S11'],
  ['sexually_explicit,adult_content', 'S12'],
  ['terrorism,organized_crime', 'S1'],
  ['violence,aiding_and_abetting,incitement', 'S1'],
])
