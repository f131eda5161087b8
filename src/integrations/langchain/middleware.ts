/**
 * A middleware of LangChain's `createAgent` over a Parapet. Every call of the model is judged twice: its messages before, its answer
 * after; every tool's call and result as well. What the policy masks is masked, in the agent's state too.
 *
 * LangChain streams what a model says before any middleware sees it. The model is therefore kept out of the stream of messages, which
 * then shows each message whole, after it was judged. Callbacks and `streamEvents` cannot be guarded from here.
 */
import type { Role } from '../../spec/index.ts'
import type { ConversationGuard, Fields, Judgement, Stop } from '../conversation/index.ts'
import { ConversationReader, isFields, judge } from '../conversation/index.ts'
import { fieldsOf, readMessage, withFields } from './messages.ts'
import { PassedMessages } from './passed-messages.ts'
import { refusal, saying } from './refusal.ts'
import { silenced } from './silent-model.ts'
import type { AnyRuntime, GuardMiddleware, GuardMiddlewareOptions, ModelCall, Runtime, ToolRun } from './types.ts'

const DOOR = 'langchain'
const BRAND = Symbol.for('AgentMiddleware')

/**
 * @example
 * createAgent({ model, tools, middleware: [yours, guardMiddleware(parapet)] })
 */
export function guardMiddleware<Context = unknown>(
  guard: ConversationGuard,
  options: GuardMiddlewareOptions<Context> = {},
): GuardMiddleware {
  const judging = new Judging(guard, options as GuardMiddlewareOptions)
  const middleware: GuardMiddleware = {
    name: options.name ?? 'parapet',
    beforeModel: {
      canJumpTo: ['end'],
      hook: async ({ messages }, runtime) =>
        (await judging.state(messages, runtime)) as { messages: never[] } | undefined,
    },
    wrapModelCall: async (request, handler) =>
      judging.model(request as unknown as ModelCall, handler as Handler<ModelCall>) as never,
    wrapToolCall: async (request, handler) =>
      judging.tool(request as unknown as ToolRun, handler as unknown as Handler<ToolRun>) as never,
  }
  return Object.assign(middleware, { [BRAND]: true })
}

type Handler<Request> = (request: Request) => unknown

/** What is judged together: the fields of messages, and a structured answer beside them. */
interface Root {
  readonly messages: readonly Fields[]
  readonly structured?: unknown
}

/** Which of the messages are new, and what stands beside them. */
interface Judged {
  /** Index of the first that is. Without it the policy's window holds. */
  readonly from?: number
  /** Whose those are, whatever they say. */
  readonly speaker?: Role
  readonly system?: unknown
  readonly structured?: unknown
}

class Judging {
  readonly #guard: ConversationGuard
  readonly #options: GuardMiddlewareOptions
  readonly #passed = new PassedMessages()

  constructor(guard: ConversationGuard, options: GuardMiddlewareOptions) {
    this.#guard = guard
    this.#options = options
  }

  /** Before the model is called: what the state holds. Gives the messages to replace, and where to go when that is a stop. */
  async state(messages: readonly unknown[], runtime: AnyRuntime): Promise<object | undefined> {
    const { judgement, judged } = await this.#judge(messages, runtime)
    if (!judgement.shown) {
      return { messages: [{ role: 'assistant', content: this.#words(judgement) }], jumpTo: 'end' }
    }
    const changed = judged.filter((message, index) => message !== messages[index])
    return changed.length === 0 ? undefined : { messages: changed }
  }

  /** Around the call of the model. */
  async model(request: ModelCall, handler: Handler<ModelCall>): Promise<unknown> {
    const { runtime } = request
    const system = await this.#system(request)
    let { messages } = request
    // Other middlewares may have put in what the state does not hold.
    if (!messages.every((message) => this.#passed.has(message))) {
      const { judgement, judged } = await this.#judge(messages, runtime, { system })
      if (!judgement.shown) throw judgement.error
      messages = judged
    }
    const model = this.#options.streaming === 'unjudged' ? request.model : silenced(request.model)
    const changed = system === request.systemMessage ? {} : { systemMessage: system }
    const answer = await handler({ ...request, messages, model, ...changed })
    const from = messages.length
    if (isCommand(answer)) {
      return this.#command(answer, (list) => this.#replaced([...messages, ...list], runtime, { from, system }))
    }
    const structured = isFields(answer) && 'structuredResponse' in answer && Array.isArray(answer['messages'])
    const made: readonly unknown[] = structured ? (answer['messages'] as unknown[]) : [answer]
    const { judgement, judged } = await this.#judge([...messages, ...made], runtime, {
      ...{ from, speaker: 'assistant', system },
      structured: structured ? answer['structuredResponse'] : undefined,
    })
    if (!judgement.shown) return refusal(made[0], this.#words(judgement))
    const own = judged.slice(from)
    return structured ? { ...answer, structuredResponse: judgement.root.structured, messages: own } : own[0]
  }

  /** The instructions as the policy lets them pass: middlewares put in what they found. */
  async #system({ systemMessage, runtime }: ModelCall): Promise<unknown> {
    if (!isFields(systemMessage) || systemMessage['content'] === '' || this.#passed.has(systemMessage))
      return systemMessage
    const { judgement, judged } = await this.#judge([systemMessage], runtime)
    if (!judgement.shown) throw judgement.error
    return judged[0]
  }

  /** Around the run of a tool. */
  async tool(request: ToolRun, handler: Handler<ToolRun>): Promise<unknown> {
    const { runtime } = request
    const call = { type: 'ai', content: '', tool_calls: [request.toolCall] }
    let asked = request
    if (!this.#hasPassedCall(request)) {
      const { judgement } = await this.#judge([call], runtime, { from: 0 })
      if (!judgement.shown)
        return handler({ ...request, tool: saying(request.toolCall.name, this.#words(judgement)) } as ToolRun)
      const [toolCall = request.toolCall] = (judgement.root.messages[0]?.['tool_calls'] ?? []) as ToolRun['toolCall'][]
      asked = { ...request, toolCall }
    }
    return this.#result(await handler(asked), call, runtime)
  }

  /** What a tool gave back: a message, or a command that puts messages into the state. */
  async #result(result: unknown, call: Fields, runtime: AnyRuntime): Promise<unknown> {
    const replaced = (list: readonly unknown[]): Promise<readonly unknown[]> =>
      this.#replaced([call, ...list], runtime, { from: 1 })
    return isCommand(result) ? this.#command(result, replaced) : (await replaced([result]))[0]
  }

  async #command(
    command: Fields,
    replaced: (list: readonly unknown[]) => Promise<readonly unknown[]>,
  ): Promise<unknown> {
    const { update } = command
    const entries: readonly unknown[] = Array.isArray(update) ? update : isFields(update) ? Object.entries(update) : []
    if (entries.length === 0) return command
    const next = await Promise.all(
      entries.map(async (entry) => {
        if (!Array.isArray(entry) || entry[0] !== 'messages') return entry
        const list: readonly unknown[] = Array.isArray(entry[1]) ? entry[1] : [entry[1]]
        return ['messages', await replaced(list)] as const
      }),
    )
    return Object.assign(Object.create(Object.getPrototypeOf(command) as object) as object, command, {
      update: Array.isArray(update) ? next : Object.fromEntries(next as (readonly [string, unknown])[]),
    })
  }

  /** The new ones of the messages as they may be handed on, or our words in the place of each. */
  async #replaced(
    messages: readonly unknown[],
    runtime: AnyRuntime,
    judged: Judged & { readonly from: number },
  ): Promise<readonly unknown[]> {
    const { judgement, judged: next } = await this.#judge(messages, runtime, judged)
    if (judgement.shown) return next.slice(judged.from)
    const words = this.#words(judgement)
    return messages.slice(judged.from).map((message) => refusal(message, words))
  }

  async #judge(
    messages: readonly unknown[],
    runtime: AnyRuntime,
    { from, speaker, system, structured }: Judged = {},
  ): Promise<{ readonly judgement: Judgement<Root>; readonly judged: readonly unknown[] }> {
    const fields = messages.map(fieldsOf)
    const { caller, onDecision } = this.#options
    const judgement = await judge<Root>(
      this.#guard,
      () => {
        const reader = new ConversationReader<Root>({ messages: fields, structured })
        if (isFields(system)) readMessage({ content: system['content'], type: 'system' }, ['system'], reader)
        fields.forEach((message, index) => {
          if (index === from) reader.begin(speaker)
          readMessage(message, ['messages', index], reader)
        })
        if (structured !== undefined) reader.answer().json(structured, ['structured'])
        return reader.conversation()
      },
      {
        door: DOOR,
        caller: typeof caller === 'function' ? () => caller(runtime as Runtime) : caller,
        signal: runtime.signal,
      },
    )
    onDecision?.(judgement.facts)
    if (!judgement.shown) return { judgement, judged: [] }
    const judged = messages.map((message, index) => {
      const before = fields[index] ?? {}
      return withFields(message, before, judgement.root.messages[index] ?? before)
    })
    for (const message of judged) this.#passed.add(message)
    return { judgement, judged }
  }

  /** The call stands, as it is, in an answer that was let through. */
  #hasPassedCall({ toolCall, state }: ToolRun): boolean {
    const answers = (state?.messages ?? []).filter((message) => this.#passed.has(message))
    return answers.some((answer) => {
      const { tool_calls: calls } = answer as Fields
      return Array.isArray(calls) && calls.some((call: unknown) => JSON.stringify(call) === JSON.stringify(toolCall))
    })
  }

  /** The words to end with. Throws when there shall be none. */
  #words({ facts, error, words }: Stop): string {
    const { onBlock = 'throw', message = words } = this.#options
    if (onBlock === 'throw' || facts.outcome === 'failed') throw error
    return typeof message === 'string' ? message : message(facts)
  }
}

function isCommand(value: unknown): value is Fields {
  return isFields(value) && 'lg_name' in value
}
