/**
 * Answers that the model server had no part in making: the policy's own words, and those of upstreams without this wire format.
 * Items are built piece by piece, with the events that tell of them; sequence numbers are given by whoever sends them.
 */
import type { JsonObject } from '../../../contract/index.ts'
import type { OwnUsage } from '../own-usage.ts'
import type { Envelope } from '../protocol.ts'
import { addUsage, RESPONSES_NAMES } from '../wire-usage.ts'

/** Fields of a request that its response repeats. */
const REPEATED = [
  'background',
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'metadata',
  'parallel_tool_calls',
  'previous_response_id',
  'prompt',
  'prompt_cache_key',
  'reasoning',
  'safety_identifier',
  'service_tier',
  'store',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
] as const

/** Fields that every response has. */
const DEFAULTS: JsonObject = {
  instructions: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  temperature: null,
  tool_choice: 'auto',
  tools: [],
  top_p: null,
}

/** Counts before anything is counted: all of them are required where there are any. */
export const NO_USAGE: JsonObject = {
  input_tokens: 0,
  input_tokens_details: { cache_write_tokens: 0, cached_tokens: 0 },
  output_tokens: 0,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 0,
}

/** A response that has just begun. @param request the client's own */
export function beginResponse({ id, created, model }: Envelope, request: JsonObject): JsonObject {
  const repeated = Object.fromEntries(
    REPEATED.flatMap((key) => (request[key] === undefined || request[key] === null ? [] : [[key, request[key]]])),
  )
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: created,
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    model,
    output: [],
    ...DEFAULTS,
    ...repeated,
    usage: null,
  }
}

function ownUsage(own: OwnUsage | undefined): JsonObject | null {
  const told = own?.told ?? null
  return told === null ? null : addUsage(NO_USAGE, told, RESPONSES_NAMES)
}

/** Why an answer is not complete; null when it is. */
export type Shortfall = 'content_filter' | 'max_output_tokens' | null

/**
 * The response at its end. It says nothing of tokens where nobody told any, unless it is in the policy's words alone.
 * @param told tokens of an answer without this wire format
 */
export function endResponse(
  begun: JsonObject,
  output: readonly JsonObject[],
  shortfall: Shortfall,
  told?: OwnUsage,
): JsonObject {
  const { output_text: _text, usage: before, ...rest } = begun
  const usage = ownUsage(told) ?? before ?? (shortfall === 'content_filter' ? NO_USAGE : undefined)
  return {
    ...rest,
    status: shortfall === null ? 'completed' : 'incomplete',
    incomplete_details: shortfall === null ? null : { reason: shortfall },
    output,
    ...(usage === undefined ? {} : { usage }),
  }
}

type OwnKind = 'message' | 'reasoning' | 'function_call'

interface OwnItem {
  readonly kind: OwnKind
  readonly choice: number
  readonly index: number
  readonly id: string
  /** Of a tool call. */
  readonly call: { readonly call_id: string; readonly name: string }
  text: string
  open: boolean
}

/** Items of an answer in the making. Every method returns the events that tell of what it did. */
export class OwnItems {
  readonly #id: string
  readonly #first: number
  readonly #items = new Map<string, OwnItem>()
  readonly #refusals = new Set<OwnItem>()

  /** @param first output index of the first item */
  constructor(id: string, first: number) {
    this.#id = id
    this.#first = first
  }

  text(choice: number, text: string): readonly JsonObject[] {
    return this.#grow(`${choice}:text`, 'message', choice, text)
  }

  reasoning(choice: number, text: string): readonly JsonObject[] {
    return this.#grow(`${choice}:reasoning`, 'reasoning', choice, text)
  }

  toolInput(choice: number, call: string, name: string, text: string): readonly JsonObject[] {
    return this.#grow(`${choice}:tool:${call}`, 'function_call', choice, text, { call_id: call, name })
  }

  /** Ends the items of a choice, or all. */
  close(choice?: number): readonly JsonObject[] {
    return [...this.#items.values()]
      .filter((item) => item.open && (choice === undefined || item.choice === choice))
      .flatMap((item) => {
        item.open = false
        return closingEvents(item)
      })
  }

  /** A refusal in these words, as an item of its own. */
  refusal(words: string): readonly JsonObject[] {
    const item = this.#add('refusal', 'message', 0)
    item.open = false
    item.text = words
    this.#refusals.add(item)
    const at = { item_id: item.id, output_index: item.index, content_index: 0 }
    const part = { type: 'refusal', refusal: words }
    return [
      { type: 'response.output_item.added', output_index: item.index, item: messageItem(item, 'in_progress', []) },
      { type: 'response.content_part.added', ...at, part: { type: 'refusal', refusal: '' } },
      { type: 'response.refusal.delta', ...at, delta: words },
      { type: 'response.refusal.done', ...at, refusal: words },
      { type: 'response.content_part.done', ...at, part },
      { type: 'response.output_item.done', output_index: item.index, item: messageItem(item, 'completed', [part]) },
    ]
  }

  get size(): number {
    return this.#items.size
  }

  /** The items that are complete. */
  get output(): readonly JsonObject[] {
    return [...this.#items.values()]
      .filter(({ open }) => !open)
      .map((item) =>
        this.#refusals.has(item)
          ? messageItem(item, 'completed', [{ type: 'refusal', refusal: item.text }])
          : wholeItem(item, 'completed'),
      )
  }

  #grow(
    key: string,
    kind: OwnKind,
    choice: number,
    text: string,
    call: OwnItem['call'] = { call_id: '', name: '' },
  ): readonly JsonObject[] {
    const known = this.#items.get(key)
    // A closed item is complete; what comes after it is another.
    if (known !== undefined && !known.open) return this.#grow(`${key}+`, kind, choice, text, call)
    const item = known ?? this.#add(key, kind, choice, call)
    const opening = known === undefined ? openingEvents(item) : []
    item.text += text
    return text === '' ? opening : [...opening, deltaEvent(item, text)]
  }

  #add(key: string, kind: OwnKind, choice: number, call: OwnItem['call'] = { call_id: '', name: '' }): OwnItem {
    const index = this.#first + this.#items.size
    const id = `${ID_PREFIX[kind]}_${this.#id}${index}`
    const given = call.call_id === '' ? id : call.call_id
    const item: OwnItem = {
      kind,
      choice,
      index,
      id,
      call: { call_id: /^[\w.:-]{4,128}$/.test(given) ? given : `call_${this.#id}${index}`, name: call.name },
      text: '',
      open: true,
    }
    this.#items.set(key, item)
    return item
  }
}

const ID_PREFIX: Readonly<Record<OwnKind, string>> = { message: 'msg', reasoning: 'rs', function_call: 'fc' }

function messageItem(item: OwnItem, status: string, content: readonly JsonObject[]): JsonObject {
  return { id: item.id, type: 'message', status, role: 'assistant', content }
}

function partOf(item: OwnItem, text: string): JsonObject {
  return item.kind === 'reasoning'
    ? { type: 'reasoning_text', text }
    : { type: 'output_text', text, annotations: [], logprobs: [] }
}

function wholeItem(item: OwnItem, status: string): JsonObject {
  const parts = status === 'in_progress' ? [] : [partOf(item, item.text)]
  switch (item.kind) {
    case 'message':
      return messageItem(item, status, parts)
    case 'reasoning':
      return { id: item.id, type: 'reasoning', status, summary: [], content: parts }
    case 'function_call':
      return {
        id: item.id,
        type: 'function_call',
        status,
        ...item.call,
        arguments: status === 'in_progress' ? '' : item.text,
      }
    default:
      return item.kind satisfies never
  }
}

function openingEvents(item: OwnItem): readonly JsonObject[] {
  const added = {
    type: 'response.output_item.added',
    output_index: item.index,
    item: wholeItem(item, 'in_progress'),
  }
  if (item.kind === 'function_call') return [added]
  return [added, { type: 'response.content_part.added', ...placeOf(item), part: partOf(item, '') }]
}

function placeOf(item: OwnItem): JsonObject {
  return { item_id: item.id, output_index: item.index, ...(item.kind === 'function_call' ? {} : { content_index: 0 }) }
}

function deltaEvent(item: OwnItem, delta: string): JsonObject {
  switch (item.kind) {
    case 'message':
      return { type: 'response.output_text.delta', ...placeOf(item), delta, logprobs: [] }
    case 'reasoning':
      return { type: 'response.reasoning_text.delta', ...placeOf(item), delta }
    case 'function_call':
      return { type: 'response.function_call_arguments.delta', ...placeOf(item), delta }
    default:
      return item.kind satisfies never
  }
}

function closingEvents(item: OwnItem): readonly JsonObject[] {
  const done = {
    type: 'response.output_item.done',
    output_index: item.index,
    item: wholeItem(item, 'completed'),
  }
  const { text } = item
  switch (item.kind) {
    case 'message':
      return [
        { type: 'response.output_text.done', ...placeOf(item), text, logprobs: [] },
        { type: 'response.content_part.done', ...placeOf(item), part: partOf(item, text) },
        done,
      ]
    case 'reasoning':
      return [
        { type: 'response.reasoning_text.done', ...placeOf(item), text },
        { type: 'response.content_part.done', ...placeOf(item), part: partOf(item, text) },
        done,
      ]
    case 'function_call':
      return [
        { type: 'response.function_call_arguments.done', ...placeOf(item), name: item.call.name, arguments: text },
        done,
      ]
    default:
      return item.kind satisfies never
  }
}
