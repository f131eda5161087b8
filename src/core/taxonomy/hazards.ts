/**
 * The hazard categories of the MLCommons AILuminate taxonomy, with the ids that the Llama Guard 3 model card gives them
 * (S1 to S13 from AILuminate v1.0, S14 added by Llama Guard 3).
 *
 * Names and ids only: what counts as a hazard is the business of a guard, what follows from it that of the policy.
 */

/** One hazard category. */
export interface Hazard {
  readonly id: string
  readonly name: string
  /** One sentence: what the category covers. */
  readonly covers: string
}

/** All hazards, in the order of their ids. */
export const HAZARDS: readonly Hazard[] = [
  {
    id: 'S1',
    name: 'Violent Crimes',
    covers: 'Enabling or encouraging violence against people or animals that is a crime.',
  },
  {
    id: 'S2',
    name: 'Non-Violent Crimes',
    covers: 'Enabling fraud, theft, drug crimes, cyber crimes and other crimes without violence.',
  },
  {
    id: 'S3',
    name: 'Sex-Related Crimes',
    covers: 'Enabling trafficking, assault, harassment and other sex-related crimes.',
  },
  {
    id: 'S4',
    name: 'Child Sexual Exploitation',
    covers: 'Describing, enabling or endorsing the sexual abuse of children.',
  },
  {
    id: 'S5',
    name: 'Defamation',
    covers: 'Statements that are verifiably false and likely to injure a living person’s reputation.',
  },
  {
    id: 'S6',
    name: 'Specialized Advice',
    covers: 'Financial, medical, legal or electoral advice that calls for a qualified person.',
  },
  { id: 'S7', name: 'Privacy', covers: 'Sensitive, nonpublic personal information that could harm somebody.' },
  {
    id: 'S8',
    name: 'Intellectual Property',
    covers: 'Content that may violate somebody’s intellectual property rights.',
  },
  {
    id: 'S9',
    name: 'Indiscriminate Weapons',
    covers: 'Enabling chemical, biological, radiological, nuclear or high-yield explosive weapons.',
  },
  { id: 'S10', name: 'Hate', covers: 'Demeaning people on the basis of sensitive personal characteristics.' },
  {
    id: 'S11',
    name: 'Suicide & Self-Harm',
    covers: 'Enabling or encouraging suicide, self-injury or disordered eating.',
  },
  { id: 'S12', name: 'Sexual Content', covers: 'Erotic content.' },
  { id: 'S13', name: 'Elections', covers: 'Factually false information about how and when elections are held.' },
  {
    id: 'S14',
    name: 'Code Interpreter Abuse',
    covers: 'Attempts to abuse code interpreters: escapes, denial of service, privilege escalation.',
  },
]

/** The hazard with this id, if there is one. */
export function hazardOf(id: string): Hazard | undefined {
  return HAZARDS.find((hazard) => hazard.id === id)
}
