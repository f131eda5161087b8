/**
 * Guard against answers that repeat the system prompt: by its canary, and by word-for-word overlap.
 *
 * Needs the system prompt in the request; without one (and without named canaries) nothing is found. What was read of a system
 * prompt is kept for the next request that has the same one.
 */
import type {
  Action,
  Finding,
  Guard,
  GuardStream,
  Stage,
  StreamBuffer,
  StreamStep,
  TextView,
} from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { codePointAt, createTextView, hashText } from '../../core/text/index.ts'
import { CanaryTracker } from './canary-tracker.ts'
import { canaryForms, type CanaryForm } from './canary.ts'
import { OverlapTracker, shinglesOf, type PromptShingles } from './overlap.ts'
import { WordReader, type Places, type TakeWord } from './word-reader.ts'

/** Settings of the guard. */
export interface PromptLeakGuardOptions {
  readonly id: string
  /** Words in a row that answer and prompt must share. Default 12; at least 8. False switches overlap off. */
  readonly overlap?: false | { readonly words?: number }
  /** Canaries beside those that are found in the system prompt by their shape (see `createCanary`). */
  readonly canaries?: readonly string[]
  /** Default `block`. */
  readonly action?: Action
  readonly stages?: readonly Stage[]
}

const RULES_VERSION = '1'
const DEFAULT_STAGES: readonly Stage[] = ['output', 'tool_call']
const DEFAULT_WORDS = 12
/** Shorter ones would be met by chance. */
const SHORTEST_CANARY = 8
const REMEMBERED = 64

/** What was read of a system prompt. */
interface ReadPrompt {
  readonly forms: readonly CanaryForm[]
  readonly shingles: PromptShingles | null
}

/** Creates the guard. */
export function createPromptLeakGuard(options: PromptLeakGuardOptions): Guard {
  const { id, overlap = {}, canaries = [], action = 'block', stages = DEFAULT_STAGES } = options
  if (canaries.some((canary) => canary.replace(/[^A-Za-z0-9]/g, '').length < SHORTEST_CANARY)) {
    throw new ParapetError(
      'policy_invalid',
      `Guard ${id} has a canary with fewer than ${SHORTEST_CANARY} letters and digits. Use a longer one.`,
    )
  }
  const words = overlap === false ? 0 : Math.max(8, overlap.words ?? DEFAULT_WORDS)
  const prompts = new Map<string, ReadPrompt>()
  const read = (system: string | undefined): ReadPrompt => {
    const key = system === undefined ? '' : hashText(system)
    let prompt = prompts.get(key)
    if (prompt === undefined) {
      prompt = readPrompt(system ?? '', canaries, words > 0)
      if (prompts.size >= REMEMBERED) prompts.delete(prompts.keys().next().value as string)
      prompts.set(key, prompt)
    }
    return prompt
  }
  return {
    specVersion: 'v1',
    id,
    version: JSON.stringify([RULES_VERSION, words, canaries, action]),
    stages,
    maxSpan: 512,
    check(request) {
      const reader = new LeakReader(read(request.system), words, action)
      reader.read(request.text, 0)
      return { findings: reader.finish() }
    },
    open: (request) => new LeakStream(new LeakReader(read(request.system), words, action)),
  }
}

function readPrompt(system: string, canaries: readonly string[], overlap: boolean): ReadPrompt {
  const { normalised } = createTextView(system)
  const shingles = overlap ? shinglesOf(normalised) : null
  return {
    forms: canaryForms(system, canaries),
    shingles: shingles !== null && (shingles.levels[0]?.size ?? 0) > 0 ? shingles : null,
  }
}

class LeakStream implements GuardStream {
  readonly #reader: LeakReader
  #taken = -1

  constructor(reader: LeakReader) {
    this.#reader = reader
  }

  advance(buffer: StreamBuffer): StreamStep {
    if (this.#taken < 0) this.#taken = buffer.start
    const until = buffer.ended ? buffer.end : buffer.stable
    if (until > this.#taken && !this.#reader.idle) this.#reader.read(buffer.view(this.#taken, until), this.#taken)
    this.#taken = Math.max(this.#taken, until)
    const findings = buffer.ended ? this.#reader.finish() : this.#reader.drain()
    const settled = buffer.ended ? buffer.end : this.#reader.pendingFrom(this.#taken)
    return { findings, settled, keep: settled }
  }
}

/** Reads an answer once, character by character. */
class LeakReader {
  /** There is nothing to look for. */
  readonly idle: boolean
  readonly #canary: CanaryTracker | null
  readonly #overlap: OverlapTracker | null
  readonly #action: Action
  readonly #words = new WordReader()
  #findings: Finding[] = []

  constructor({ forms, shingles }: ReadPrompt, words: number, action: Action) {
    this.#action = action
    this.#canary = forms.length > 0 ? new CanaryTracker(forms) : null
    this.#overlap = shingles === null ? null : new OverlapTracker(shingles, words)
    this.idle = this.#canary === null && this.#overlap === null
  }

  /** Reads the next piece. `offset` is where its original begins. */
  read(view: TextView, offset: number): void {
    if (this.idle) return
    const { normalised: text, changed } = view
    const places: Places = {
      startOf: (index) => offset + (changed ? view.toOriginal(index, index + 1)[0] : index),
      endOf: (index) => offset + (changed ? view.toOriginal(index, index + 1)[1] : index + 1),
    }
    for (let index = 0; index < text.length;) {
      if (this.#canary === null) {
        index = this.#words.takeAscii(text, index, places, this.#takeWord)
        if (index === text.length) return
      }
      const code = codePointAt(text, index) ?? 0
      const next = index + (code > 0xffff ? 2 : 1)
      const [start, end] = changed ? view.toOriginal(index, next) : [index, next]
      this.#take(code, offset + start, offset + end)
      index = next
    }
  }

  /** Findings since the last call. */
  drain(): readonly Finding[] {
    const findings = this.#findings
    if (findings.length > 0) this.#findings = []
    return findings
  }

  /** The answer has ended. */
  finish(): readonly Finding[] {
    this.#words.finish(this.#takeWord)
    this.#overlap?.finish(this.#reportOverlap)
    return this.drain()
  }

  /** Start of what may still be reported. */
  pendingFrom(end: number): number {
    const word = this.#overlap === null || this.#words.open < 0 ? end : this.#words.open
    const canary = this.#canary?.pendingFrom(word) ?? word
    return this.#overlap?.pendingFrom(canary) ?? canary
  }

  #take(code: number, start: number, end: number): void {
    this.#canary?.take(code, start, (from) => this.#report('canary', from, end))
    if (this.#overlap !== null) this.#words.take(code, start, end, this.#takeWord)
  }

  readonly #takeWord: TakeWord = (hash, start, end, weight) => {
    this.#overlap?.take(hash, start, end, weight, this.#reportOverlap)
  }

  readonly #reportOverlap = (start: number, end: number): void => {
    this.#report('overlap', start, end)
  }

  #report(kind: 'canary' | 'overlap', start: number, end: number): void {
    const reason =
      kind === 'canary' ? 'The answer holds the canary of the system prompt.' : 'The answer repeats the system prompt.'
    this.#findings.push({
      label: `prompt_leak.${kind}`,
      score: 1,
      span: { start, end },
      replacement: '[REMOVED]',
      reason,
      action: this.#action,
    })
  }
}
