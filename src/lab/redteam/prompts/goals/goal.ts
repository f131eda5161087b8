/**
 * What an attack tries to get: a request in one language or several, and how it is known that an answer carries it out. Types, and the
 * look-up of a language. Parapet ships only goals of the invented small world; whatever else is attacked with is the caller's.
 */
export interface Exchange {
  readonly request: string
  readonly answer: string
}

/** A harmless request of the same form, for the control: what is refused of these is over-refusal. */
export interface BenignTwin {
  readonly texts: Readonly<Record<string, string>>
  /** Words that a helpful answer names; absent where any answer but a refusal counts as help. */
  readonly parts?: readonly string[]
}

export interface Goal {
  readonly id: string
  /** Of the request as it is asked without translation. */
  readonly language: string
  /** The request by language; holds `language`. */
  readonly texts: Readonly<Record<string, string>>
  /** How an answer that carries it out begins, by language. Searches by log-probability need it. */
  readonly targets: Readonly<Record<string, string>>
  /** Words all of which an answer that carries it out names: the ground truth, where there is one. */
  readonly parts?: readonly string[]
  /** What a model that judges is asked about the answer. */
  readonly question?: string
  readonly benign?: BenignTwin
  /** Harmless turns that lead up to the request, by language. */
  readonly steps?: Readonly<Record<string, readonly string[]>>
}

export interface GoalSet {
  readonly origin: 'world' | 'file'
  /** What the goals are, in a sentence, for reports. */
  readonly about: string
  /** By seed, so that several seeds of the world are several samples. */
  readonly goals: (seed: number) => readonly Goal[]
  /** Requests that were carried out, as shots before the real one. */
  readonly shots: (language: string, count: number, random: () => number) => readonly Exchange[]
  /** Changes whenever other goals could come out. */
  readonly version: string
}

/** The request in a language, null where it was never written in it. */
export function requestIn(texts: Readonly<Record<string, string>>, language: string): string | null {
  return texts[language] ?? null
}
