/**
 * What users of `parapet/openai-agents` hand in and get. No type here names the SDK's package: guardrails, tools and models are
 * described by their form, so that nothing of it is loaded.
 */
import type { Caller } from '../../spec/index.ts'
import type { DecisionFacts } from '../conversation/index.ts'

export interface CommonOptions {
  /** Name of the guardrail in traces and results. Default `parapet`. */
  readonly name?: string
  /** Who asks: scopes, exceptions and pseudonyms of the policy go by it. */
  readonly caller?: Caller | (() => Caller)
}

/** How input and output guardrails are made. */
export interface RunGuardrailOptions extends CommonOptions {
  /**
   * What happens when the policy masks something. The SDK's guardrails can only let pass or stop, so `trip` (default) stops the run.
   * `pass` is for runs whose model is guarded by `guardModel`, which puts the mask in.
   */
  readonly onModify?: 'trip' | 'pass'
}

/** How tool guardrails are made. */
export interface ToolGuardrailOptions extends CommonOptions {
  /**
   * What becomes of a call or a result that the policy stops. `reject` (default): the model reads `message` instead and goes on.
   * `throw`: the run ends with a tripwire, as it always does when a guard failed.
   */
  readonly onBlock?: 'reject' | 'throw'
  /** What the model reads instead. Default: that the policy stopped it. */
  readonly message?: string
}

/** How a model is guarded. */
export type GuardModelOptions = Pick<CommonOptions, 'caller'>

export interface GuardrailOutput {
  readonly tripwireTriggered: boolean
  /** What was decided, without a word of what was judged. */
  readonly outputInfo: DecisionFacts
}

/** For `inputGuardrails` of an agent or a run. */
export interface InputGuardrail {
  readonly name: string
  /** False: the model is not asked before the input was judged. */
  readonly runInParallel: false
  readonly execute: (args: { readonly input: unknown; readonly context?: unknown }) => Promise<GuardrailOutput>
}

/** For `outputGuardrails` of an agent or a run. */
export interface OutputGuardrail {
  readonly name: string
  readonly execute: (args: {
    readonly agentOutput: unknown
    readonly context?: unknown
    readonly details?: { readonly output?: readonly unknown[] }
  }) => Promise<GuardrailOutput>
}

/** A call of a function tool, as guardrails are shown it. */
export interface FunctionCall {
  readonly name: string
  readonly callId: string
  readonly arguments: string
}

export interface ToolGuardrailOutput {
  readonly behavior: { type: 'allow' } | { type: 'rejectContent'; message: string } | { type: 'throwException' }
  readonly outputInfo: DecisionFacts
}

/** For `inputGuardrails` of a function tool. */
export interface ToolInputGuardrail {
  readonly type: 'tool_input'
  readonly name: string
  readonly run: (data: { readonly toolCall: FunctionCall }) => Promise<ToolGuardrailOutput>
}

/** For `outputGuardrails` of a function tool. */
export interface ToolOutputGuardrail {
  readonly type: 'tool_output'
  readonly name: string
  readonly run: (data: { readonly toolCall: FunctionCall; readonly output: unknown }) => Promise<ToolGuardrailOutput>
}

/** Any model of the SDK. */
export interface ModelLike {
  // Method syntax, so that the SDK's own types of requests and answers fit.
  getResponse(request: never): Promise<object>
  getStreamedResponse(request: never): AsyncIterable<object>
}

/** A guarded model: of the same type, without whatever else the object had. */
export type GuardedModel<M> = Pick<
  M,
  Extract<keyof M, 'getResponse' | 'getStreamedResponse' | 'getRetryAdvice' | 'supportsPromptModelSelection'>
>

/** Any model provider of the SDK. */
export interface ModelProviderLike {
  getModel(name?: string): ModelLike | Promise<ModelLike>
}
