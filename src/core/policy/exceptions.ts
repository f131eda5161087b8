/**
 * Exceptions of a policy, ready to be asked: by phrase, pattern, hash, category or caller, each until its expiry.
 *
 * A phrase or pattern must make up the whole of what was found (the whole text, for findings without a span). A part would not
 * do: everybody could append the phrase to a text and so switch a guard off. Hard findings are never silenced.
 */
import type { Clock, PolicyException } from '../../spec/index.ts'
import { createTextView } from '../text/index.ts'
import type { CompiledException, ExceptionInput } from './types.ts'

/** Matches a pattern from configuration in linear time; made outside, because core imports no package. */
export type PatternCompiler = (source: string) => { test(text: string): boolean }

type Condition = (input: ExceptionInput) => boolean | Promise<boolean>

/** What is wrong with an exception, and with which of its fields. */
export interface ExceptionProblem {
  readonly field: string
  readonly message: string
  readonly remedy: string
}

/** Makes an exception ready. Expects one without problems. */
export function compileException(
  exception: PolicyException,
  clock: Clock,
  compilePattern: PatternCompiler,
): CompiledException {
  const expires = expiryOf(exception.expires)
  const condition = conditionOf(exception, compilePattern)
  const { labels } = exception
  return {
    id: exception.id,
    matches(input) {
      if (input.finding.hard === true || clock.now() >= expires) return false
      if (labels !== undefined && !labels.some((label) => isUnder(input.finding.label, label))) return false
      return condition(input)
    },
  }
}

/** Everything that would make an exception silence nothing, or more than was meant. */
export function exceptionProblems(
  exception: PolicyException,
  compilePattern: PatternCompiler,
): readonly ExceptionProblem[] {
  const problems: ExceptionProblem[] = []
  const add = (field: string, message: string, remedy: string): void => void problems.push({ field, message, remedy })
  const { phrase, pattern, hash, category, caller, reason, owner, expires } = exception
  if ([phrase, pattern, hash, category, caller].filter((value) => value !== undefined).length !== 1) {
    add('', 'it must match by exactly one thing', 'Write one of phrase, pattern, hash, category, caller.')
  }
  if (phrase !== undefined && folded(phrase) === '') {
    add('phrase', 'nothing of it is left after normalisation', 'Write a phrase with visible characters.')
  }
  if (pattern !== undefined) {
    try {
      compilePattern(pattern)
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : 'it is not a pattern'
      add('pattern', message, 'Write it in RE2 syntax: no look-around, no back-references.')
    }
  }
  if (hash !== undefined && !/^[0-9a-f]{64}$/i.test(hash)) {
    add('hash', 'it is not a SHA-256 in hex', 'Write the 64 digits that sha256sum prints for the exact text.')
  }
  if (reason?.trim() === '') add('reason', 'it is empty', 'Say why the exception is right.')
  if (owner?.trim() === '') add('owner', 'it is empty', 'Name the person or team that answers for it.')
  if (expiryOf(expires) === 0) add('expires', 'it is not a date', 'Write an ISO 8601 date, for example 2027-06-30.')
  return problems
}

/**
 * End of validity, epoch milliseconds: a date holds to its end (UTC), a date-time to the moment (UTC unless it names an offset).
 * 0 for anything else, which is long over.
 */
export function expiryOf(expires: string): number {
  const match = /^\d{4}-\d{2}-\d{2}(?:(T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(expires)
  if (match === null) return 0
  const moment = Date.parse(match[1] !== undefined && match[2] === undefined ? `${expires}Z` : expires)
  if (Number.isNaN(moment)) return 0
  return match[1] === undefined ? moment + 86_400_000 : moment
}

function conditionOf(exception: PolicyException, compilePattern: PatternCompiler): Condition {
  const { phrase, pattern, hash, category, caller } = exception
  if (phrase !== undefined) {
    const wanted = folded(phrase)
    return (input) => folded(foundText(input)) === wanted
  }
  if (pattern !== undefined) {
    const matcher = compilePattern(`^\\s*(?:${pattern})\\s*$`)
    return (input) => matcher.test(createTextView(foundText(input)).normalised)
  }
  if (hash !== undefined) {
    const wanted = hash.toLowerCase()
    return async (input) => (await input.textHash()) === wanted
  }
  if (category !== undefined) return ({ finding }) => isUnder(finding.label, category)
  return ({ caller: who }) => caller !== undefined && [who.key, who.application, who.user].includes(caller)
}

function foundText({ finding, text }: ExceptionInput): string {
  return finding.span === undefined ? text.original : text.original.slice(finding.span.start, finding.span.end)
}

function folded(text: string): string {
  return createTextView(text).normalised.toLowerCase().replaceAll(/\s+/g, ' ').trim()
}

function isUnder(label: string, prefix: string): boolean {
  return label === prefix || label.startsWith(`${prefix}.`)
}
