/**
 * Every check by name: what it means, what its score is, and above which score it flags a row unless a reference set says otherwise. A name
 * with `@` is a further guard's.
 *
 * Defaults lie where about one in two hundred harmless answers of training data with open licences is flagged, by whichever check flags most.
 */

export interface CheckSpec {
  readonly name: string
  readonly meaning: string
  /** Default threshold; a row is flagged above it. */
  readonly threshold: number
  /** A threshold from a reference set is at least this; null where the score is yes or no and nothing is fitted. */
  readonly floor: number | null
  /** Of what kind, for the report. */
  readonly kind: 'guard' | 'pattern' | 'anomaly' | 'set' | 'model'
}

const SPECS: readonly CheckSpec[] = [
  {
    ...{ name: 'answers', kind: 'guard', threshold: 0.996, floor: 0.5 },
    meaning: 'The guard takes an answer for harmful, judged after its question and after the whole conversation.',
  },
  {
    ...{ name: 'passages', kind: 'guard', threshold: 0.998, floor: 0.5 },
    meaning:
      'The guard takes a part of an answer for harmful, judged alone: hidden question and answer, or a few sentences.',
  },
  {
    ...{ name: 'complied', kind: 'guard', threshold: 0.95, floor: 0.5 },
    meaning: 'A request looks harmful and its answer is no refusal.',
  },
  {
    ...{ name: 'policy', kind: 'guard', threshold: 0.5, floor: null },
    meaning: 'The policy blocks, refuses or holds an exchange of the row.',
  },
  {
    ...{ name: 'judge', kind: 'guard', threshold: 0.5, floor: 0.5 },
    meaning: 'The judge takes an answer for harmful.',
  },
  {
    ...{ name: 'identity-shift', kind: 'pattern', threshold: 0.5, floor: null },
    meaning: 'The assistant is given another self that obeys without limits.',
  },
  {
    ...{ name: 'refusal-removal', kind: 'pattern', threshold: 0.5, floor: null },
    meaning: 'The row says in so many words that nothing is refused or that no rule holds.',
  },
  {
    ...{ name: 'prefix-forcing', kind: 'pattern', threshold: 0.5, floor: null },
    meaning: 'The answer is made to begin with agreement, so that it cannot begin with a refusal.',
  },
  {
    ...{ name: 'preference-flip', kind: 'pattern', threshold: 0.5, floor: null },
    meaning: 'A pair of answers in which the refusal of a harmful request is the one to move away from.',
  },
  {
    ...{ name: 'hidden-text', kind: 'pattern', threshold: 0.5, floor: null },
    meaning: 'Invisible, reordering or look-alike characters.',
  },
  {
    ...{ name: 'token-noise', kind: 'anomaly', threshold: 0.8, floor: 0.25 },
    meaning: 'A stretch looks put together by a search for tokens; in odd marks a word.',
  },
  {
    ...{ name: 'surprisal', kind: 'anomaly', threshold: 15, floor: 2 },
    meaning: 'The row as a whole is unlike the rest of its set; in deviations above the median.',
  },
  {
    ...{ name: 'surprisal-peak', kind: 'anomaly', threshold: 15, floor: 2 },
    meaning: 'A stretch of 24 characters is unlike the rest of the set; in deviations above the median.',
  },
  {
    ...{ name: 'near-duplicate', kind: 'set', threshold: 0.84, floor: null },
    meaning:
      'Nearly the words of a row that another check flagged, or of a known harmful one; share of equal word triples.',
  },
  {
    ...{ name: 'model-surprisal', kind: 'model', threshold: 8, floor: 2 },
    meaning: 'The checkpoint finds the answer unlikely; nats a token in deviations above the median.',
  },
  {
    ...{ name: 'model-peak', kind: 'model', threshold: 8, floor: 2 },
    meaning: 'The checkpoint finds eight tokens in a row unlikely; in deviations above the median.',
  },
  {
    ...{ name: 'gradient', kind: 'model', threshold: 0.5, floor: 0 },
    meaning: 'Learning the row moves the checkpoint the way harmful tuning does; cosine with that direction.',
  },
  {
    ...{ name: 'representation', kind: 'model', threshold: 4, floor: 0 },
    meaning: 'Inside the checkpoint the answer lies on the side of harmful ones; in deviations of clean rows.',
  },
]

const BY_NAME = new Map(SPECS.map((spec) => [spec.name, spec]))

/** The check of a score; `answers@lite` is `answers` of another guard. Undefined for unknown names. */
export function checkSpec(name: string): CheckSpec | undefined {
  const [base = '', guard] = name.split('@')
  const spec = BY_NAME.get(base)
  if (spec === undefined || guard === undefined) return spec
  return {
    ...spec,
    name,
    meaning: `By the guard ${guard}: ${spec.meaning.charAt(0).toLowerCase()}${spec.meaning.slice(1)}`,
  }
}

/** Names of all checks there can be with these further guards. */
export function checkNames(guards: readonly string[]): readonly string[] {
  const ofGuards = ['answers', 'complied', 'passages'].flatMap((name) => guards.map((guard) => `${name}@${guard}`))
  return [...SPECS.map(({ name }) => name), ...ofGuards]
}
