/**
 * Tokens of an answer that has no wire format of its own, as its parts tell them, and how OpenAI's interfaces write them. Answers with a
 * wire format carry theirs in it.
 */
import type { JsonObject } from '../../contract/index.ts'
import { isJsonObject } from '../../contract/index.ts'
import type { CompletionUsage, StreamPart } from '../../spec/index.ts'

/** Adds up what the ends of choices say; a choice that is answered again counts once. */
export class OwnUsage {
  readonly #choices = new Map<number, CompletionUsage>()

  take(part: StreamPart): void {
    if (part.type === 'finish' && part.raw === undefined && part.usage !== undefined)
      this.#choices.set(part.choice ?? 0, part.usage)
  }

  /** Whether anything was told. */
  get known(): boolean {
    return this.#choices.size > 0
  }

  /** Zero where nothing was told. */
  get counts(): { readonly prompt: number; readonly completion: number } {
    const all = [...this.#choices.values()]
    return {
      prompt: all.reduce((sum, { promptTokens }) => sum + promptTokens, 0),
      completion: all.reduce((sum, { completionTokens }) => sum + completionTokens, 0),
    }
  }
}

/** As chat completions and completions write it. */
export function completionsUsage({ counts: { prompt, completion } }: OwnUsage): JsonObject {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}

/** Whether a client asks for the tokens of a stream. */
export function asksUsage({ stream_options: options }: JsonObject): boolean {
  return isJsonObject(options) && options['include_usage'] === true
}

/** The last chunk of a stream whose client asked for usage; none where nothing was told. */
export function usageChunks(own: JsonObject, usage: OwnUsage, object: string): readonly JsonObject[] {
  return usage.known ? [{ ...own, object, choices: [], usage: completionsUsage(usage) }] : []
}
