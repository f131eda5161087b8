/**
 * Guarded parts back to the chunks of a streamed completion. A part that came through as it was keeps the chunk it came in; any other
 * is written into its chunk without log-probabilities, which would spell out what was there before.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { asArray, isJsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'
import { OwnUsage, usageChunks } from '../own-usage.ts'
import type { EventWriter } from '../protocol.ts'
import { dataEvent } from '../protocol.ts'
import type { Alternatives, WireField } from './raw.ts'
import { completionRaw, judgedField } from './raw.ts'

const DONE_EVENT = 'data: [DONE]\n\n'

/**
 * @param own id, time and model for an answer that has none of its own
 * @param count choices asked for, over all prompts
 * @param usage the client asked for a last chunk with the tokens
 */
export function createEventWriter(own: JsonObject, count: number, usage: boolean): EventWriter {
  let envelope: JsonObject = { ...own, object: 'text_completion' }
  const finished = new Set<number>()
  /** The last words of each choice that are no model server's. */
  const words = new Map<number, string>()
  /** Came through as they were, and may stand beside their words. */
  const judged = new WeakSet<Alternatives>()
  let refusal: string | null = null
  const told = new OwnUsage()

  const handOn = (chunk: JsonObject): JsonObject => {
    const whole = { ...own, ...chunk }
    const { choices: _choices, usage: _usage, ...rest } = whole
    envelope = rest
    return whole
  }
  const build = (index: number, text: string, reason: string | null = null): JsonObject => ({
    ...envelope,
    choices: [{ index, text, logprobs: null, finish_reason: reason }],
  })
  const judgedOf = (alternatives: Alternatives | undefined): JsonValue | undefined =>
    alternatives !== undefined && judged.has(alternatives) ? alternatives.value : undefined
  const finish = (index: number, chunk: JsonObject): JsonObject => {
    finished.add(index)
    return chunk
  }

  const write = (part: StreamPart): JsonObject | null => {
    const raw = completionRaw(part)
    const index = part.choice ?? 0
    switch (part.type) {
      case 'other':
        return raw?.kind === 'chunk' ? handOn(raw.chunk) : null
      case 'text':
        if (part.text === '') return null
        if (raw?.kind !== 'chunk') {
          words.set(index, part.text)
          return build(index, part.text)
        }
        return handOn(withText(raw.chunk, part.text, judgedOf(raw.alternatives)))
      case 'file':
        if (raw?.kind === 'alternatives' && raw.data === part.data) judged.add(raw)
        return raw?.kind === 'field' ? fieldChunk({ ...own, ...raw.envelope }, raw.field, part.data, index) : null
      case 'finish':
        if (raw?.kind === 'chunk' && firstChoice(raw.chunk)['finish_reason'] === part.reason)
          return finish(index, handOn(raw.chunk))
        if (raw === null && part.reason === 'content_filter') refusal = words.get(index) ?? null
        return finish(index, build(index, '', part.reason))
      case 'reasoning':
      case 'tool-input':
        // This interface has no place for them.
        return null
      default:
        return part satisfies never
    }
  }

  /** The same words for every choice that has not ended: who asked for several prompts waits for an answer to each. */
  const refuseRest = (text: string): string =>
    Array.from({ length: count }, (_, index) => index)
      .filter((index) => !finished.has(index))
      .flatMap((index) => [build(index, text), finish(index, build(index, '', 'content_filter'))])
      .map(dataEvent)
      .join('')

  return {
    write(part) {
      told.take(part)
      const chunk = write(part)
      return chunk === null ? '' : dataEvent(chunk)
    },
    refuse: (text) => refuseRest(text) + DONE_EVENT,
    error: dataEvent,
    end: () =>
      (refusal === null ? '' : refuseRest(refusal.trimStart())) +
      (usage ? usageChunks(envelope, told).map(dataEvent).join('') : '') +
      DONE_EVENT,
  }
}

/** A field nobody here knows, in a chunk of its own. What has a meaning here wins over what came under an odd name. */
function fieldChunk(around: JsonObject, field: WireField, data: string, index: number): JsonObject {
  const value = judgedField(field, data)
  if (field.scope === 'answer') return { ...value, ...around, choices: [] }
  return { ...around, choices: [{ ...value, index, text: '', logprobs: null, finish_reason: null }] }
}

function withText(chunk: JsonObject, text: string, likely: JsonValue | undefined): JsonObject {
  const choice = firstChoice(chunk)
  const { logprobs } = choice
  const same = choice['text'] === text
  if (same && likely === undefined) return chunk
  const beside =
    same && isJsonObject(logprobs) ? { ...logprobs, ...(likely === undefined ? {} : { top_logprobs: likely }) } : null
  return { ...chunk, choices: [{ ...choice, text, ...('logprobs' in choice ? { logprobs: beside } : {}) }] }
}

function firstChoice(chunk: JsonObject): JsonObject {
  const [choice] = asArray(chunk['choices'])
  return isJsonObject(choice) ? choice : {}
}
