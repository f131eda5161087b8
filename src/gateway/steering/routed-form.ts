/**
 * How a routed turn is written in an interface of model servers. A form writes bodies and nothing else: which way a turn goes, and what
 * each way may see, is the router's plan.
 */
import type { JsonObject } from '../../contract/index.ts'
import type { RawUsage } from '../../core/stream/index.ts'
import type { Message, RoutePlan } from '../../spec/index.ts'
import type { UpstreamCall } from '../upstream/upstream.ts'

export interface RoutedForm {
  /** Fields that limit an answer's length; the first is the one to write. */
  readonly limits: readonly string[]
  /** What such a limit is where a request has none; null for none. */
  readonly usualLimit: number | null
  /** Of a request, what a routing call shares with the answering one. */
  readonly shared: readonly string[]
  /**
   * All that a guided or a refusing call keeps beside its conversation. Everything else is for plain answers: tools and forms would break
   * a guided answer or give a refusal something to do, and fields that nobody here knows can hold words of the user.
   */
  readonly kept: ReadonlySet<string>
  /** Where answers tell their tokens. */
  readonly usage: RawUsage
  /** Words of the system's designer beside the conversation. A refusal sees none of them. */
  readonly directives: readonly string[]
  /** The conversation to be routed. Throws `input_invalid` where a router could not read what the model would. */
  conversation(call: UpstreamCall): readonly Message[]
  /** A routing call's conversation, as fields of a body. Its messages are texts. */
  ask(messages: readonly Message[]): JsonObject
  /**
   * The answering call's conversation, as fields of a body.
   * @param given the conversation that was routed: the same messages as objects
   */
  answer(call: UpstreamCall, plan: RoutePlan, given: readonly Message[]): JsonObject
}

/** Fields that interfaces of today have in common. */
export const COMMON_FIELDS = ['model', 'stream', 'stream_options', 'temperature', 'top_p', 'user'] as const

/** What is said in a message, its media left out. */
export function spokenText({ content }: Message): string {
  if (typeof content === 'string') return content
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}

export function isDirective({ role }: { readonly role?: unknown }): boolean {
  return role === 'system' || role === 'developer'
}
