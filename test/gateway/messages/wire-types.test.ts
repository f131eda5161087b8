/**
 * The lists in `protocols/messages/wire.ts` against the types of the real SDK. The comparison is made by the compiler: this file
 * does not compile when a union of the SDK gains a member that is not listed, or a list holds one that no union has.
 */
import type {
  BetaContentBlock,
  BetaContentBlockParam,
  BetaRawContentBlockDelta,
  BetaRawMessageStreamEvent,
  BetaStopReason,
  BetaToolResultBlockParam,
} from '@anthropic-ai/sdk/resources/beta/messages/messages'
import type {
  ContentBlock,
  ContentBlockParam,
  Message,
  RawContentBlockDelta,
  RawContentBlockStartEvent,
  RawMessageDeltaEvent,
  RawMessageStreamEvent,
  StopReason as SdkStopReason,
  ToolResultBlockParam,
} from '@anthropic-ai/sdk/resources/messages/messages'
import type { ErrorType } from '@anthropic-ai/sdk/resources/shared'
import { expect, test } from 'vitest'
import { ownMessage } from '../../../src/gateway/protocols/messages/own-answer.ts'
import type {
  AnswerBlockType,
  DeltaType,
  EventType,
  RequestBlockType,
  StopReason,
  WireErrorType,
} from '../../../src/gateway/protocols/messages/wire.ts'
import {
  formOf,
  isDeltaType,
  isEventType,
  isKnownType,
  requestFormOf,
} from '../../../src/gateway/protocols/messages/wire.ts'

/** Literal true when both unions have the same members, else a type that true does not fit into. */
type Same<Left, Right> = [Exclude<Left, Right>, Exclude<Right, Left>] extends [never, never]
  ? true
  : { readonly missing: Exclude<Right, Left>; readonly unknown: Exclude<Left, Right> }

type Inner<T> = T extends { content?: infer Content } ? (Content extends readonly (infer Item)[] ? Item : never) : never

const SAME: readonly true[] = [
  true satisfies Same<EventType, (RawMessageStreamEvent | BetaRawMessageStreamEvent)['type'] | 'ping' | 'error'>,
  true satisfies Same<DeltaType, RawContentBlockDelta['type'] | BetaRawContentBlockDelta['type']>,
  true satisfies Same<AnswerBlockType, ContentBlock['type'] | BetaContentBlock['type']>,
  true satisfies Same<ContentBlock['type'], RawContentBlockStartEvent['content_block']['type']>,
  true satisfies Same<
    RequestBlockType,
    | ContentBlockParam['type']
    | BetaContentBlockParam['type']
    | Inner<ToolResultBlockParam | BetaToolResultBlockParam>['type']
  >,
  true satisfies Same<StopReason, SdkStopReason | BetaStopReason>,
  // A gateway has no memory of its own.
  true satisfies Same<WireErrorType, Exclude<ErrorType, `memory_${string}`>>,
  true satisfies Same<keyof typeof MESSAGE_KEYS, keyof Message>,
  true satisfies Same<keyof typeof USAGE_KEYS, keyof Message['usage']>,
  true satisfies Same<keyof typeof DELTA_KEYS, keyof RawMessageDeltaEvent['delta']>,
]

const MESSAGE_KEYS = {
  id: 0,
  type: 0,
  role: 0,
  model: 0,
  content: 0,
  stop_reason: 0,
  stop_sequence: 0,
  stop_details: 0,
  container: 0,
  diagnostics: 0,
  usage: 0,
}

const USAGE_KEYS = {
  input_tokens: 0,
  output_tokens: 0,
  output_tokens_details: 0,
  cache_creation: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  inference_geo: 0,
  server_tool_use: 0,
  service_tier: 0,
  speed: 0,
}

const DELTA_KEYS = { stop_reason: 0, stop_sequence: 0, stop_details: 0, container: 0 }

test('the lists have the members of the SDK’s unions', () => {
  expect(SAME.every((same) => same)).toBe(true)
})

test('a message of our own has every field', () => {
  const message = ownMessage({ id: 'x', created: 1, model: 'm' })
  expect(Object.keys(message).toSorted()).toEqual(Object.keys(MESSAGE_KEYS).toSorted())
  expect(Object.keys(message['usage'] as object).toSorted()).toEqual(Object.keys(USAGE_KEYS).toSorted())
})

test('names that every object has are no types', () => {
  for (const name of ['constructor', 'toString', '__proto__', '']) {
    expect([isEventType(name), isDeltaType(name), isKnownType(name)]).toEqual([false, false, false])
    expect([formOf(name), requestFormOf(name)]).toEqual(['whole', null])
  }
})
