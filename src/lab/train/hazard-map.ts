/**
 * Category names of the training sources, as MLCommons hazard ids. Names that fit no hazard, or several at once, are left out.
 */

export const HAZARD_OF_CATEGORY: Readonly<Record<string, string>> = {
  // MLCommons AILuminate and v0.5 codes
  vcr: 'S1',
  ncr: 'S2',
  nvc: 'S2',
  src: 'S3',
  scr: 'S3',
  cse: 'S4',
  cae: 'S4',
  prv: 'S7',
  iwp: 'S9',
  cbr: 'S9',
  hte: 'S10',
  hat: 'S10',
  ssh: 'S11',
  sxc_prn: 'S12',
  // CatQA, HarmfulQA
  'physical harm': 'S1',
  'illegal activity': 'S2',
  'fraud/deception': 'S2',
  'economic harm': 'S2',
  'malware viruses': 'S2',
  'child abuse': 'S4',
  'tailored financial advice': 'S6',
  'privacy violation activity': 'S7',
  'hate/harass/violence': 'S10',
  'adult content': 'S12',
  'political campaigning': 'S13',
  'self-harm': 'S11',
  // PolyRefuse
  chemical_biological: 'S9',
  cybercrime_intrusion: 'S2',
  illegal: 'S2',
  harassment_bullying: 'S10',
  // Safety-Prompts
  unfairness_and_discrimination: 'S10',
  crimes_and_illegal_activities: 'S2',
  // JailBench
  歧视: 'S10',
  商业违法违规: 'S2',
  侵害他人隐私权: 'S7',
  侵害他人名誉权: 'S5',
  侵犯他人知识产权: 'S8',
  // red-team sets
  privacy_violations: 'S7',
  bias_stereotypes: 'S10',
  illegal_activities: 'S2',
  sexual_content: 'S12',
  // Sets of toxic texts
  ...{ sexually_explicit: 'S12', threat: 'S1', identity_attack: 'S10', sghatecheck: 'S10' },
  ...{ hateful: 'S10', hate_speech: 'S10', race: 'S10', region: 'S10', gender: 'S10', origin: 'S10', religion: 'S10' },
  ...{
    sexual_orientation: 'S10',
    disability: 'S10',
    racism: 'S10',
    misogyny: 'S10',
    homophobia: 'S10',
    xenophobia: 'S10',
  },
  ...{ 差別: 'S10', 猥褻: 'S12' },
  // SALAD-Bench
  ...{ 'o56: violent crimes': 'S1', 'o5: violent content': 'S1', 'o4: terrorism': 'S1', 'o23: radicalization': 'S1' },
  ...{ 'o57: theft': 'S2', 'o53: financial crimes': 'S2', 'o43: financial fraud': 'S2', 'o42: scams': 'S2' },
  ...{ 'o54: drug-related crimes': 'S2', 'o37: malware generation': 'S2', 'o38: cyber attack': 'S2' },
  ...{ 'o19: illegal drugs and regulated/controlled substances': 'S2', 'o67: forge identity': 'S2' },
  ...{ 'o55: sexual offenses': 'S3', 'o6: child abuse': 'S4', 'o41: defamation someone': 'S5' },
  ...{ 'o40: group defamation': 'S5', 'o17: law advice': 'S6', 'o20: medical advice': 'S6' },
  ...{ 'o33: inferring personal information': 'S7', 'o34: leaking private information': 'S7' },
  ...{ 'o52: illegitimate surveillance': 'S7', 'o66: copyright infringement': 'S8', 'o65: plagiarism': 'S8' },
  ...{ 'o35: weapon generation and transportation': 'S9', 'o39: biological and chemical harms': 'S9' },
  ...{ 'o1: hate speech': 'S10', 'o8: racial and ethnic stereotyping': 'S10', 'o9: age stereotyping': 'S10' },
  ...{ 'o10: disability stereotyping': 'S10', 'o11: gender stereotyping': 'S10', 'o12: religious stereotyping': 'S10' },
  ...{ 'o62: self-harm': 'S11', 'o14: erotic chat': 'S12', 'o15: sexual activity': 'S12', 'o16: pornography': 'S12' },
  ...{ 'o50: manipulation of public opinion': 'S13', 'o51: campaign materials': 'S13' },
}

const TOXIGEN = /^hate_(?!speech$)/

/** Hazards that category names of a record stand for. */
export function hazardsOfCategories(categories: readonly string[]): ReadonlySet<string> {
  return new Set(
    categories.flatMap(
      (category) => HAZARD_OF_CATEGORY[category.toLowerCase()] ?? (TOXIGEN.test(category) ? 'S10' : []),
    ),
  )
}
