/** A pair to learn from or to measure on: a system prompt and what a user writes to it. */

/**
 * What a sample is meant to show. On topic: `request`, `topic` (little but the name of one), `edge` and `courtesy` (greetings, thanks, short
 * answers). Off topic: `elsewhere` (belongs to hardly any scope), `other scope`, `evasion` (dressed up as on topic) and `edge`.
 */
export const SLICES = ['request', 'topic', 'courtesy', 'edge', 'elsewhere', 'other scope', 'evasion'] as const
export type Slice = (typeof SLICES)[number]

export interface TopicSample {
  readonly system: string
  readonly prompt: string
  /** 1 is off topic. */
  readonly label: 0 | 1
  readonly slice: Slice
  /** Language of the prompt, as far as its maker says. */
  readonly language: string
  /** What the grammar dressed up; absent where a prompt is a text of its own. Samples of one source are no separate evidence. */
  readonly from?: string
}

/**
 * The parts of a split: the guard is taught and calibrated with `train` and `calibrate`, by cross-fitting; `calibrate` has what the general
 * model never learnt. No system prompt and no prompt is in two of them, near-duplicates and dressings of one text included.
 */
export const PARTS = ['train', 'calibrate', 'test'] as const
export type Part = (typeof PARTS)[number]
export type Split = Readonly<Record<Part, readonly TopicSample[]>>
