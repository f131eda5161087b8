/**
 * Tokens as OpenAI's interfaces write them: read from a wire object, and more of them added to one. The interfaces differ in the names of
 * the counts and in where in an answer they stand; a protocol says both. What is no count is not told.
 */
import type { JsonObject, JsonValue } from '../../contract/index.ts'
import { isJsonObject } from '../../contract/index.ts'
import type { RawUsage } from '../../core/stream/index.ts'
import type { CompletionUsage, StreamPart } from '../../spec/index.ts'

export interface UsageNames {
  readonly prompt: string
  readonly completion: string
  /** Holds `cached_tokens`, which are among those of the prompt. */
  readonly promptDetails: string
}

export const COMPLETIONS_NAMES: UsageNames = {
  prompt: 'prompt_tokens',
  completion: 'completion_tokens',
  promptDetails: 'prompt_tokens_details',
}

export const RESPONSES_NAMES: UsageNames = {
  prompt: 'input_tokens',
  completion: 'output_tokens',
  promptDetails: 'input_tokens_details',
}

/** A count of tokens; null for anything else. */
export function tokenCount(value: JsonValue | undefined): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

/** Null where nothing is told. */
export function readUsage(usage: JsonValue | undefined, names: UsageNames): CompletionUsage | null {
  if (!isJsonObject(usage)) return null
  const [prompt, completion] = [tokenCount(usage[names.prompt]), tokenCount(usage[names.completion])]
  if (prompt === null && completion === null) return null
  const details = usage[names.promptDetails]
  const cached = isJsonObject(details) ? tokenCount(details['cached_tokens']) : null
  return {
    promptTokens: prompt ?? 0,
    ...(cached === null ? {} : { cachedTokens: cached }),
    completionTokens: completion ?? 0,
  }
}

/** The object with more tokens. What else it tells stays as it is, for the call that it was told of. */
export function addUsage(usage: JsonObject, more: CompletionUsage, names: UsageNames): JsonObject {
  const { promptTokens, completionTokens, cachedTokens } = more
  const told = readUsage(usage, names) ?? { promptTokens: 0, completionTokens: 0 }
  const total = tokenCount(usage['total_tokens']) ?? told.promptTokens + told.completionTokens
  const details = usage[names.promptDetails]
  const cached =
    cachedTokens === undefined
      ? {}
      : {
          [names.promptDetails]: {
            ...(isJsonObject(details) ? details : {}),
            cached_tokens: cachedTokens + (told.cachedTokens ?? 0),
          },
        }
  return {
    ...usage,
    [names.prompt]: told.promptTokens + promptTokens,
    [names.completion]: told.completionTokens + completionTokens,
    total_tokens: total + promptTokens + completionTokens,
    ...cached,
  }
}

/** Where a part tells an answer's tokens. */
export interface UsagePlace {
  readonly usage: JsonValue | undefined
  /** What an answer's counts are begun with here where there are none; null where they would come elsewhere. */
  readonly begun: JsonObject | null
  /** The part's `raw` with other counts. */
  write(usage: JsonObject): unknown
}

/** @param placeIn null for a part that has no place for counts */
export function rawUsage(placeIn: (part: StreamPart) => UsagePlace | null, names: UsageNames): RawUsage {
  return {
    read: (part, before) => readUsage(placeIn(part)?.usage, names) ?? before,
    add(part, more) {
      const place = placeIn(part)
      if (place === null) return part
      const usage = isJsonObject(place.usage) ? place.usage : place.begun
      return usage === null ? part : { ...part, raw: place.write(addUsage(usage, more, names)) }
    },
  }
}
