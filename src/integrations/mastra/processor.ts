/**
 * A processor of Mastra's agents over a Parapet: it judges what goes to the model in every step, what the model says while it streams,
 * its calls before they run, results of tools before the model reads them, and the whole at the end.
 *
 * What the policy masks is masked; what it stops ends the run with a tripwire. Mastra passes on what a processor failed at, so here
 * every failure is a tripwire too.
 */
import type { Caller } from '../../spec/index.ts'
import type { Conversation, Judgement, Stop, StreamGuard } from '../conversation/index.ts'
import { answered, ConversationReader, isFields, judge, stopOf } from '../conversation/index.ts'
import { HeldStream } from './held-stream.ts'
import type { Root } from './messages.ts'
import { messagesOf, readMessages, readResult } from './messages.ts'
import type { Chunk } from './stream-chunks.ts'
import { GuardedChunks } from './stream-chunks.ts'
import type {
  GuardProcessor,
  GuardProcessorOptions,
  HookContext,
  MessageListLike,
  MessagesHook,
  StepMessages,
  StreamHook,
  ToolResultHook,
} from './types.ts'

const DOOR = 'mastra'
/** Under this key of its state a processor leaves a second chunk; Mastra then asks all processors about it. */
const SECOND_CHUNK = '__mastraReprocessPart'

/**
 * @example
 * const guard = guardProcessor(parapet)
 * new Agent({ ...settings, inputProcessors: [guard], outputProcessors: [guard] })
 */
export function guardProcessor(guard: StreamGuard, options: GuardProcessorOptions = {}): GuardProcessor {
  const { id = 'parapet' } = options
  return new Processor(id, guard, options)
}

/** One answer while it streams. */
interface Run {
  readonly chunks: GuardedChunks
  /** Let through, and not yet handed on: Mastra takes one chunk at a time. */
  readonly waiting: Chunk[]
  /** Let through before they come by again. */
  readonly released: WeakSet<Chunk>
}

class Processor implements GuardProcessor {
  readonly id: string
  readonly name = 'Parapet'
  readonly #guard: StreamGuard
  readonly #options: GuardProcessorOptions
  readonly #runs = new WeakMap<object, Run>()
  /** Results of tools by call, as they were let through. */
  readonly #results = new WeakMap<object, Map<string, unknown>>()

  constructor(id: string, guard: StreamGuard, options: GuardProcessorOptions) {
    this.id = id
    this.#guard = guard
    this.#options = options
  }

  async processInput<M>(args: MessagesHook<M>): Promise<M[]> {
    return this.#messages(args)
  }

  async processInputStep<M>(args: MessagesHook<M>): Promise<StepMessages<M> | undefined> {
    const { messages, systemMessages } = await this.#judged(args, false)
    if (systemMessages !== args.systemMessages) return { messages, systemMessages: systemMessages as never[] }
    return messages === args.messages ? undefined : { messages }
  }

  /** Before calls run: what the model said in this step, as the messages now hold it. */
  async processOutputStep<M>(args: MessagesHook<M>): Promise<M[]> {
    return this.#messages(args, true)
  }

  async processOutputResult<M>(args: MessagesHook<M>): Promise<M[]> {
    return this.#messages(args, true)
  }

  async processToolResult<M>(args: ToolResultHook<M>): Promise<undefined> {
    const { toolName, toolCallId, args: input, result, messageList } = args
    const judgement = await judge(
      this.#guard,
      () => {
        const reader = new ConversationReader({ input, result })
        reader.open('assistant').call({ id: toolCallId, name: toolName }, input, ['input'])
        reader.begin()
        readResult(result, ['result'], reader.open('tool', toolCallId))
        return reader.conversation()
      },
      this.#settings(args),
    )
    const { root } = this.#shown(judgement, args)
    const results = this.#results.get(messageList) ?? new Map<string, unknown>()
    this.#results.set(messageList, results.set(toolCallId, root.result))
    if (root.result === result) return undefined
    const toolInvocation = { state: 'result', toolCallId, toolName, args: input, result: root.result }
    const replaced = messageList.updateToolInvocation({ type: 'tool-invocation', toolInvocation } as never)
    if (!replaced) this.#stop(stopOf(new Error('The result could not be replaced.')), args)
    return undefined
  }

  async processOutputStream<Part>(args: StreamHook<Part>): Promise<Part | null> {
    const chunk = args.part as Chunk
    const run = this.#runOf(args)
    const { waiting, released } = run
    if (released.has(chunk)) {
      if (waiting[0] === chunk) waiting.shift()
      return next(run, args.state, chunk) as Part
    }
    try {
      const judged = await run.chunks.next(chunk)
      waiting.push(...judged)
      const result = judged.at(-1)
      if (chunk.type === 'tool-result' && result !== undefined && result !== chunk) resultInto(args.messageList, result)
    } catch (cause) {
      this.#stop(stopOf(cause instanceof Error ? cause : new Error('A chunk could not be read.')), args)
    }
    const { stop } = run.chunks
    if (stop !== null) this.#stop(stopOf(stop), args)
    const first = waiting.shift()
    return first === undefined ? null : (next(run, args.state, first) as Part)
  }

  #runOf({ state, messageList, requestContext, abortSignal: signal }: StreamHook<unknown>): Run {
    let run = this.#runs.get(state)
    if (run === undefined) {
      const open = (): HeldStream => {
        const { messages } = readMessages(historyOf(messageList) ?? [], {
          system: messageList?.getSystemMessages?.(),
        }).conversation()
        const { caller } = this.#settings({ requestContext })
        const by = caller?.()
        const context = {
          ...answered(messages),
          ...(by === undefined ? {} : { caller: by }),
          ...(signal === undefined ? {} : { signal }),
        }
        return new HeldStream((source) => this.#guard.guardStream(source, context))
      }
      run = { chunks: new GuardedChunks(open), waiting: [], released: new WeakSet() }
      this.#runs.set(state, run)
    }
    // Results are judged beside the stream, and known by the list of messages.
    if (messageList !== undefined) run.chunks.results = this.#results.get(messageList) ?? run.chunks.results
    return run
  }

  async #messages<M>(args: MessagesHook<M>, answer = false): Promise<M[]> {
    return (await this.#judged(args, answer)).messages
  }

  async #judged<M>(
    args: MessagesHook<M>,
    answer: boolean,
  ): Promise<{ readonly messages: M[]; readonly systemMessages: readonly unknown[] | undefined }> {
    const { messages, systemMessages: system, messageList } = args
    const read = (): Conversation<Root> =>
      readMessages(messages, { system, history: historyOf(messageList), answer }).conversation()
    const { root } = this.#shown(await judge(this.#guard, read, this.#settings(args)), args)
    return {
      messages: root.messages === messages ? messages : (messagesOf(root, messages) as M[]),
      systemMessages: root.beside.system,
    }
  }

  #settings({ requestContext, abortSignal: signal }: Context): {
    door: string
    caller?: () => Caller
    signal?: AbortSignal
  } {
    const { caller } = this.#options
    return {
      door: DOOR,
      ...(caller === undefined
        ? {}
        : { caller: () => (typeof caller === 'function' ? caller(requestContext) : caller) }),
      ...(signal === undefined ? {} : { signal }),
    }
  }

  #shown<Judged>(
    judgement: Judgement<Judged>,
    args: Pick<HookContext, 'abort'>,
  ): Extract<Judgement<Judged>, { shown: true }> {
    return judgement.shown ? judgement : this.#stop(judgement, args)
  }

  /** Ends the run. Whether a judgement or a failure ended it, the tripwire's metadata tells. */
  #stop({ facts, words }: Stop, { abort }: Pick<HookContext, 'abort'>): never {
    const { message = words } = this.#options
    let reason = words
    try {
      reason = typeof message === 'string' ? message : message(facts)
    } catch {
      // Mastra would pass on what a processor throws at.
    }
    return abort(reason, { metadata: facts })
  }
}

function historyOf(list: MessageListLike | undefined): readonly unknown[] | undefined {
  return list?.get?.all.db()
}

/** Mastra has put the result into the list before it is shown, with what stands beside it. */
function resultInto(list: MessageListLike | undefined, { payload }: Chunk): void {
  if (!isFields(payload)) return
  const { toolCallId, toolName, args, result, providerMetadata } = payload
  const toolInvocation = { state: 'result', toolCallId, toolName, args, result }
  list?.updateToolInvocation?.({ type: 'tool-invocation', toolInvocation, providerMetadata } as never)
}

type Context = { readonly [Key in 'requestContext' | 'abortSignal']?: HookContext[Key] | undefined }

/** The chunk that leaves now. If another waits, Mastra is told to ask about it next. */
function next({ waiting, released }: Run, state: Record<string, unknown>, chunk: Chunk): Chunk {
  const [after] = waiting
  if (after !== undefined) {
    released.add(after)
    state[SECOND_CHUNK] = after
  }
  return chunk
}
