/**
 * What users of `parapet/mastra` hand in and get. No type here names a package of Mastra: the processor is described by its form, so
 * that nothing of it is loaded.
 */
import type { Caller } from '../../spec/index.ts'
import type { DecisionFacts } from '../conversation/index.ts'

/** Mastra's context of a request. */
export interface RequestContextLike {
  get(key: string): unknown
}

export interface GuardProcessorOptions {
  /** Id of the processor, in tripwires and traces. Two in one agent need two ids. Default `parapet`. */
  readonly id?: string
  /** Who asks: scopes, exceptions and pseudonyms of the policy go by it. */
  readonly caller?: Caller | ((context: RequestContextLike | undefined) => Caller)
  /** The tripwire's reason, which Mastra shows. Default: the policy's words. */
  readonly message?: string | ((facts: DecisionFacts) => string)
}

type Abort = (reason?: string, options?: { retry?: boolean; metadata?: DecisionFacts }) => never

export interface HookContext {
  readonly abort: Abort
  readonly abortSignal?: AbortSignal
  readonly requestContext?: RequestContextLike
}

/** Mastra's list of everything said in a run. */
export interface MessageListLike {
  readonly get?: { readonly all: { db(): readonly unknown[] } }
  getSystemMessages?(): readonly unknown[]
  updateToolInvocation?(part: never): boolean
}

export interface MessagesHook<M> extends HookContext {
  readonly messages: M[]
  readonly systemMessages?: readonly unknown[]
  readonly messageList?: MessageListLike
}

/** What a step shall ask the model instead. */
export interface StepMessages<M> {
  messages: M[]
  systemMessages?: never[]
}

export interface StreamHook<Part> extends HookContext {
  readonly part: Part
  readonly state: Record<string, unknown>
  readonly messageList?: MessageListLike
}

export interface ToolResultHook<M> extends MessagesHook<M> {
  readonly toolName: string
  readonly toolCallId: string
  readonly args: unknown
  readonly result: unknown
  readonly messageList: MessageListLike & { updateToolInvocation(part: never): boolean }
}

/** For `inputProcessors` and `outputProcessors` of an agent: the same one in both. */
export interface GuardProcessor {
  readonly id: string
  readonly name: string
  processInput<M>(args: MessagesHook<M>): Promise<M[]>
  processInputStep<M>(args: MessagesHook<M>): Promise<StepMessages<M> | undefined>
  processOutputStream<Part>(args: StreamHook<Part>): Promise<Part | null>
  processOutputStep<M>(args: MessagesHook<M>): Promise<M[]>
  processToolResult<M>(args: ToolResultHook<M>): Promise<undefined>
  processOutputResult<M>(args: MessagesHook<M>): Promise<M[]>
}
