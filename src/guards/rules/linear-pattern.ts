/**
 * Patterns from configuration, run in linear time: RE2 syntax, no look-around, no back-references.
 *
 * The engine is re2js; the native `re2` takes its place when it is installed and asked for. Either stands behind a literal
 * pre-filter, because most texts hold no part of most patterns. Nothing here accepts JavaScript's own regular expressions.
 */
import { RE2JS } from 're2js'
import type { PatternMatcher } from '../../core/scan/index.ts'
import { ParapetError } from '../../spec/errors.ts'
import { type PatternShape, shapeOf } from './pattern-shape.ts'

/** Compiles a pattern to a search from an offset. */
export interface LinearEngine {
  readonly name: 're2js' | 're2'
  /** Throws when the pattern is not valid RE2 syntax. */
  compile(source: string, caseSensitive: boolean): PatternMatcher['exec']
}

/** A compiled pattern. */
export interface LinearPattern extends PatternMatcher {
  /** Longest match: from the pattern when it has a bound, otherwise the limit given. */
  readonly maxLength: number
  /** False when the pattern itself has no bound, so that longer matches are not found. */
  readonly bounded: boolean
  /** False for texts that hold no match. */
  readonly needs?: (text: string) => boolean
}

export interface LinearPatternOptions {
  /** Default false. */
  readonly caseSensitive?: boolean
  /** Longest match of a pattern without a bound of its own. Default 512, the default stream window. */
  readonly maxLength?: number
  readonly engine?: LinearEngine
  /** Where the pattern stands, for messages, for example `guards.mine.patterns[2]`. */
  readonly key?: string
}

const DEFAULT_LENGTH = 512
/** No match is longer than this, bounded or not. */
const LONGEST = 16_384

/** The engine that comes with the package. */
export const RE2JS_ENGINE: LinearEngine = {
  name: 're2js',
  compile(source, caseSensitive): PatternMatcher['exec'] {
    const pattern = RE2JS.compile(source, caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE)
    return (text, from) => {
      const matcher = pattern.matcher(text)
      if (!matcher.find(from)) return null
      const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index) ?? undefined)
      return { index: matcher.start(), end: matcher.end(), groups }
    }
  },
}

/** Loads the native engine. Rejects with a remedy when the package is not installed. */
export async function loadRe2Engine(): Promise<LinearEngine> {
  const name: string = 're2'
  let constructor: new (source: string, flags: string) => RegExp
  try {
    const module: { default: typeof constructor } = await import(name)
    constructor = module.default
  } catch (cause) {
    throw new ParapetError(
      'engine_unavailable',
      'The package re2 is not installed. Run `npm install re2`, or drop `engine: re2`.',
      {
        cause,
      },
    )
  }
  return {
    name: 're2',
    compile(source, caseSensitive) {
      const pattern = new constructor(source, caseSensitive ? 'gu' : 'giu')
      return (text, from) => {
        pattern.lastIndex = from
        const match = pattern.exec(text)
        return match === null ? null : { index: match.index, end: match.index + match[0].length, groups: match }
      }
    },
  }
}

/** Compiles a pattern, or throws `policy_invalid` with the pattern's place and what to write instead. */
export function compileLinearPattern(source: string, options: LinearPatternOptions = {}): LinearPattern {
  const caseSensitive = options.caseSensitive ?? false
  const exec = compile(source, caseSensitive, options)
  const shape = shapeOf(source, caseSensitive)
  const bounded = Number.isFinite(shape.maxLength)
  const wanted = bounded
    ? Math.min(shape.maxLength, options.maxLength ?? LONGEST)
    : (options.maxLength ?? DEFAULT_LENGTH)
  const maxLength = Math.max(1, Math.min(wanted, LONGEST))
  const literal = shape.literals === null ? null : literalPattern(shape)
  if (literal === null) return { source, maxLength, bounded, exec }
  return {
    source,
    maxLength,
    bounded,
    needs: (text) => {
      literal.lastIndex = 0
      return literal.test(text)
    },
    exec(text, from) {
      literal.lastIndex = from
      const found = literal.exec(text)
      if (found === null) return null
      // A match that holds this literal begins no further before it than its own length.
      const earliest = bounded ? Math.max(from, found.index + 1 - shape.maxLength) : from
      return exec(text, wholeCharacter(text, earliest, from))
    },
  }
}

/**
 * Compiles a pattern to a yes-or-no test over a whole text, for exceptions of a policy and patterns inside schemas. The empty
 * text may match. Throws `policy_invalid` as `compileLinearPattern` does.
 */
export function compileLinearTest(source: string, key = 'pattern'): { test(text: string): boolean } {
  let exec: PatternMatcher['exec']
  try {
    exec = RE2JS_ENGINE.compile(RE2JS.translateRegExp(source), true)
  } catch (cause) {
    throw unusable(source, key, cause)
  }
  return { test: (text) => exec(text, 0) !== null }
}

/** The engine a policy names. */
export async function linearEngine(name: 're2js' | 're2'): Promise<LinearEngine> {
  return name === 're2' ? await loadRe2Engine() : RE2JS_ENGINE
}

function unusable(source: string, key: string, cause: unknown): ParapetError {
  return new ParapetError('policy_invalid', `${key}: the pattern /${source}/ cannot be used: ${remedyFor(source)}`, {
    cause,
  })
}

function compile(source: string, caseSensitive: boolean, options: LinearPatternOptions): PatternMatcher['exec'] {
  const key = options.key ?? 'pattern'
  let exec: PatternMatcher['exec']
  try {
    exec = (options.engine ?? RE2JS_ENGINE).compile(source, caseSensitive)
  } catch (cause) {
    throw unusable(source, key, cause)
  }
  if (exec('', 0) !== null) {
    throw new ParapetError(
      'policy_invalid',
      `${key}: the pattern /${source}/ matches the empty text. Make it match at least one character.`,
    )
  }
  return exec
}

function remedyFor(source: string): string {
  if (/\(\?<?[=!]/.test(source)) {
    return 'look-ahead and look-behind need more than linear time. Match the surroundings as part of the pattern, or use `\\b`.'
  }
  if (/\\[1-9]|\\k</.test(source)) return 'back-references need more than linear time. Write the alternatives out.'
  if (/\(\?>|[*+?}]\+/.test(source))
    return 'atomic groups and possessive quantifiers do not exist in RE2. Write a plain group; it cannot backtrack.'
  if (/\{\d{0,6},?\d{4,9}\}/.test(source)) return 'RE2 repeats at most 1000 times. Use `+` and set `maxLength`.'
  return 'it is not valid RE2 syntax. See https://github.com/google/re2/wiki/Syntax.'
}

function literalPattern(shape: PatternShape): RegExp {
  const alternatives = (shape.literals ?? []).map((literal) => literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
  return new RegExp(alternatives.join('|'), shape.folded ? 'gi' : 'g')
}

/** Moves an offset back off the second half of a surrogate pair. */
function wholeCharacter(text: string, at: number, least: number): number {
  const unit = text.charCodeAt(at)
  return at > least && unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at
}
