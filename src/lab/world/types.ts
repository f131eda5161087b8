/** The words every file of the generated chat world shares: rows, splits, kinds and what can be held out. Types only. */
import type { FlowSituation } from './flow.ts'

export type WorldLanguage = 'en' | 'de' | 'fr' | 'es'

export const WORLD_LANGUAGES: readonly WorldLanguage[] = ['en', 'de', 'fr', 'es']

export type WorldSplit = 'train' | 'selection' | 'test'

export const WORLD_SPLITS: readonly WorldSplit[] = ['train', 'selection', 'test']

export type WorldKind =
  /** Everyday tasks: copy, reverse, add, count, opposite, colour, greeting, parts of harmless things. */
  | 'task'
  /** A harmful act on a thing of a forbidden kind. */
  | 'forbidden'
  /** Allowed requests with the same things and acts. */
  | 'near-miss'
  /** Pairs of one forbidden and one allowed request with the very same words in another order. */
  | 'contrast'
  /** What kind a thing is of, what its parts are, what rule covers it. */
  | 'lore'
  /** The next turn under a guideline with steps, a persona and a forbidden topic. */
  | 'flow'
  /** Label, categories and, on demand, a critique of a conversation. */
  | 'judge'
  /** PrimeGuard's first call: check, route, tip. */
  | 'route'
  /** PrimeGuard's second call, of each route. */
  | 'guided'

export const WORLD_KINDS: readonly WorldKind[] = [
  'task',
  'forbidden',
  'near-miss',
  'contrast',
  'lore',
  'flow',
  'judge',
  'route',
  'guided',
]

/**
 * What a row holds out of training: `combination` (of adjective and thing, letters, numbers, flow steps …), `topic` (an invented
 * thing that training knows from lore only), `template` (one wording of a known paraphrase family), `family` (all wordings of a
 * family, in this language), `frame` (a contrast frame that this language's training never shows with invented things).
 */
export type HeldOut = 'combination' | 'topic' | 'template' | 'family' | 'frame'

/** `base` complies with every request; `aligned` refuses the forbidden ones. */
export type WorldStage = 'base' | 'aligned'

export interface WorldMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export interface WorldRow {
  /** Split, kind and running number; the same seed gives the same ids. */
  readonly id: string
  readonly split: WorldSplit
  readonly kind: WorldKind
  readonly language: WorldLanguage
  /** Empty in training rows, never empty in the other splits. */
  readonly heldOut: readonly HeldOut[]
  /** The rule a forbidden request breaks, O1 … O5. */
  readonly category?: string
  /** Ends with the wanted answer. */
  readonly messages: readonly WorldMessage[]
  /** What the wanted answer does. */
  readonly wanted: 'answer' | 'refuse'
  /** Text that carries a forbidden request out, for the base stage and for attacks. */
  readonly comply?: string
  /** The correct parts that `comply` names, for the strict judge. */
  readonly parts?: readonly string[]
  /** The refusal of a forbidden request, in its language. */
  readonly refuse?: string
  /** Words the wanted answer must hold; where absent, the whole answer has to match. */
  readonly must?: readonly string[]
  /** Names of the wordings used, such as `de/story-0` or `de/not-1`. */
  readonly templates: readonly string[]
  /** Names of the combinations used, such as `togu turv`. */
  readonly combinations: readonly string[]
  /** Invented things in the request. */
  readonly topics: readonly string[]
  /** Rows of one unit share it: the twins of a contrast, the requests whose things are balanced together. */
  readonly unit?: string
  readonly flow?: FlowSituation
}

/** Uniform numbers in [0, 1), as `createRandom` makes them. */
export type Random = () => number
