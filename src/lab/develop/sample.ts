/** A pair to learn from or to measure on: a system prompt and what a user writes to it. */

/**
 * What a sample is meant to show. On topic: `request`, `edge` and `courtesy` (greetings, thanks, short answers). Off topic: `elsewhere`
 * (belongs to hardly any scope), `other scope`, `evasion` (dressed up as on topic) and `edge`.
 */
export const SLICES = ['request', 'courtesy', 'edge', 'elsewhere', 'other scope', 'evasion'] as const
export type Slice = (typeof SLICES)[number]

export interface TopicSample {
  readonly system: string
  readonly prompt: string
  /** 1 is off topic. */
  readonly label: 0 | 1
  readonly slice: Slice
  /** Language of the prompt, as far as its maker says. */
  readonly language: string
}

/** The parts of a split. No system prompt is in two of them, and no prompt that a grammar recombined. */
export const PARTS = ['train', 'calibrate', 'test'] as const
export type Part = (typeof PARTS)[number]
export type Split = Readonly<Record<Part, readonly TopicSample[]>>
