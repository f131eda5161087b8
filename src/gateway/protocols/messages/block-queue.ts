/**
 * Puts the events of content blocks into the order of the blocks. What a block holds leaves its channels when it has been
 * judged, which may be before the end of the block in front of it; it waits here until that one is complete.
 *
 * A block begins with the first thing in it that may be shown, so one that is left out leaves no trace, and the numbers sent have
 * no gaps.
 */
import type { JsonObject } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/index.ts'
import type { Seal } from './raw.ts'
import { MODIFIED_SIGNATURE } from './raw.ts'

/** A content block on its way out. */
export interface OutBlock {
  /** Its number in the model's answer; null for one of our own. */
  readonly source: number | null
  readonly head: JsonObject
  readonly isText: boolean
  /** Its `content_block_start`, when it came as one. */
  readonly event: JsonObject | null
  waiting: JsonObject[]
  /** Its number on the wire, once it has begun. */
  sent: number | null
  closed: boolean
  omitted: boolean
  stop: JsonObject | null
  seal: Seal | null
  /** Of thinking: what was shown of it. */
  thinking: string
}

export class BlockQueue {
  #blocks: OutBlock[] = []
  #bySource = new Map<number, OutBlock>()
  /** The first block that has not been sent to its end. */
  #head = 0
  #sent = 0

  /** The block with this number, unless it was never begun. */
  find(source: number): OutBlock | undefined {
    return this.#bySource.get(source)
  }

  add(source: number | null, head: JsonObject, event: JsonObject | null): OutBlock {
    const block: OutBlock = {
      source,
      head,
      isText: head['type'] === 'text',
      event,
      waiting: [],
      sent: null,
      closed: false,
      omitted: false,
      stop: null,
      seal: null,
      thinking: '',
    }
    this.#blocks.push(block)
    if (source !== null) this.#bySource.set(source, block)
    return block
  }

  /** A block of our own behind another, or behind what is being sent. */
  addBehind(other: OutBlock | null, head: JsonObject): OutBlock {
    const block = this.add(null, head, null)
    this.#blocks.pop()
    const busy = this.#blocks[this.#head]?.sent === null ? 0 : 1
    const behind = other === null ? 0 : this.#blocks.indexOf(other) + 1
    this.#blocks.splice(Math.max(behind, this.#head + busy), 0, block)
    return block
  }

  /** Texts are released in order: what comes after says that those before it are complete. */
  closeTexts(before: OutBlock | null): void {
    for (let at = this.#head; at < this.#blocks.length; at += 1) {
      const block = this.#blocks[at]
      if (block === undefined || block === before) return
      if (block.isText) block.closed = true
    }
  }

  closeAll(): void {
    for (const block of this.#blocks.slice(this.#head)) block.closed = true
  }

  /** Ends the model's answer where it is: what of it has not begun is left out, what has begun ends. */
  abandon(): void {
    for (const block of this.#blocks.slice(this.#head)) {
      block.closed = true
      block.seal = null
      if (block.source === null) continue
      // Text has been judged and stands before what comes instead; half a call, or thinking out of turn, would be in its way.
      if (!block.isText) block.waiting = []
      block.omitted = block.sent === null && block.waiting.length === 0
    }
  }

  /** Events that may be sent now. */
  drain(): readonly JsonObject[] {
    const events: JsonObject[] = []
    for (;;) {
      const block = this.#blocks[this.#head]
      if (block === undefined) break
      if (block.omitted) block.waiting = []
      else if (block.waiting.length > 0 || block.closed) this.#send(block, events)
      if (!block.closed) break
      this.#head += 1
    }
    return events
  }

  #send(block: OutBlock, events: JsonObject[]): void {
    if (block.sent === null) {
      block.sent = this.#sent
      this.#sent += 1
      events.push(startEvent(block, block.sent))
    }
    const index = block.sent
    for (const event of block.waiting) events.push(numbered(event, index))
    block.waiting = []
    if (!block.closed) return
    if (block.seal !== null) events.push(signatureEvent(block.seal, block.thinking, index))
    events.push(numbered(block.stop ?? { type: 'content_block_stop', index }, index))
  }
}

function startEvent({ event, head }: OutBlock, index: number): JsonObject {
  return event === null ? { type: 'content_block_start', index, content_block: head } : numbered(event, index)
}

function signatureEvent({ signature, thinking }: Seal, shown: string, index: number): JsonObject {
  const delta = { type: 'signature_delta', signature: shown === thinking ? signature : MODIFIED_SIGNATURE }
  return { type: 'content_block_delta', index, delta }
}

function numbered(event: JsonObject, index: number): JsonObject {
  return event['index'] === index ? event : { ...event, index }
}

/** A piece of text, thinking or tool input as an event, the one it came in if it says the same. */
export function pieceEvent(kind: PieceKind, text: string, event: JsonObject | null): JsonObject {
  const delta = event?.['delta']
  const [type, key] = PIECES[kind]
  if (event === null || !isJsonObject(delta)) return { type: 'content_block_delta', delta: { type, [key]: text } }
  return delta[key] === text ? event : { ...event, delta: { ...delta, [key]: text } }
}

export type PieceKind = 'text' | 'reasoning' | 'tool-input'

const PIECES: Readonly<Record<PieceKind, readonly [type: string, key: string]>> = {
  text: ['text_delta', 'text'],
  reasoning: ['thinking_delta', 'thinking'],
  'tool-input': ['input_json_delta', 'partial_json'],
}
