/**
 * Tokens that parts tell themselves, since no wire format carries them: of an answer that has none, or whose wire format was left out by a
 * router. And how OpenAI's interfaces from before Responses write them.
 */
import type { JsonObject } from '../../contract/index.ts'
import { isJsonObject } from '../../contract/index.ts'
import { sumUsage } from '../../core/stream/index.ts'
import type { CompletionUsage, StreamPart } from '../../spec/index.ts'
import { addUsage, COMPLETIONS_NAMES } from './wire-usage.ts'

/** Adds up what the ends of choices say and what is told beside them; a choice that is answered again counts once. */
export class OwnUsage {
  readonly #choices = new Map<number, CompletionUsage>()
  #beside: CompletionUsage | null = null

  take(part: StreamPart): void {
    if (part.raw !== undefined) return
    if (part.type === 'finish' && part.usage !== undefined) this.#choices.set(part.choice ?? 0, part.usage)
    if (part.type === 'other' && part.usage !== undefined) this.#beside = part.usage
  }

  /** Null where nothing was told. */
  get told(): CompletionUsage | null {
    return sumUsage(...this.#choices.values(), this.#beside)
  }
}

/** As chat completions and completions write it; nothing where nothing was told. */
export function completionsUsage({ told }: OwnUsage): { readonly usage?: JsonObject } {
  return told === null ? {} : { usage: addUsage({}, told, COMPLETIONS_NAMES) }
}

/** The same for an answer in the policy's words, which no model has used a token for where nothing was told. */
export function refusalUsage({ told }: OwnUsage): { readonly usage: JsonObject } {
  return { usage: addUsage({}, told ?? { promptTokens: 0, completionTokens: 0 }, COMPLETIONS_NAMES) }
}

/** Whether a client asks for the tokens of a stream. */
export function asksUsage({ stream_options: options }: JsonObject): boolean {
  return isJsonObject(options) && options['include_usage'] === true
}

/** The last chunk of a stream whose client asked for usage; none where nothing was told. */
export function usageChunks(envelope: JsonObject, usage: OwnUsage): readonly JsonObject[] {
  return usage.told === null ? [] : [{ ...envelope, choices: [], ...completionsUsage(usage) }]
}
