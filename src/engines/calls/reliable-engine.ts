/**
 * An engine that others can lean on: equal requests become one, failures of the moment are tried again, a model that is down is left
 * alone for a while, so many calls run at once, and a budget holds. Each attempt takes a place and is paid for; a call that waits
 * between attempts holds neither.
 */
import type { Clock, CompletionEngine } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { BudgetOptions } from './budget.ts'
import { withBudget } from './budget.ts'
import type { CircuitOptions } from './circuit.ts'
import { behindCircuit, Circuit, withCircuit } from './circuit.ts'
import { withCoalescing } from './coalescing.ts'
import type { ConcurrencyOptions } from './concurrency.ts'
import { withConcurrency } from './concurrency.ts'
import type { RetryOptions } from './retries.ts'
import { withRetries } from './retries.ts'
import { wallClock } from './wall-clock.ts'

export interface ReliabilityOptions extends RetryOptions, ConcurrencyOptions {
  /** Default: none. */
  readonly budget?: BudgetOptions
  /** When a model that is down is left alone. False: never. */
  readonly circuit?: CircuitOptions | false
  /** Default: the real one. */
  readonly clock?: Clock
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number
}

/**
 * Wraps an engine. Everything about it but when it is asked stays the same.
 *
 * @throws ParapetError `configuration` for a number that is none of these, or a budget of money without prices
 */
export function createReliableEngine(engine: CompletionEngine, options: ReliabilityOptions = {}): CompletionEngine {
  const { clock = wallClock, random = Math.random, budget, circuit = {} } = options
  check('retries', options.retries, 0)
  check('queue', options.queue, 0)
  for (const key of ['concurrency', 'firstWait', 'longestWait'] as const) check(key, options[key], 1)
  if (budget !== undefined) checkBudget(budget)
  const paid = budget === undefined ? engine : withBudget(engine, budget, clock)
  const inTurn = circuit === false ? withConcurrency(paid, options, clock) : watched(paid, circuit, options)
  return withCoalescing(withRetries(inTurn, options, { clock, random }), clock)
}

/** The line with a circuit on both sides: nobody joins it for a model that is down, and who is in it does not wait for one. */
function watched(engine: CompletionEngine, settings: CircuitOptions, options: ReliabilityOptions): CompletionEngine {
  const { clock = wallClock, random = Math.random } = options
  for (const key of ['failures', 'cooldown', 'longestCooldown', 'slow'] as const)
    check(`circuit's ${key}`, settings[key], 1)
  const circuit = new Circuit(engine.id, settings, { clock, random })
  return behindCircuit(withConcurrency(withCircuit(engine, circuit), options, clock), circuit)
}

function check(key: string, value: number | undefined, least: number): void {
  if (value !== undefined && !(Number.isFinite(value) && value >= least))
    throw new ParapetError('configuration', `The ${key} of an engine must be a number of at least ${least}.`)
}

function checkBudget({ tokens, money, time, window, prices }: BudgetOptions): void {
  for (const [key, value] of Object.entries({ tokens, money, time, window }))
    if (value !== undefined && !(Number.isFinite(value) && value > 0))
      throw new ParapetError('configuration', `The ${key} of an engine's budget must be a number above 0.`)
  for (const [key, value] of Object.entries(prices ?? {}))
    if (!(Number.isFinite(value) && value >= 0))
      throw new ParapetError('configuration', `The price of ${key} tokens must be a number of at least 0.`)
  if (money !== undefined && prices === undefined)
    throw new ParapetError(
      'configuration',
      'A budget of money needs prices: what a million prompt and completion tokens cost.',
    )
}
