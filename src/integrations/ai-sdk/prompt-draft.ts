/**
 * The workbench of `prompt.ts`: what one message for the guards consists of, where each of its texts came from, and how a modified
 * text is put back there.
 */
import type { MediaPart, Message, Role, TextPart, ToolCall } from '../../spec/index.ts'
import { isToken, wordsOf } from '../conversation/words.ts'

/** A message of the prompt that is being rewritten: a copy of its own, its parts still shared. */
export interface Draft {
  content: unknown
  providerOptions?: unknown
}

/** Puts a modified text back. */
export type Write = (draft: Draft, text: string) => void

/** A message for the guards, and the way back. */
export interface Entry {
  /** Which message of the prompt. */
  readonly source: number
  readonly message: Message
  /**
   * One per content part, in order; one entry when the content is a plain string. For a medium it puts a text in its place; null
   * where there is nothing a guard could look at.
   */
  readonly contentWrites: readonly (Write | null)[]
  readonly callWrites: readonly Write[]
}

/** Collects what one message for the guards consists of. */
export class Draughtsman {
  readonly #role: Role
  readonly #source: number
  readonly #toolCallId: string | undefined
  readonly #parts: (TextPart | MediaPart)[] = []
  readonly #writes: (Write | null)[] = []
  readonly #calls: ToolCall[] = []
  readonly #callWrites: Write[] = []

  constructor(role: Role, source: number, toolCallId?: string) {
    this.#role = role
    this.#source = source
    this.#toolCallId = toolCallId
  }

  text(text: string, write: Write): void {
    if (text === '') return
    this.#parts.push({ type: 'text', text })
    this.#writes.push(write)
  }

  /** An id or a name: judged when it is more than that. */
  name(text: string | undefined, write: Write): void {
    if (text !== undefined && !isToken(text)) this.text(text, write)
  }

  /** @param replace puts the text in its place that stands for a medium a guard removed */
  medium(part: MediaPart, replace: Write | null = null): void {
    this.#parts.push(part)
    this.#writes.push(replace)
  }

  call(call: ToolCall, write: Write): void {
    this.#calls.push(call)
    this.#callWrites.push(write)
  }

  /** A value beside the content: judged when it says something, dropped when that was modified. */
  aside(value: unknown, drop: (draft: Draft) => void): void {
    const { text, readable } = wordsOf(value)
    if (!readable) this.medium(unreadable())
    else this.text(text, drop)
  }

  /** Null when there is nothing to judge. */
  entry(): Entry {
    const [only, ...more] = this.#parts
    const plain = only === undefined ? '' : more.length === 0 && only.type === 'text' ? only.text : null
    const message: Message = {
      role: this.#role,
      content: plain ?? this.#parts,
      ...(this.#calls.length === 0 ? {} : { toolCalls: this.#calls }),
      ...(this.#toolCallId === undefined ? {} : { toolCallId: this.#toolCallId }),
    }
    return { source: this.#source, message, contentWrites: this.#writes, callWrites: this.#callWrites }
  }
}

export function unreadable(): MediaPart {
  return { type: 'media', mediaType: 'application/octet-stream', source: '' }
}

/** Replaces fields of one part; `undefined` takes a field away. */
export function change(draft: Draft, index: number, fields: Readonly<Record<string, unknown>>): void {
  const content = draft.content as unknown[]
  const next: Record<string, unknown> = { ...(content[index] as object), ...fields }
  for (const [key, value] of Object.entries(fields)) if (value === undefined) delete next[key]
  content[index] = next
}
