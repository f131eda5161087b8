/**
 * Exceptions of a policy, ready to be asked: by phrase, pattern, hash, category or caller, each until its expiry.
 *
 * Hard findings are never put to them; that is the pipeline's doing.
 */
import type { Clock, PolicyException } from '../../spec/index.ts'
import { createTextView } from '../text/index.ts'
import type { CompiledException, ExceptionInput } from './types.ts'

/** Matches a pattern from configuration in linear time; made outside, because core imports no package. */
export type PatternCompiler = (source: string) => { test(text: string): boolean }

type Condition = (input: ExceptionInput) => boolean | Promise<boolean>

/** Makes an exception ready. Expects a valid one (see `compose/policy-schema`). */
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
      if (clock.now() >= expires) return false
      if (labels !== undefined && !labels.some((label) => isUnder(input.finding.label, label))) return false
      return condition(input)
    },
  }
}

/** End of validity, epoch milliseconds: a date holds to its end (UTC), a date-time to the moment; NaN counts as expired. */
export function expiryOf(expires: string): number {
  const moment = Date.parse(expires)
  if (Number.isNaN(moment)) return 0
  return /^\d{4}-\d{2}-\d{2}$/.test(expires) ? moment + 86_400_000 : moment
}

function conditionOf(exception: PolicyException, compilePattern: PatternCompiler): Condition {
  const { phrase, pattern, hash, category, caller } = exception
  if (phrase !== undefined) {
    const wanted = folded(phrase)
    return (input) => folded(spanText(input)).includes(wanted)
  }
  if (pattern !== undefined) {
    const matcher = compilePattern(pattern)
    return (input) => matcher.test(spanText(input))
  }
  if (hash !== undefined) {
    const wanted = hash.toLowerCase()
    return async (input) => (await input.textHash()) === wanted
  }
  if (category !== undefined) return ({ finding }) => isUnder(finding.label, category)
  return ({ caller: who }) => caller !== undefined && [who.key, who.application, who.user].includes(caller)
}

function spanText({ finding, text }: ExceptionInput): string {
  return finding.span === undefined ? text.original : text.original.slice(finding.span.start, finding.span.end)
}

function folded(text: string): string {
  return createTextView(text).normalised.toLowerCase().replaceAll(/\s+/g, ' ').trim()
}

function isUnder(label: string, prefix: string): boolean {
  return label === prefix || label.startsWith(`${prefix}.`)
}
