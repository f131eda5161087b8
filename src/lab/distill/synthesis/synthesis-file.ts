/**
 * What a synthesis wrote so far: JSON Lines, first a line that names the run, then a line for each row that is done, kept or dropped. The
 * file grows at its end only, so a killed run loses at most the line it was writing, which is cut off when the run goes on.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { ParapetError } from '../../../spec/errors.ts'
import { FAULTS, type Fault } from './check-answer.ts'

export type SynthesisKind = 'critique' | 'reasoning'

export interface SynthesisHead {
  readonly kind: SynthesisKind
  /** Who wrote it, for people. */
  readonly teacher: string
  /** Digest of all that decides the answers: rows, policy, teacher, tries. */
  readonly run: string
}

/** A row that is done. */
export interface SynthesisLine {
  readonly id: string
  /** Null where every try failed: the row is dropped. */
  readonly text: string | null
  /** Why each failed try failed, in order. */
  readonly faults: readonly Fault[]
  readonly calls: number
  readonly tokens: number
}

export interface SynthesisCounts {
  readonly kept: number
  readonly dropped: number
  readonly calls: number
  readonly tokens: number
  readonly faults: Readonly<Record<Fault, number>>
}

export class SynthesisFile {
  readonly #file: number
  readonly #done = new Map<string, SynthesisLine>()

  /** Begins the file, or goes on with it. Throws `configuration` for a file of another run or of something else. */
  constructor(path: string, head: SynthesisHead) {
    mkdirSync(dirname(path), { recursive: true })
    if (existsSync(path)) {
      const bytes = readFileSync(path)
      const end = bytes.lastIndexOf(0x0a) + 1
      if (end === 0 && bytes.length > 0 && !JSON.stringify(head).startsWith(bytes.toString('utf8')))
        throw new ParapetError(
          'configuration',
          `${path} is no file of a synthesis. Give another path, or move it away.`,
        )
      const { head: known, lines } = parseSynthesis(bytes.subarray(0, end).toString('utf8'), path)
      if (known !== undefined && (known.run !== head.run || known.kind !== head.kind))
        throw new ParapetError(
          'configuration',
          `${path} was begun with other rows, another teacher or other settings. Go on with those, or give another path.`,
        )
      for (const line of lines) this.#done.set(line.id, line)
      truncateSync(path, end)
    }
    this.#file = openSync(path, 'a')
    if (this.#done.size === 0 && (!existsSync(path) || readFileSync(path).length === 0)) this.#append(head)
  }

  /** Rows that are done, by id. */
  get done(): ReadonlyMap<string, SynthesisLine> {
    return this.#done
  }

  add(line: SynthesisLine): void {
    this.#append(line)
    this.#done.set(line.id, line)
  }

  close(): void {
    fsyncSync(this.#file)
    closeSync(this.#file)
  }

  #append(value: SynthesisHead | SynthesisLine): void {
    const bytes = Buffer.from(`${JSON.stringify(value)}\n`)
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at)
  }
}

/** Reads a finished or unfinished file; a half line at its end is passed over. Throws `configuration` and `input_invalid`. */
export function readSynthesis(path: string): {
  readonly head: SynthesisHead
  readonly lines: readonly SynthesisLine[]
} {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ParapetError('configuration', `${path} cannot be read. Synthesise it first.`, { cause })
  }
  const { head, lines } = parseSynthesis(text.slice(0, text.lastIndexOf('\n') + 1), path)
  if (head === undefined) throw new ParapetError('input_invalid', `${path} is empty: nothing was synthesised.`)
  return { head, lines }
}

function parseSynthesis(
  text: string,
  path: string,
): { readonly head: SynthesisHead | undefined; readonly lines: readonly SynthesisLine[] } {
  const [first, ...rest] = text.split('\n').filter((line) => line !== '')
  if (first === undefined) return { head: undefined, lines: [] }
  const head = parsed(first)
  if (!isHead(head))
    throw new ParapetError('configuration', `${path} is no file of a synthesis. Give another path, or move it away.`)
  return {
    head,
    lines: rest.map((line, at) => {
      const value = parsed(line)
      if (isLine(value)) return value
      throw new ParapetError(
        'input_invalid',
        `${path}, line ${at + 2} is damaged. Delete this line; its row is then done again.`,
      )
    }),
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isHead(value: unknown): value is SynthesisHead {
  const { kind, teacher, run } = (value ?? {}) as Readonly<Record<string, unknown>>
  return (kind === 'critique' || kind === 'reasoning') && typeof teacher === 'string' && typeof run === 'string'
}

function isLine(value: unknown): value is SynthesisLine {
  const { id, text, faults, calls, tokens } = (value ?? {}) as Readonly<Record<string, unknown>>
  return (
    typeof id === 'string' &&
    (text === null || typeof text === 'string') &&
    Array.isArray(faults) &&
    faults.every((fault) => (FAULTS as readonly unknown[]).includes(fault)) &&
    [calls, tokens].every((count) => typeof count === 'number' && count >= 0)
  )
}

/** Adds up lines. */
export function synthesisCounts(lines: Iterable<SynthesisLine>): SynthesisCounts {
  const faults = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>
  let [kept, dropped, calls, tokens] = [0, 0, 0, 0]
  for (const line of lines) {
    if (line.text === null) dropped += 1
    else kept += 1
    calls += line.calls
    tokens += line.tokens
    for (const fault of line.faults) faults[fault] += 1
  }
  return { kept, dropped, calls, tokens, faults }
}
