/** What a PrimeGuard router is made of, and the behaviours of the released code that it leaves out unless asked for. Types and checks. */
import type { Clock, LanguageModelEngine, RouteTrace } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { Guidelines, GuidelinesInput } from './guidelines.ts'
import type { PromptStyle } from './prompts/prompt-style.ts'
import type { RouteName } from './routes.ts'

/**
 * Behaviours of the released code, for comparing with published numbers. Each of them opens a door:
 * `plain-delimiters` tags without a nonce; `raw-text` the request may close its tags; `first-object` of several JSON objects in the
 * first answer the first counts, and broken ones are repaired; `raw-notes` tip and check go on as the model wrote them, whatever their
 * length; `raw-answer` a second answer without both keys is shown as it is, and none is shown before its end; `unwatched` an answer may
 * repeat the guidelines; `unbounded` no limit on the request's length.
 */
export type ReleasedBehaviour =
  | 'plain-delimiters'
  | 'raw-text'
  | 'first-object'
  | 'raw-notes'
  | 'raw-answer'
  | 'unwatched'
  | 'unbounded'

export const RELEASED_BEHAVIOURS: readonly ReleasedBehaviour[] = [
  'plain-delimiters',
  'raw-text',
  'first-object',
  'raw-notes',
  'raw-answer',
  'unwatched',
  'unbounded',
]

export interface PrimeGuardLimits {
  /** UTF-16 units of what is judged: more is refused with `input_too_large`, for it could hide what matters. Default 100 000. */
  readonly request?: number
  /** Of a tip. Default 300. */
  readonly tip?: number
  /** Of a check. Default 600. */
  readonly check?: number
}

export interface PrimeGuardOptions {
  readonly guidelines: Guidelines | GuidelinesInput
  /** Makes the first call. Default: the model that answers, as in the paper. */
  readonly engine?: LanguageModelEngine
  /** Prompts: `published` for models that follow long instructions (default), `compact` for very small ones, or your own. */
  readonly style?: 'published' | 'compact' | PromptStyle
  /** `model` (default): a second call says the refusal, as in the paper. `fixed`: the words of the guidelines, without a call. */
  readonly refusal?: 'model' | 'fixed'
  /** Released behaviours to reproduce. Default none. */
  readonly reproduce?: 'all' | readonly ReleasedBehaviour[]
  readonly limits?: PrimeGuardLimits
  /** Milliseconds for the first call. Default 30 000. */
  readonly deadline?: number
  /** First answers of `engine` kept for requests that come again, word for word. Default 0. They hold the requests' texts in memory. */
  readonly cache?: number
  /** Takes the place of what the first call found, for ablation. */
  readonly fixed?: { readonly route?: RouteName; readonly tip?: string; readonly check?: string }
  /** Told of each turn when its answer has ended. What it throws is dropped. */
  readonly onTrace?: (trace: RouteTrace) => void
  /** Counts tokens for the trace. Default: those that the servers told, where they are told by the end of the answer's text. */
  readonly countTokens?: (text: string) => number
  readonly clock?: Clock
}

/** Whether a released behaviour is wanted. Throws `configuration` for one that does not exist. */
export function behaviours({ reproduce = [] }: PrimeGuardOptions): ReadonlySet<ReleasedBehaviour> {
  const wanted = reproduce === 'all' ? RELEASED_BEHAVIOURS : reproduce
  const unknown = wanted.find((name) => !RELEASED_BEHAVIOURS.includes(name))
  if (unknown === undefined) return new Set(wanted)
  throw new ParapetError(
    'configuration',
    `The released code has no behaviour \`${unknown}\`. Write some of ${RELEASED_BEHAVIOURS.join(', ')}.`,
  )
}

/** A whole number from `least`, or the default. Throws `configuration`. */
export function wholeNumber(name: string, value: number | undefined, fallback: number, least = 1): number {
  if (value === undefined) return fallback
  if (Number.isInteger(value) && value >= least) return value
  throw new ParapetError('configuration', `\`${name}\` is ${value}. Give a whole number from ${least}.`)
}
