/**
 * Tokens in Anthropic's messages. They are told when a message begins and again, added up so far, when it ends. Tokens of a prompt that
 * were read from a cache or written to one stand beside `input_tokens`, not among them; the neutral form knows only those that were read.
 */
import type { JsonObject } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/index.ts'
import type { RawUsage } from '../../../core/stream/index.ts'
import type { CompletionUsage, StreamPart } from '../../../spec/index.ts'
import { tokenCount } from '../wire-usage.ts'
import type { WireRaw } from './raw.ts'
import { wireRaw } from './raw.ts'

export const MESSAGES_USAGE: RawUsage = {
  read(part, before) {
    const usage = placeIn(part)?.usage
    if (!isJsonObject(usage)) return before
    const [input, output] = [tokenCount(usage['input_tokens']), tokenCount(usage['output_tokens'])]
    if (input === null && output === null) return before
    const completionTokens = output ?? before?.completionTokens ?? 0
    if (input === null) return { promptTokens: 0, ...before, completionTokens }
    const read = tokenCount(usage['cache_read_input_tokens'])
    const written = tokenCount(usage['cache_creation_input_tokens']) ?? 0
    return {
      promptTokens: input + (read ?? 0) + written,
      ...(read === null ? {} : { cachedTokens: read }),
      completionTokens,
    }
  },
  add(part, more) {
    const place = placeIn(part)
    if (place === null) return part
    const given = isJsonObject(place.usage) ? place.usage : null
    if (given === null && !place.begins) return part
    const counts = messageUsage(more)
    // The end tells again only some of the counts.
    const told = Object.keys(counts).filter((name) => place.begins || tokenCount(given?.[name]) !== null)
    const added = told.map((name) => [name, (tokenCount(given?.[name]) ?? 0) + (counts[name] ?? 0)])
    return { ...part, raw: place.write({ ...given, ...(Object.fromEntries(added) as JsonObject) }) }
  },
}

/** Tokens in this interface's words. */
export function messageUsage({
  promptTokens,
  cachedTokens,
  completionTokens,
}: CompletionUsage): Readonly<Record<string, number>> {
  return {
    input_tokens: Math.max(0, promptTokens - (cachedTokens ?? 0)),
    output_tokens: completionTokens,
    ...(cachedTokens === undefined ? {} : { cache_read_input_tokens: cachedTokens }),
  }
}

interface UsagePlace {
  readonly usage: unknown
  readonly begins: boolean
  write(usage: JsonObject): WireRaw
}

function placeIn(part: StreamPart): UsagePlace | null {
  const raw = wireRaw(part)
  if (raw?.kind === 'closing') {
    const { event } = raw
    return { usage: event['usage'], begins: false, write: (usage) => ({ ...raw, event: { ...event, usage } }) }
  }
  if (raw?.kind !== 'message') return null
  const { event } = raw
  const { message } = event
  if (!isJsonObject(message)) return null
  return {
    ...{ usage: message['usage'], begins: true },
    write: (usage) => ({ ...raw, event: { ...event, message: { ...message, usage } } }),
  }
}
