/**
 * Rules written by whoever runs Parapet: phrases, and patterns that run in linear time.
 *
 * Matches are looked for in the normalised text; spans point into the original. Streams find the same as whole texts.
 */
import { type Recogniser, createPatternScanner } from '../../core/scan/index.ts'
import { hashText } from '../../core/text/index.ts'
import type { Action } from '../../spec/decision.ts'
import { ParapetError } from '../../spec/errors.ts'
import type { Finding, Guard } from '../../spec/guard.ts'
import { STAGES, type Stage } from '../../spec/stage.ts'
import { type LinearEngine, compileLinearPattern, linearEngine } from './linear-pattern.ts'
import { createPhraseMatcher, foldPhrase } from './phrase-matcher.ts'

/** A pattern with settings of its own. */
export interface RulePattern {
  readonly pattern: string
  readonly label?: string
  readonly action?: Action
  readonly replacement?: string
  readonly reason?: string
}

export interface RulesOptions {
  readonly id: string
  readonly phrases?: readonly string[]
  /** RE2 syntax. */
  readonly patterns?: readonly (string | RulePattern)[]
  /** Default `rule.<id>`. */
  readonly label?: string
  readonly action?: Action
  readonly replacement?: string
  readonly reason?: string
  /** Default: all. */
  readonly stages?: readonly Stage[]
  /** Default false. */
  readonly caseSensitive?: boolean
  /** Phrases must not touch further letters. Default true. */
  readonly wholeWords?: boolean
  readonly hard?: boolean
  /** Longest match of a pattern that has no bound of its own. Default 512. */
  readonly maxLength?: number
  /** What runs the patterns. Default `re2js`; `re2` is faster and has to be installed. */
  readonly engine?: 're2js' | 're2'
}

/** A guard for phrases and patterns. Rejects with `policy_invalid` for a rule that cannot be run. */
export async function createRulesGuard(options: RulesOptions): Promise<Guard> {
  const engine = await linearEngine(options.engine ?? 're2js')
  const patterns = (options.patterns ?? []).map((entry, index) => patternRecogniser(options, entry, index, engine))
  const recognisers = [...phraseRecognisers(options), ...patterns]
  if (recognisers.length === 0) {
    throw new ParapetError(
      'policy_invalid',
      `guards.${options.id}: there is nothing to look for. Add \`phrases\` or \`patterns\`.`,
    )
  }
  const scanner = createPatternScanner(recognisers)
  return {
    specVersion: 'v1',
    id: options.id,
    version: hashText(JSON.stringify(options)),
    stages: options.stages ?? STAGES,
    maxSpan: scanner.maxSpan,
    check: (request) => ({ findings: scanner.scan(request.text) }),
    open: () => scanner.open(),
  }
}

function phraseRecognisers(options: RulesOptions): Recogniser[] {
  const phrases = options.phrases ?? []
  if (phrases.length === 0) return []
  const caseSensitive = options.caseSensitive ?? false
  const empty = phrases.findIndex((phrase) => typeof phrase !== 'string' || foldPhrase(phrase, caseSensitive) === '')
  if (empty >= 0) {
    throw new ParapetError(
      'policy_invalid',
      `guards.${options.id}.phrases[${empty}]: the phrase is empty. Write at least one visible character.`,
    )
  }
  const matcher = createPhraseMatcher(phrases, { caseSensitive, wholeWords: options.wholeWords ?? true })
  const finding = findingOf(options, {})
  return [
    {
      id: `${options.id}.phrases`,
      pattern: matcher.pattern,
      maxLength: matcher.maxLength,
      opening: { pattern: matcher.opening, maxLength: 1 },
      accept: () => finding,
    },
  ]
}

function patternRecogniser(
  options: RulesOptions,
  entry: string | RulePattern,
  index: number,
  engine: LinearEngine,
): Recogniser {
  const rule = typeof entry === 'string' ? { pattern: entry } : entry
  const pattern = compileLinearPattern(rule.pattern, {
    caseSensitive: options.caseSensitive ?? false,
    key: `guards.${options.id}.patterns[${index}]`,
    engine,
    ...(options.maxLength === undefined ? {} : { maxLength: options.maxLength }),
  })
  const finding = findingOf(options, rule)
  return {
    id: `${options.id}.patterns[${index}]`,
    pattern,
    maxLength: pattern.maxLength,
    ...(pattern.needs === undefined ? {} : { needs: pattern.needs }),
    accept: () => finding,
  }
}

function findingOf(options: RulesOptions, own: Partial<RulePattern>): Omit<Finding, 'span'> {
  const action = own.action ?? options.action
  const replacement = own.replacement ?? options.replacement
  const reason = own.reason ?? options.reason
  return {
    label: own.label ?? options.label ?? `rule.${options.id}`,
    score: 1,
    ...(action === undefined ? {} : { action }),
    ...(replacement === undefined ? {} : { replacement }),
    ...(reason === undefined ? {} : { reason }),
    ...(options.hard === true ? { hard: true } : {}),
  }
}
