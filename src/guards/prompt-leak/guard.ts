/**
 * Leaks of the system prompt in an answer: planted canaries, and long runs of words shared with the prompt. Short common phrases do
 * not count.
 */
import type { Recogniser } from '../../core/scan/index.ts'
import { createPatternScanner, regExpMatcher } from '../../core/scan/index.ts'
import type { Action, Finding, Guard, GuardStream, Stage, StreamBuffer, StreamStep } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { canaryPatterns } from './canary.ts'
import type { Shingles } from './overlap.ts'
import { OverlapRun, shinglesOf, unitsOf } from './overlap.ts'

export interface PromptLeakGuardOptions {
  readonly id?: string
  /** Words that stand in the system prompt and nowhere else. */
  readonly canaries?: readonly string[]
  /** Words in a row that count as a leak; false looks for canaries only. Default 12. */
  readonly overlap?: false | { readonly words: number }
  /** Default `block`. */
  readonly action?: Action
  readonly stages?: readonly Stage[]
}

/** Shorter canaries would be found by chance. */
const SHORTEST_CANARY = 8
const LONGEST_UNIT = 64

/** Creates the guard. */
export function createPromptLeakGuard(options: PromptLeakGuardOptions = {}): Guard {
  const { id = 'prompt-leak', canaries = [], overlap = { words: 12 }, action = 'block', stages = ['output'] } = options
  for (const canary of canaries) {
    if (canary.length < SHORTEST_CANARY)
      throw new ParapetError(
        'policy_invalid',
        `A canary of the guard ${id} is shorter than ${SHORTEST_CANARY} characters. Use a longer one.`,
      )
  }
  const scanner = createPatternScanner(canaries.flatMap((canary) => recognisers(canary, action)))
  const least = overlap === false ? 0 : overlap.words
  const toFinding = (span: { readonly start: number; readonly end: number }): Finding => ({
    ...leak('overlap', action),
    span,
  })
  const shingles = (system: string | undefined): Shingles | null =>
    least === 0 || system === undefined || system === '' ? null : shinglesOf(system)
  return {
    specVersion: 'v1',
    id,
    version: `1:${JSON.stringify([canaries, overlap, action])}`,
    stages,
    maxSpan: Math.max(scanner.maxSpan, 512),
    check({ text, system }) {
      const findings = [...scanner.scan(text)]
      const known = shingles(system)
      if (known !== null && known.size > 0) {
        const run = new OverlapRun(known, least)
        for (const unit of unitsOf(text.original)) pushSpan(findings, run.take(unit), toFinding)
        pushSpan(findings, run.end(), toFinding)
      }
      return { findings }
    },
    open: ({ system }) => new LeakStream(scanner.open(), shingles(system), least, toFinding),
  }
}

function leak(kind: string, action: Action): Omit<Finding, 'span'> {
  return { label: `prompt_leak.${kind}`, score: 1, action, reason: 'The answer repeats confidential instructions.' }
}

function recognisers(canary: string, action: Action): readonly Recogniser[] {
  return canaryPatterns(canary).map(({ source, maxLength }, index) => ({
    id: `prompt_leak.canary${index}`,
    pattern: regExpMatcher(new RegExp(source, 'gi')),
    maxLength,
    accept: () => leak('canary', action),
  }))
}

type ToFinding = (span: { readonly start: number; readonly end: number }) => Finding

function pushSpan(
  findings: Finding[],
  span: { readonly start: number; readonly end: number } | null,
  toFinding: ToFinding,
): void {
  if (span !== null) findings.push(toFinding(span))
}

class LeakStream implements GuardStream {
  readonly #canaries: GuardStream
  readonly #run: OverlapRun | null
  readonly #toFinding: ToFinding
  /** Everything before this offset has been cut into units. */
  #read = 0

  constructor(canaries: GuardStream, shingles: Shingles | null, least: number, toFinding: ToFinding) {
    this.#canaries = canaries
    this.#run = shingles === null || shingles.size === 0 ? null : new OverlapRun(shingles, least)
    this.#toFinding = toFinding
  }

  async advance(buffer: StreamBuffer): Promise<StreamStep> {
    const step = await this.#canaries.advance(buffer)
    if (this.#run === null) return step
    const findings = [...step.findings]
    const text = buffer.slice(this.#read)
    // The last word may go on: it is read when something follows it, or when it is as long as a word can be.
    const units = unitsOf(text).filter(
      ({ start, end }) => buffer.ended || end < text.length || end - start === LONGEST_UNIT,
    )
    for (const { text: word, start, end } of units) {
      pushSpan(
        findings,
        this.#run.take({ text: word, start: start + this.#read, end: end + this.#read }),
        this.#toFinding,
      )
    }
    this.#read += units.at(-1)?.end ?? 0
    if (buffer.ended) pushSpan(findings, this.#run.end(), this.#toFinding)
    const settled = buffer.ended ? buffer.end : Math.min(step.settled, this.#run.settled, this.#read)
    return { findings, settled, keep: Math.min(step.keep, buffer.ended ? buffer.end : this.#read) }
  }
}
