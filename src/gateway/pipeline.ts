/**
 * What the gateway needs of a pipeline. `core`'s pipeline has this form; tests pass a scripted one.
 */
import type {
  Caller,
  CheckInput,
  CheckResult,
  GuardedPart,
  GuardedStream,
  Message,
  RoutePlan,
  StreamPart,
} from '../spec/index.ts'

/** A conversation to be answered under guard. */
export interface ConverseRequest {
  readonly messages: readonly Message[]
  readonly caller: Caller
  readonly signal?: AbortSignal
  /** Where the request came in, for metrics. */
  readonly door?: string
  /** The model asked for. */
  readonly model?: string
  /** W3C trace context of the request. */
  readonly traceparent?: string
}

/** Calls the model with the messages as the input rail left them. */
export type CallModel = (
  messages: readonly Message[],
  options: {
    readonly signal: AbortSignal
    readonly attempt: number
    readonly feedback?: string
    readonly onRoute?: (plan: RoutePlan) => void
  },
) => Promise<AsyncIterable<StreamPart>>

export interface GatewayPipeline {
  check(
    input: CheckInput,
    options?: { signal?: AbortSignal; door?: string; model?: string; traceparent?: string },
  ): Promise<CheckResult>
  /** Input check, model, output check. The first part is there only once the input was decided. */
  converse(request: ConverseRequest, callModel: CallModel): GuardedStream<GuardedPart>
  readonly policyVersion: string
  /** Names of the guards by stage, for those who look at the gateway. */
  readonly rails?: Readonly<Record<string, readonly string[]>>
}
