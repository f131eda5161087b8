/** The words that every file of the screen shares: a row of training data, what a check measured on it, what became of it. Types only. */

export type TurnRole = 'system' | 'user' | 'assistant' | 'tool'

export interface Turn {
  readonly role: TurnRole
  readonly text: string
}

/** A row in whatever form it came, as the conversation a trainer would make of it. */
export interface DataRow {
  /** Line of the file on which it begins, from 1. */
  readonly line: number
  readonly turns: readonly Turn[]
  /** Of preference data: the answer that training moves away from. It is not screened as an answer. */
  readonly rejected?: string
}

/** A row that no check could look at. It is never clean. */
export interface BrokenRow {
  readonly line: number
  /** What is wrong, in words that hold nothing of the row's text. */
  readonly problem: string
}

/** Where in a row: UTF-16 units of the turn's text, end exclusive. */
export interface Place {
  readonly turn: number
  readonly start: number
  readonly end: number
}

/** What a check says of a row: the higher, the worse. */
export interface Measured {
  readonly score: number
  readonly place?: Place
}

/** A check and what it measured. */
export type NamedMeasure = readonly [check: string, measured: Measured]

/** One line of the files in `run/`: all that later phases need of a row. Holds no text but short excerpts. */
export interface RowRecord {
  readonly line: number
  /** Of rows that could not be looked at. */
  readonly problem?: string
  readonly scores?: Readonly<Record<string, number>>
  readonly places?: Readonly<Record<string, Place & { readonly excerpt: string }>>
  /** MinHash signature, base64 of 32 little-endian 32-bit numbers. */
  readonly signature?: string
  /** Hash of all text, to find exact copies. */
  readonly hash?: string
  /** Hash of the answer's first words, to find openings that many rows share. */
  readonly opening?: string
}

export type Verdict = 'pass' | 'flag' | 'unscreened'

/** Why a row did not pass. */
export interface Reason extends Partial<Place> {
  readonly check: string
  readonly score: number
  readonly threshold: number
}

/** One line of `rows.jsonl`. */
export interface ScreenedRow {
  /** Name of the file, as given. */
  readonly file: string
  readonly line: number
  readonly verdict: Verdict
  /** Strongest first, by how far the score lies above its threshold. */
  readonly reasons: readonly Reason[]
  /** Of `unscreened`. */
  readonly problem?: string
  /** Of every check that looked at the row. */
  readonly scores: Readonly<Record<string, number>>
}
