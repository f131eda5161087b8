/** Follows the events of an answer: which of its items are complete, and how those that are not are closed early. */
import type { JsonObject } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/index.ts'
import type { TextPlace } from './raw.ts'

interface OpenPart {
  readonly part: JsonObject
  text: string
  done: boolean
}

interface FollowedItem {
  item: JsonObject
  done: boolean
  readonly parts: Map<number, OpenPart>
}

export class OpenItems {
  readonly #items = new Map<number, FollowedItem>()

  /** Takes an event as it is shown. */
  follow(event: JsonObject): void {
    const { type, item, part, output_index: output, content_index: index } = event
    if (typeof output !== 'number') return
    if (type === 'response.output_item.added' && isJsonObject(item))
      this.#items.set(output, { item, done: false, parts: new Map() })
    else if (type === 'response.output_item.done' && isJsonObject(item))
      this.#items.set(output, { item, done: true, parts: new Map() })
    else if (isJsonObject(part) && typeof index === 'number') {
      const parts = this.#items.get(output)?.parts
      if (type === 'response.content_part.added') parts?.set(index, { part, text: '', done: false })
      if (type === 'response.content_part.done') parts?.set(index, { part, text: '', done: true })
    }
  }

  /** A piece of text that is shown. */
  grow({ output, index, form }: TextPlace, text: string): void {
    if (form !== 'answer' && form !== 'refusal') return
    const part = this.#items.get(output)?.parts.get(index)
    if (part !== undefined && !part.done) part.text += text
  }

  /** The id of an item that was begun. */
  idOf(output: number): string | undefined {
    const id = this.#items.get(output)?.item['id']
    return typeof id === 'string' ? id : undefined
  }

  /** The items that are complete, in order. */
  get done(): readonly JsonObject[] {
    return [...this.#items]
      .filter(([, { done }]) => done)
      .toSorted(([left], [right]) => left - right)
      .map(([, { item }]) => item)
  }

  /** After the last item that was begun. */
  get nextIndex(): number {
    return Math.max(-1, ...this.#items.keys()) + 1
  }

  /**
   * Events that end the messages that are not complete, with what was shown of them. A tool call that is not complete is not
   * ended: nobody may act on half of one.
   */
  close(): readonly JsonObject[] {
    return [...this.#items].flatMap(([output, followed]) => {
      if (followed.done || followed.item['type'] !== 'message') return []
      const events: JsonObject[] = []
      const content = [...followed.parts].map(([index, open]) => {
        if (open.done) return open.part
        const at = { item_id: followed.item['id'] ?? '', output_index: output, content_index: index }
        const { part, done } = closedPart(open)
        events.push({ ...done, ...at }, { type: 'response.content_part.done', ...at, part })
        return part
      })
      followed.done = true
      followed.item = { ...followed.item, status: 'incomplete', content }
      return [...events, { type: 'response.output_item.done', output_index: output, item: followed.item }]
    })
  }
}

function closedPart({ part, text }: OpenPart): { readonly part: JsonObject; readonly done: JsonObject } {
  if (part['type'] === 'refusal') {
    return { part: { ...part, refusal: text }, done: { type: 'response.refusal.done', refusal: text } }
  }
  return { part: { ...part, text }, done: { type: 'response.output_text.done', text, logprobs: [] } }
}
