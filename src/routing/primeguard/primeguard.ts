/**
 * PrimeGuard (Manczak et al., arXiv 2407.16318; released code dynamofl/PrimeGuard, bbf3bff): a first call compares the request with the
 * designer's guidelines and chooses a route; the second answers plainly with a tip, after a re-evaluation with the guidelines in view,
 * or with a refusal that has seen neither. No model is tuned. It judges no answer: that is what output rails are for.
 */
import type {
  Clock,
  CompletionUsage,
  Message,
  RoutePlan,
  RouteReader,
  Router,
  RouteRequest,
  RouteTrace,
} from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { LONGEST_ANSWER } from './answer-object.ts'
import type { AnswerEnd } from './answer-reader.ts'
import { guidedReader, passingReader, releasedReader } from './answer-reader.ts'
import type { EngineAnswer } from './ask-engine.ts'
import { askEngine } from './ask-engine.ts'
import { readConversation } from './conversation.ts'
import type { WatchedRuns } from './guideline-watch.ts'
import { repeats, watchedRuns } from './guideline-watch.ts'
import type { Guidelines } from './guidelines.ts'
import { defineGuidelines, refusalWords } from './guidelines.ts'
import type { PrimeGuardOptions } from './options.ts'
import { behaviours, wholeNumber } from './options.ts'
import { Prompts } from './prompts.ts'
import { NO_TIP, readChoice } from './read-choice.ts'
import type { RouteChoice } from './routes.ts'
import { REFUSAL_TIP, ROUTE_PATHS } from './routes.ts'
import { oneLine } from './untrusted-text.ts'

const LIMITS = { request: 100_000, tip: 300, check: 600 }

const wallClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as number),
}

/**
 * A router from guidelines.
 * @throws PolicyError for wrong guidelines, ParapetError `configuration` for wrong options
 */
export function createPrimeGuard(options: PrimeGuardOptions): Router {
  return new PrimeGuard(options)
}

class PrimeGuard implements Router {
  readonly specVersion = 'v1'
  readonly kind = 'router'
  readonly id = 'primeguard'
  readonly #options: PrimeGuardOptions
  readonly #guidelines: Guidelines
  readonly #released: ReturnType<typeof behaviours>
  readonly #prompts: Prompts
  readonly #watched: WatchedRuns
  readonly #limits: Required<NonNullable<PrimeGuardOptions['limits']>>
  readonly #deadline: number
  readonly #clock: Clock
  readonly #kept: number
  readonly #answers = new Map<string, string>()

  constructor(options: PrimeGuardOptions) {
    const { limits = {}, style = 'published', clock = wallClock } = options
    this.#options = options
    this.#guidelines = defineGuidelines(options.guidelines)
    this.#released = behaviours(options)
    this.#prompts = new Prompts(style, this.#guidelines, this.#released)
    this.#watched = watchedRuns(this.#guidelines.restricted.map(({ text }) => text))
    this.#limits = {
      request: wholeNumber('limits.request', limits.request, LIMITS.request),
      tip: wholeNumber('limits.tip', limits.tip, LIMITS.tip),
      check: wholeNumber('limits.check', limits.check, LIMITS.check),
    }
    this.#deadline = wholeNumber('deadline', options.deadline, 30_000)
    this.#kept = wholeNumber('cache', options.cache, 0, 0)
    // Behind one id of an answering model several can stand, and a weak one would then choose the route of a strong one's turns.
    if (this.#kept > 0 && options.engine === undefined)
      throw new ParapetError(
        'configuration',
        '`cache` keeps answers of the router’s own engine. Give it one as `engine`.',
      )
    this.#clock = clock
  }

  async route(request: RouteRequest): Promise<RoutePlan> {
    const started = this.#clock.now()
    const conversation = readConversation(request.messages)
    const { length } = conversation.judged
    if (length > this.#limits.request && !this.#released.has('unbounded'))
      throw new ParapetError(
        'input_too_large',
        `The conversation has ${length} characters; at most ${this.#limits.request} can be checked. Shorten it.`,
      )
    const asked = this.#prompts.route(conversation)
    const { text: answer, usage } = await this.#firstAnswer(asked, request)
    const choice = this.#settle(readChoice(answer, this.#released.has('first-object')))
    const messages = this.#prompts.answer(conversation, choice)
    return new Plan(this.#options, {
      ...{ choice, messages, asked, answer },
      ...(usage === undefined ? {} : { usage }),
      ms: this.#clock.now() - started,
      refusal: refusalWords(this.#guidelines),
      extraTokens: choice.route === 'potential_violation' ? this.#prompts.style.tokens.reevaluation : 0,
      watched: this.#released.has('unwatched') ? new Map() : this.#watched,
      rawAnswer: this.#released.has('raw-answer'),
    })
  }

  /** An answer that was kept used no tokens for this turn. */
  async #firstAnswer(messages: readonly Message[], { engine: answering, signal }: RouteRequest): Promise<EngineAnswer> {
    const engine = this.#options.engine ?? answering
    if (engine === undefined)
      throw new ParapetError('configuration', 'PrimeGuard has no engine for its first call. Give it one as `engine`.')
    const key = this.#kept === 0 ? '' : JSON.stringify(messages)
    const known = this.#answers.get(key)
    if (known !== undefined) return { text: known }
    const maxTokens = this.#prompts.style.tokens.route
    const { clock, deadline } = { clock: this.#clock, deadline: this.#deadline }
    const answer = await askEngine(engine, messages, { maxTokens, longest: LONGEST_ANSWER, deadline, clock, signal })
    if (this.#kept > 0) {
      const [oldest] = this.#answers.keys()
      if (oldest !== undefined && this.#answers.size >= this.#kept) this.#answers.delete(oldest)
      this.#answers.set(key, answer.text)
    }
    return answer
  }

  /** The choice as the second call is told it. */
  #settle(found: RouteChoice): RouteChoice {
    const { fixed = {} } = this.#options
    const choice = { ...found, ...fixed }
    if (this.#released.has('raw-notes')) return choice
    const check = oneLine(choice.check, this.#limits.check)
    const tip = oneLine(choice.tip, this.#limits.tip)
    if (fixed.tip === undefined && choice.route === 'direct_violation') return { ...choice, check, tip: REFUSAL_TIP }
    // The plain call must not see the guidelines, not even by way of its tip.
    const leaks = choice.route === 'no_to_minimal_risk' && repeats(tip, this.#watched)
    return { ...choice, check, tip: leaks ? NO_TIP : tip }
  }
}

interface PlanParts {
  readonly choice: RouteChoice
  readonly messages: readonly Message[]
  readonly asked: readonly Message[]
  /** Of the first call. */
  readonly answer: string
  /** Of the first call. */
  readonly usage?: CompletionUsage
  readonly ms: number
  readonly refusal: string
  readonly extraTokens: number
  readonly watched: WatchedRuns
  readonly rawAnswer: boolean
}

class Plan implements RoutePlan {
  readonly router = 'primeguard'
  readonly route: string
  readonly path: RoutePlan['path']
  readonly understood: boolean
  readonly ms: number
  readonly messages: readonly Message[]
  readonly words: string | null
  readonly extraTokens: number
  readonly usage?: CompletionUsage
  readonly #options: PrimeGuardOptions
  readonly #parts: PlanParts
  #end: AnswerEnd | null = null
  #answer = ''
  /** Of the second call. */
  #used: CompletionUsage | undefined

  constructor(options: PrimeGuardOptions, parts: PlanParts) {
    const { choice, ms, messages, extraTokens, refusal, usage } = parts
    this.#options = options
    this.#parts = parts
    this.route = choice.route
    this.path = ROUTE_PATHS[choice.route]
    this.understood = choice.understood
    this.ms = ms
    this.messages = messages
    this.extraTokens = extraTokens
    if (usage !== undefined) this.usage = usage
    this.words = this.path === 'refused' && options.refusal === 'fixed' ? refusal : null
    if (this.words !== null) this.#finish({ outcome: 'answered', reevaluation: null })
  }

  reader(): RouteReader {
    const { refusal, watched, rawAnswer } = this.#parts
    const onEnd = (end: AnswerEnd): void => this.#finish(end)
    const settings = { refusal, watched, onEnd }
    const inner =
      this.path !== 'guided' ? passingReader(settings) : rawAnswer ? releasedReader(settings) : guidedReader(settings)
    return {
      push: (text) => {
        this.#answer += text
        return inner.push(text)
      },
      end: (usage) => {
        this.#used ??= usage
        return inner.end()
      },
    }
  }

  trace(): RouteTrace {
    const { router, route, path, understood, ms, words } = this
    const { asked, answer, choice, messages } = this.#parts
    const calls = [this.#call('route', asked, answer, this.usage)]
    if (words === null) calls.push(this.#call('answer', messages, this.#answer, this.#used))
    return {
      ...{ router, route, path, understood, ms, check: choice.check, tip: choice.tip, calls },
      reevaluation: this.#end?.reevaluation ?? null,
      outcome: this.#end?.outcome ?? 'open',
    }
  }

  #call(
    purpose: 'route' | 'answer',
    messages: readonly Message[],
    answer: string,
    usage: CompletionUsage | undefined,
  ): RouteTrace['calls'][number] {
    const { countTokens } = this.#options
    const prompt = messages.map(({ content }) =>
      typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    )
    const promptCharacters = prompt.reduce((sum, { length }) => sum + length, 0)
    const counts = { purpose, promptCharacters, answerCharacters: answer.length }
    if (countTokens === undefined) {
      if (usage === undefined) return counts
      return { ...counts, promptTokens: usage.promptTokens, answerTokens: usage.completionTokens }
    }
    const promptTokens = prompt.reduce((sum, text) => sum + countTokens(text), 0)
    return { ...counts, promptTokens, answerTokens: countTokens(answer) }
  }

  #finish(end: AnswerEnd): void {
    if (this.#end !== null) return
    this.#end = end
    try {
      this.#options.onTrace?.(this.trace())
    } catch {
      // An observer's defect must not become the request's.
    }
  }
}
