/**
 * A budget of tokens, money and time for each window. What a call may cost is set aside before it is made, so that calls side by side
 * cannot overdraw it by more than the estimate is wrong; afterwards what the server counted is charged.
 *
 * A spent budget is a failure: whoever asked decides what an answer that nobody gave means.
 */
import type {
  Clock,
  CompletionEngine,
  CompletionRequest,
  CompletionUsage,
  EngineFailureReason,
} from '../../spec/index.ts'
import { engineFailure, failureReason } from './failure.ts'

/** Prices of a million tokens, in any one currency. */
export interface TokenPrices {
  readonly prompt: number
  readonly completion: number
  /** Of prompt tokens that came from the server's cache. Default: as `prompt`. */
  readonly cached?: number
}

export interface BudgetOptions {
  /** Tokens, of prompts and answers together. */
  readonly tokens?: number
  /** In the currency of `prices`, which it needs. */
  readonly money?: number
  readonly prices?: TokenPrices
  /** Milliseconds that calls last, added up. */
  readonly time?: number
  /** Milliseconds after which everything is new; the first call begins a window. Default one day. */
  readonly window?: number
}

/** What is spent, or set aside for calls that run, in the window. */
export interface Spending {
  readonly tokens: number
  readonly money: number
  readonly time: number
}

const DAY = 86_400_000
/** Characters a token of a prompt has at least on average; most texts have more. */
const CHARACTERS = 3
/** Failures for which no server has worked. */
const FREE: ReadonlySet<EngineFailureReason> = new Set([
  'unreachable',
  'unauthorized',
  'not_found',
  'rejected',
  'rate_limited',
  'redirected',
  'overloaded',
])

export function withBudget(engine: CompletionEngine, options: BudgetOptions, clock: Clock): CompletionEngine {
  const purse = new Purse(options, clock)
  return {
    ...engine,
    async complete(request, call) {
      const settle = purse.reserve(request)
      const started = clock.now()
      try {
        const completion = await engine.complete(request, call)
        settle(completion.usage ?? estimate(request), clock.now() - started)
        return completion
      } catch (cause) {
        const reason = failureReason(cause)
        const free = reason !== null && FREE.has(reason)
        settle(free ? NOTHING : { ...estimate(request), completionTokens: 0 }, free ? 0 : clock.now() - started)
        throw cause
      }
    },
  }
}

const NOTHING: CompletionUsage = { promptTokens: 0, completionTokens: 0 }

/** Tokens that a request may cost, seen from outside. */
function estimate({ chat, completion, maxTokens }: CompletionRequest): CompletionUsage {
  const inMessages = (chat?.messages ?? []).reduce((sum, { content }) => sum + content.length, 0)
  const characters = Math.max(completion?.length ?? 0, inMessages)
  return { promptTokens: Math.ceil(characters / CHARACTERS), completionTokens: maxTokens }
}

class Purse {
  readonly #options: BudgetOptions
  readonly #clock: Clock
  #began: number | null = null
  #spent: Spending = { tokens: 0, money: 0, time: 0 }

  constructor(options: BudgetOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** Sets aside what a call may cost, or throws `budget_exceeded`. Gives what replaces it by what the call did cost. */
  reserve(request: CompletionRequest): (usage: CompletionUsage, time: number) => void {
    const { window = DAY, tokens: mostTokens, money: mostMoney, time: mostTime } = this.#options
    const now = this.#clock.now()
    if (this.#began === null || now >= this.#began + window) {
      this.#began = now
      this.#spent = { tokens: 0, money: 0, time: 0 }
    }
    const began = this.#began
    const aside = this.#cost(estimate(request), 0)
    const after = sum(this.#spent, aside)
    this.#refuse('tokens', after.tokens > (mostTokens ?? Infinity))
    this.#refuse('money', after.money > (mostMoney ?? Infinity))
    this.#refuse('time', this.#spent.time >= (mostTime ?? Infinity))
    this.#spent = after
    return (usage, time) => {
      // A call that outlived its window was paid for in the old one.
      if (this.#began === began) this.#spent = sum(this.#spent, this.#cost(usage, time), aside)
    }
  }

  #refuse(what: keyof Spending, over: boolean): void {
    if (!over) return
    const { window = DAY } = this.#options
    const left = Math.ceil(((this.#began ?? 0) + window - this.#clock.now()) / 1000)
    throw engineFailure(
      'budget_exceeded',
      `The budget of ${what} for this model is spent; it is renewed in ${left} s. Raise it, or ask the model less.`,
    )
  }

  #cost({ promptTokens, cachedTokens = 0, completionTokens }: CompletionUsage, time: number): Spending {
    const { prompt = 0, completion = 0, cached = prompt } = this.#options.prices ?? {}
    const fromCache = Math.min(cachedTokens, promptTokens)
    const money = ((promptTokens - fromCache) * prompt + fromCache * cached + completionTokens * completion) / 1_000_000
    return { tokens: promptTokens + completionTokens, money, time }
  }
}

function sum(spent: Spending, more: Spending, less: Spending = { tokens: 0, money: 0, time: 0 }): Spending {
  return {
    tokens: spent.tokens + more.tokens - less.tokens,
    money: spent.money + more.money - less.money,
    time: spent.time + more.time - less.time,
  }
}
