/**
 * A model of the OpenAI Agents SDK under guard. It stands where guardrails cannot: before every call of every agent of a run, with
 * the whole conversation, and in streams, whose text is held until it was judged.
 *
 * What the policy masks is masked, both ways; what it stops is thrown as a `BlockedError`. Raw events and raw responses of the
 * provider hold the answer as it was before it was judged, so they are left out.
 */
import type { Caller, StreamPart } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { failureOf } from '../conversation/stream-failure.ts'
import type { Conversation, Stop, StreamGuard } from '../conversation/index.ts'
import { answered, ConversationReader, isFields, judge } from '../conversation/index.ts'
import { DOOR } from './guardrails.ts'
import { readInput, readItems, readPart } from './items.ts'
import type { GuardedModel, GuardModelOptions, ModelLike, ModelProviderLike } from './types.ts'

interface Request {
  readonly systemInstructions?: string
  readonly input: unknown
  readonly prompt?: { readonly variables?: Readonly<Record<string, unknown>> }
  readonly signal?: AbortSignal
}

interface Response {
  readonly output: readonly unknown[]
  readonly providerData?: unknown
}

interface Event {
  readonly type: string
  readonly delta?: unknown
  readonly itemId?: unknown
  readonly response?: Response
}

interface Model {
  readonly supportsPromptModelSelection?: boolean
  getResponse(request: Request): Promise<Response>
  getStreamedResponse(request: Request): AsyncIterable<Event>
  getRetryAdvice?(args: unknown): unknown
}

/**
 * Guards a model: `new Agent({ model: guardModel(model, parapet) })`.
 * @throws ParapetError `configuration` when it is no model object of the SDK
 */
export function guardModel<M extends ModelLike>(
  model: M,
  guard: StreamGuard,
  options: GuardModelOptions = {},
): GuardedModel<M> {
  const inner = model as unknown as Model
  if (typeof inner?.getResponse !== 'function' || typeof inner.getStreamedResponse !== 'function') {
    throw new ParapetError(
      'configuration',
      'Hand in a model object of the OpenAI Agents SDK. For models by name, hand their provider to `guardModelProvider`.',
    )
  }
  const turn = new GuardedTurns(inner, guard, options)
  const guarded: Model = {
    ...(inner.supportsPromptModelSelection === undefined
      ? {}
      : { supportsPromptModelSelection: inner.supportsPromptModelSelection }),
    getResponse: (request) => turn.getResponse(request),
    getStreamedResponse: (request) => turn.getStreamedResponse(request),
    ...(inner.getRetryAdvice === undefined ? {} : { getRetryAdvice: (args: unknown) => inner.getRetryAdvice?.(args) }),
  }
  return guarded as unknown as GuardedModel<M>
}

/** Guards every model that a provider hands out: `new Runner({ modelProvider: guardModelProvider(provider, parapet) })`. */
export function guardModelProvider<P extends ModelProviderLike>(
  provider: P,
  guard: StreamGuard,
  options: GuardModelOptions = {},
): { getModel(name?: string): Promise<GuardedModel<Awaited<ReturnType<P['getModel']>>>> } {
  type Made = Awaited<ReturnType<P['getModel']>>
  return { getModel: async (name) => guardModel((await provider.getModel(name)) as Made, guard, options) }
}

class GuardedTurns {
  readonly #model: Model
  readonly #guard: StreamGuard
  readonly #caller: GuardModelOptions['caller']

  constructor(model: Model, guard: StreamGuard, { caller }: GuardModelOptions) {
    this.#model = model
    this.#guard = guard
    this.#caller = caller
  }

  async getResponse(request: Request): Promise<Response> {
    const asked = await this.#ask(request)
    return this.#answer(asked, await this.#model.getResponse(asked))
  }

  async *getStreamedResponse(request: Request): AsyncGenerator<Event> {
    const asked = await this.#ask(request)
    const { signal } = request
    let done: Event | null = null
    const events = this.#model.getStreamedResponse(asked)
    const source = async function* (): AsyncGenerator<StreamPart> {
      for await (const event of events) {
        if (event.type === 'output_text_delta' && typeof event.delta === 'string') {
          yield { type: 'text', text: event.delta, raw: event }
        } else if (event.type === 'response_started') yield { type: 'other', raw: event }
        else if (event.type === 'response_done') done = event
      }
    }
    const caller = callerOf(this.#caller)
    const { messages } = readRequest(asked).conversation()
    const context = { ...answered(messages), ...(caller && { caller }), ...(signal && { signal }) }
    for await (const part of this.#guard.guardStream(source(), context)) {
      if (part.type === 'error') throw failureOf(part, signal).error
      if (part.type === 'text') yield deltaOf(part.text, part.raw as Event | undefined)
      else if (part.type === 'other') yield { type: 'response_started' }
    }
    const ended = done as Event | null
    if (ended?.response !== undefined)
      yield { type: 'response_done', response: await this.#answer(asked, ended.response) }
  }

  /** The request as the policy lets it pass. */
  async #ask(request: Request): Promise<Request> {
    const judgement = await judge(this.#guard, () => readRequest(request).conversation(), this.#settings(request))
    if (!judgement.shown) throw reasonOf(judgement, request)
    return judgement.root.request
  }

  /** The answer as the policy lets it pass. It is the end of the conversation and judged as such. */
  async #answer(request: Request, response: Response): Promise<Response> {
    const { providerData: _withheld, ...answer } = response
    const read = (): Conversation<{ readonly request: Request; readonly answer: Response }> => {
      const reader = readRequest(request, answer)
      reader.begin('assistant')
      readItems(answer.output, ['answer', 'output'], reader)
      reader.answer().others({ ...answer }, ['answer'], ['output', 'usage'])
      return reader.conversation()
    }
    const judgement = await judge(this.#guard, read, this.#settings(request))
    if (!judgement.shown) throw reasonOf(judgement, request)
    return judgement.root.answer
  }

  #settings({ signal }: Request): Parameters<typeof judge>[2] {
    return { door: DOOR, caller: this.#caller, signal }
  }
}

interface Root {
  readonly request: Request
  readonly answer: Response
}

/** Reads a request: the instructions, the variables of a prompt template, which are the user's words, and every item. */
function readRequest(request: Request, answer: Response = { output: [] }): ConversationReader<Root> {
  const reader = new ConversationReader<Root>({ request, answer })
  const { systemInstructions, prompt, input } = request
  if (systemInstructions !== undefined && systemInstructions !== '') {
    reader.open('system').text(systemInstructions, ['request', 'systemInstructions'])
  }
  const variables = Object.entries(prompt?.variables ?? {})
  if (variables.length > 0) {
    const user = reader.open('user')
    for (const [name, value] of variables) {
      const path = ['request', 'prompt', 'variables', name]
      if (isFields(value)) readPart(value, path, user)
      else user.text(value, path)
    }
  }
  readInput(input, ['request', 'input'], reader)
  return reader
}

/** Whoever broke off hears what they said. */
function reasonOf({ error }: Stop, { signal }: Request): unknown {
  return error.code === 'aborted' && signal?.aborted === true ? (signal.reason as unknown) : error
}

function deltaOf(delta: string, event: Event | undefined): Event {
  return event === undefined || event.delta !== delta || event.itemId === undefined
    ? { type: 'output_text_delta', delta }
    : { type: 'output_text_delta', delta, itemId: event.itemId }
}

function callerOf(caller: Caller | (() => Caller) | undefined): Caller | undefined {
  return typeof caller === 'function' ? caller() : caller
}
