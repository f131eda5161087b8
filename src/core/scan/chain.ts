/**
 * The deterministic chain of one recogniser over a text.
 *
 * Whether a match starts at an offset is decided on a fixed excerpt around it (`lookbehind` characters before, `maxLength` +
 * `lookahead` after), never on how much text happens to be known. A search over any longer text only proposes offsets. So the
 * chain is the same over a whole text and over any pieces of it; an offset is decided as soon as its excerpt is known.
 */
import type { PatternMatcher, Recogniser } from './recogniser.ts'
import type { Finding } from '../../spec/guard.ts'

/** A recogniser with its defaults filled in. */
export interface Plan {
  readonly recogniser: Recogniser
  readonly pattern: PatternMatcher
  readonly maxLength: number
  readonly before: number
  readonly after: number
  /** Characters that must be known after an offset (itself included) to decide it. */
  readonly reach: number
  /** New characters that make another search worth while: keeps the cost of a stream proportional to its length. */
  readonly hop: number
}

export function planOf(recogniser: Recogniser): Plan {
  if (!(Number.isInteger(recogniser.maxLength) && recogniser.maxLength > 0)) {
    throw new TypeError(`The recogniser ${recogniser.id} needs a maxLength of at least 1`)
  }
  // One unit more than asked, so that a cut never hides half of a neighbouring surrogate pair.
  const before = Math.max(1, recogniser.lookbehind ?? 1) + 1
  const after = Math.max(1, recogniser.lookahead ?? 1) + 1
  const reach = recogniser.maxLength + after
  return {
    recogniser,
    pattern: recogniser.pattern,
    maxLength: recogniser.maxLength,
    before,
    after,
    reach,
    hop: Math.max(8, Math.ceil(reach / 8)),
  }
}

/** Characters searched at once, unless matches need more. */
const LONGEST_SEARCH = 2048

/** A finding in offsets of the text searched. */
export interface Hit {
  readonly start: number
  readonly end: number
  readonly finding: Omit<Finding, 'span'>
}

/**
 * Runs the chain from `from` as far as the text decides it.
 *
 * @param text holds at least `before` characters before `from`, unless the whole text begins later than that
 * @param near the end of `text`, from `before` characters before `from` or earlier: what `needs` is asked about
 * @param ended no more text will come
 * @returns where the chain goes on
 */
export function runChain(
  plan: Plan,
  text: string,
  near: string,
  from: number,
  ended: boolean,
  report: (hit: Hit) => void,
): number {
  const limit = ended ? text.length : Math.max(from, text.length - plan.reach + 1)
  if (from < limit && plan.recogniser.needs?.(near) === false) return limit
  let at = from
  // Searches are limited, and a proposal that comes to nothing shortens the next one: a hostile text, or a pattern that takes
  // quadratic time, costs at most a constant for each character.
  const shortest = plan.reach * 4
  const longest = Math.max(LONGEST_SEARCH, plan.reach * 8)
  let stretch = longest
  while (at < limit) {
    const windowEnd = Math.min(text.length, at + stretch)
    const undecided = windowEnd < text.length ? Math.max(at + 1, windowEnd - plan.reach + 1) : limit
    const proposal = search(plan, text, at, windowEnd)
    if (proposal === null || proposal >= undecided) {
      at = undecided
      stretch = Math.min(longest, stretch * 2)
      continue
    }
    const match = matchAt(plan, text, proposal)
    if (match === null) {
      at = proposal + 1
      stretch = shortest
      continue
    }
    at = match.hit.end
    const { start, end, finding } = match.hit
    if (finding !== null) report({ start, end, finding })
  }
  return at
}

/**
 * First offset at or after `from` where a match may begin, as far as the recogniser's `opening` tells; `from` without one.
 */
export function firstOpening(plan: Plan, text: string, from: number, ended: boolean): number {
  const opening = plan.recogniser.opening
  if (opening === undefined || ended || from >= text.length) return from
  const decided = Math.max(from, text.length - opening.maxLength)
  const base = Math.max(0, from - plan.before)
  const match = opening.pattern.exec(text.slice(base), from - base)
  return match === null ? decided : Math.min(decided, match.index + base)
}

/** Offset of the leftmost match at or after `from` in the text before `windowEnd`. */
function search(plan: Plan, text: string, from: number, windowEnd: number): number | null {
  if (windowEnd === text.length) return plan.pattern.exec(text, from)?.index ?? null
  const base = Math.max(0, from - plan.before)
  const match = plan.pattern.exec(text.slice(base, windowEnd), from - base)
  return match === null ? null : match.index + base
}

/** The match at exactly this offset, judged on its own excerpt. */
function matchAt(
  plan: Plan,
  text: string,
  start: number,
): { hit: { start: number; end: number; finding: Hit['finding'] | null } } | null {
  const base = Math.max(0, start - plan.before)
  const excerpt = text.slice(base, start + plan.reach)
  const match = plan.pattern.exec(excerpt, start - base)
  if (match === null || match.index !== start - base) return null
  const length = match.end - match.index
  if (length === 0 || length > plan.maxLength) return null
  const visible = excerpt.slice(0, match.end + plan.after)
  return { hit: { start, end: start + length, finding: plan.recogniser.accept(match, visible) } }
}
