/**
 * Guarded parts back to `chat.completion.chunk` objects. A part that came through as it was keeps the chunk it came in; any
 * other gets a chunk built from the last envelope, without log-probabilities, which would spell out what was there before.
 */
import type { JsonObject } from '../../../contract/index.ts'
import { asArray, isJsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import type { ToolCallHead, WireField } from './raw.ts'
import { isRefusalChoice, wireChoice, wireRaw } from './raw.ts'

export interface ChunkWriter {
  /** What is around the choices of a chunk built now. */
  readonly envelope: JsonObject
  write(part: StreamPart): readonly JsonObject[]
  /** The policy's own words for every choice that has not finished, of which there are `choices`. */
  refuse(text: string, choices: number): readonly JsonObject[]
}

interface OpenCall {
  readonly head: ToolCallHead
  sent: boolean
}

/** @param fallback envelope for an answer that has none of its own */
export function createChunkWriter(fallback: JsonObject): ChunkWriter {
  let envelope = fallback
  let reasoningKey = 'reasoning_content'
  const introduced = new Set<number>()
  const finished = new Set<number>()
  const calls = new Map<string, OpenCall>()

  const around = (): JsonObject => ({ ...envelope, object: 'chat.completion.chunk' })
  const chunkOf = (choice: JsonObject): JsonObject => ({ ...around(), choices: [choice] })
  const build = (index: number, delta: JsonObject, reason: string | null = null): JsonObject => {
    const role = introduced.has(index) ? {} : { role: 'assistant' }
    introduced.add(index)
    return chunkOf({ index, delta: { ...role, ...delta }, finish_reason: reason })
  }
  const handOn = (chunk: JsonObject): JsonObject => {
    for (const choice of asArray(chunk['choices'])) {
      if (isJsonObject(choice) && isJsonObject(choice['delta']) && choice['delta']['role'] !== undefined)
        introduced.add(indexOf(choice))
    }
    return chunk
  }
  const callHead = (index: number, call: string): readonly JsonObject[] => {
    const open = calls.get(`${index} ${call}`)
    if (open === undefined || open.sent) return []
    open.sent = true
    return [build(index, headDelta(call, open.head))]
  }

  const write = (part: StreamPart): readonly JsonObject[] => {
    const raw = wireRaw(part)
    const own = part.choice ?? 0
    const index = wireChoice(own)
    const same = raw?.kind === 'chunk' && holds(raw.chunk, part) ? raw.chunk : null
    switch (part.type) {
      case 'other':
        if (raw?.kind === 'chunk') return [handOn(raw.chunk)]
        if (raw?.kind === 'envelope') {
          envelope = raw.envelope
          reasoningKey = raw.reasoningKey ?? reasoningKey
        } else if (raw?.kind === 'tool-call') calls.set(`${raw.choice} ${raw.call}`, { head: raw.head, sent: false })
        return []
      case 'text':
        if (same !== null) return [handOn(same)]
        return part.text === ''
          ? []
          : [build(index, isRefusalChoice(own) ? { refusal: part.text } : { content: part.text })]
      case 'reasoning':
        if (same !== null) return [handOn(same)]
        return part.text === '' ? [] : [build(index, { [reasoningKey]: part.text })]
      case 'tool-input': {
        const head = callHead(index, part.call)
        if (same !== null) return [...head, handOn(same)]
        const form = calls.get(`${index} ${part.call}`)?.head.form ?? 'function'
        return part.text === '' ? head : [...head, build(index, inputDelta(part.call, form, part.text))]
      }
      case 'file':
        return raw?.kind === 'field' ? fieldChunks(raw.field, part.data, index, chunkOf, build) : []
      case 'finish': {
        // The end of the refusal text alone is not the end of its choice, unless the policy ended it there.
        if (isRefusalChoice(own) && (part.reason !== 'content_filter' || finished.has(index))) return []
        finished.add(index)
        const open = [...calls.keys()].filter((key) => key.startsWith(`${index} `))
        const heads = open.flatMap((key) => callHead(index, key.slice(key.indexOf(' ') + 1)))
        return [...heads, same === null ? build(index, {}, part.reason) : handOn(same)]
      }
      default:
        return part satisfies never
    }
  }

  return {
    get envelope() {
      return around()
    },
    write,
    refuse: (text, choices) =>
      Array.from({ length: choices }, (_, index) => index)
        .filter((index) => !finished.has(index))
        .flatMap((index) => [build(index, { content: text }), build(index, {}, 'content_filter')]),
  }
}

function indexOf(choice: JsonObject): number {
  return typeof choice['index'] === 'number' ? choice['index'] : 0
}

/** Whether a chunk says exactly what the part says. */
function holds(chunk: JsonObject, part: StreamPart): boolean {
  const [choice, ...more] = asArray(chunk['choices'])
  if (!isJsonObject(choice) || more.length > 0 || indexOf(choice) !== wireChoice(part.choice ?? 0)) return false
  const delta = isJsonObject(choice['delta']) ? choice['delta'] : {}
  if (delta['role'] !== undefined && delta['role'] !== null && delta['role'] !== 'assistant') return false
  switch (part.type) {
    case 'text':
      return delta[isRefusalChoice(part.choice ?? 0) ? 'refusal' : 'content'] === part.text
    case 'reasoning':
      return (delta['reasoning_content'] ?? delta['reasoning']) === part.text
    case 'tool-input':
      return callInput(delta, part.call) === part.text
    case 'finish':
      return choice['finish_reason'] === part.reason
    case 'file':
    case 'other':
      return false
    default:
      return part satisfies never
  }
}

function callInput(delta: JsonObject, call: string): unknown {
  if (call === 'function_call')
    return isJsonObject(delta['function_call']) ? delta['function_call']['arguments'] : undefined
  const [entry, ...more] = asArray(delta['tool_calls'])
  if (!isJsonObject(entry) || more.length > 0) return undefined
  if (isJsonObject(entry['custom'])) return entry['custom']['input']
  return isJsonObject(entry['function']) ? entry['function']['arguments'] : undefined
}

function headDelta(call: string, head: ToolCallHead): JsonObject {
  switch (head.form) {
    case 'function':
      return {
        tool_calls: [
          { index: Number(call), id: head.id, type: 'function', function: { name: head.name, arguments: '' } },
        ],
      }
    case 'custom':
      return {
        tool_calls: [{ index: Number(call), id: head.id, type: 'custom', custom: { name: head.name, input: '' } }],
      }
    case 'legacy':
      return { function_call: { name: head.name, arguments: '' } }
    default:
      return head.form satisfies never
  }
}

function inputDelta(call: string, form: ToolCallHead['form'], text: string): JsonObject {
  if (form === 'legacy') return { function_call: { arguments: text } }
  const index = Number(call)
  return {
    tool_calls: [form === 'custom' ? { index, custom: { input: text } } : { index, function: { arguments: text } }],
  }
}

function fieldChunks(
  field: WireField,
  data: string,
  index: number,
  chunkOf: (choice: JsonObject) => JsonObject,
  build: (index: number, delta: JsonObject) => JsonObject,
): readonly JsonObject[] {
  const value = fieldValue(field, data)
  if (value === undefined) return []
  const holder = field.path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as JsonObject
  switch (field.scope) {
    case 'body':
      return [build(index, holder)]
    case 'choice':
      return [chunkOf({ index, delta: {}, finish_reason: null, ...holder })]
    case 'chunk':
      return [{ ...chunkOf({}), choices: [], ...holder }]
    default:
      return field.scope satisfies never
  }
}

/** The value of a field after judging; undefined when what is left of it is no JSON. */
export function fieldValue(field: WireField, data: string): unknown {
  if (field.plain) return data
  try {
    return JSON.parse(data) as unknown
  } catch {
    return undefined
  }
}
