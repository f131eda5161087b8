/** What a part carries of the completions wire format, so that neither the pipeline nor a second attempt has to keep state. */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/index.ts'
import type { StreamPart } from '../../../spec/index.ts'

export type CompletionRaw =
  /** A chunk that says what the part says and nothing else, and the alternatives that stand beside these words. */
  | { readonly kind: 'chunk'; readonly chunk: JsonObject; readonly alternatives?: Alternatives }
  | Alternatives
  /** A field nobody here knows. `envelope` is what was around it. */
  | { readonly kind: 'field'; readonly field: WireField; readonly envelope: JsonObject }
  /** A whole answer; its contents follow as parts. */
  | { readonly kind: 'whole'; readonly answer: JsonObject }

/** Likely tokens that were not taken (`top_logprobs`), and their JSON, which is what was judged. */
export interface Alternatives {
  readonly kind: 'alternatives'
  readonly value: JsonValue
  readonly data: string
}

/** Where a field stands that nobody here knows. */
export interface WireField {
  readonly scope: 'answer' | 'choice'
  readonly key: string
  /** What was judged: the value when it is a string, its JSON, or the JSON of key and value when the key may be words too. */
  readonly form: 'text' | 'json' | 'entry'
}

const KINDS: readonly unknown[] = ['chunk', 'alternatives', 'field', 'whole'] satisfies CompletionRaw['kind'][]

/** Reads a part's `raw`; null when it has none, as the parts of an upstream without a wire format. */
export function completionRaw({ raw }: StreamPart): CompletionRaw | null {
  if (typeof raw !== 'object' || raw === null || !('kind' in raw) || !KINDS.includes(raw.kind)) return null
  return raw as CompletionRaw
}

/** The field after judging, as an object with one key; with none when what is left of it is no JSON. */
export function judgedField({ key, form }: WireField, data: string): JsonObject {
  if (form === 'text') return { [key]: data }
  try {
    const value = JSON.parse(data) as JsonValue
    return form === 'json' ? { [key]: value } : isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}
