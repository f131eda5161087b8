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
  insult: 'S10',
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
}
