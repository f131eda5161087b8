/**
 * The workbench of the agent frameworks' adapters: collects the messages that guards see from a framework's own value, remembers
 * where each text stood, and puts modified texts back there.
 *
 * It knows no framework. Content that nobody can read becomes a medium, which the policy decides.
 */
import type { MediaPart, Message, Role, TextPart, ToolCall } from '../../spec/index.ts'
import { readFile } from './file-data.ts'
import { isToken, jsonText, withoutLogprobs, wordsOf } from './words.ts'
import type { Path } from './places.ts'
import { REMOVED, withValueAt } from './places.ts'

/** A framework's value as a conversation, and the way back. */
export interface Conversation<Root> {
  readonly root: Root
  readonly messages: readonly Message[]
  /** Index of the first message that is new: from it on all are judged, whatever the policy's window. */
  readonly from?: number
  /** The value for the messages as the pipeline left them; the very value when it changed none. */
  rewrite(current: readonly Message[]): Root
}

/** Turns a text into what is put at its place. */
type Restore = (text: string) => unknown

interface Place {
  readonly path: Path
  readonly restore: Restore
}

/** One message being put together. */
export class MessageReader {
  readonly role: Role
  readonly #toolCallId: string | undefined
  readonly #parts: (TextPart | MediaPart)[] = []
  readonly #places: (Place | null)[] = []
  readonly #calls: ToolCall[] = []
  readonly #callPlaces: Place[] = []
  /** What stands where the message was spelled piece by piece, without that. */
  readonly #unspelled: { readonly path: Path; readonly value: unknown }[] = []

  constructor(role: Role, toolCallId?: string) {
    this.role = role
    this.#toolCallId = toolCallId
  }

  /** A text. Anything that is no string is judged as JSON, so that a wrong type hides nothing. */
  text(text: unknown, path: Path, restore: Restore = (changed) => changed): void {
    if (typeof text !== 'string') this.json(text, path)
    else if (text !== '') this.#add({ type: 'text', text }, { path, restore })
  }

  /** An id or a name: judged when it is more than that. */
  name(text: unknown, path: Path): void {
    if (typeof text !== 'string' || !isToken(text)) this.text(text, path)
  }

  /** @param restore makes what stands in the medium's place when a guard removed it; without it the medium cannot be removed */
  medium(part: MediaPart, path: Path, restore?: Restore): void {
    this.#add(part, restore === undefined ? null : { path, restore })
  }

  /**
   * A file by its data or address: a text where it is one, else a medium.
   * @param instead makes what stands in the medium's place at `path` when a guard removed it
   */
  file(
    { source, mediaType, at }: { readonly source: unknown; readonly mediaType?: string | undefined; readonly at: Path },
    path: Path,
    instead: Restore,
  ): void {
    const address = typeof source === 'string' && /^data:/i.test(source)
    const file = readFile(address ? { type: 'url', url: source } : source, mediaType)
    if (file.kind === 'medium' || source === '') {
      const medium =
        file.kind === 'medium' ? file.part : { type: 'media' as const, mediaType: 'text/plain', source: '' }
      this.medium(medium, path, instead)
      return
    }
    this.text(file.text, at, (text) => {
      const written = file.write(text)
      return address ? String((written as { readonly url: URL }).url) : written
    })
  }

  /**
   * A structured value, judged as the JSON that a model would read.
   * @param otherwise makes what stands in its place when a mask left no JSON; by default the text itself
   */
  json(value: unknown, path: Path, otherwise: Restore = (changed) => changed): void {
    if (value === undefined || value === null) return
    const { text, blob, parse } = jsonText(value)
    if (blob) this.unreadable()
    this.#add({ type: 'text', text }, { path, restore: (changed) => parse(changed) ?? otherwise(changed) })
  }

  /** What stands beside the content: judged when it says something, taken away when that was modified. */
  aside(value: unknown, path: Path): void {
    const kept = withoutLogprobs(value)
    if (kept !== value) this.#unspelled.push({ path, value: kept })
    const { text, readable } = wordsOf(kept)
    if (!readable) this.unreadable()
    else this.text(text, path, () => REMOVED)
  }

  /** Everything in a value but what has been read already: each field stands beside the content. */
  others(value: Readonly<Record<string, unknown>>, path: Path, read: readonly string[]): void {
    for (const [key, item] of Object.entries(value)) {
      if (read.includes(key)) continue
      if (key in withoutLogprobs({ [key]: item })) this.aside(item, [...path, key])
      else this.#unspelled.push({ path: [...path, key], value: REMOVED })
    }
  }

  /**
   * A call. Arguments that are a text of JSON are judged with their escapes resolved, as the tool will read them. Of arguments that are
   * a value, what is no JSON any more is not handed on.
   */
  call(call: Omit<ToolCall, 'input'>, input: unknown, path: Path): void {
    if (typeof input === 'string') {
      this.#calls.push({ ...call, input: resolved(input) })
      this.#callPlaces.push({ path, restore: (changed) => changed })
      return
    }
    const { text, blob, parse } = jsonText(input ?? {})
    if (blob) this.unreadable()
    this.#calls.push({ ...call, input: text })
    this.#callPlaces.push({ path, restore: (changed) => parse(changed) ?? {} })
  }

  unreadable(): void {
    this.#add({ type: 'media', mediaType: 'application/octet-stream', source: '' }, null)
  }

  message(): Message {
    const [only, ...more] = this.#parts
    const plain = only === undefined ? '' : more.length === 0 && only.type === 'text' ? only.text : null
    return {
      role: this.role,
      content: plain ?? this.#parts,
      ...(this.#calls.length === 0 ? {} : { toolCalls: this.#calls }),
      ...(this.#toolCallId === undefined ? {} : { toolCallId: this.#toolCallId }),
    }
  }

  /** The root with every text of this message that was changed. */
  applied<Root>(root: Root, before: Message, current: Message): Root {
    const old = textsOf(before)
    const changes: { readonly path: Path; readonly value: unknown }[] = []
    textsOf(current).forEach((text, index) => {
      const place = this.#places[index]
      if (place && text !== null && text !== old[index]) changes.push({ path: place.path, value: place.restore(text) })
    })
    current.toolCalls?.forEach(({ input }, index) => {
      const place = this.#callPlaces[index]
      if (place && input !== before.toolCalls?.[index]?.input)
        changes.push({ path: place.path, value: place.restore(input) })
    })
    if (changes.length === 0) return root
    // What spells the message would still say what was there before.
    return [...this.#unspelled, ...changes].reduce((next, { path, value }) => withValueAt(next, path, value), root)
  }

  #add(part: TextPart | MediaPart, place: Place | null): void {
    this.#parts.push(part)
    this.#places.push(place)
  }
}

/** Collects the messages of one conversation, in order. */
export class ConversationReader<Root> {
  readonly #root: Root
  readonly #readers: MessageReader[] = []
  #from: number | undefined
  #speaker: Role | undefined

  constructor(root: Root) {
    this.#root = root
  }

  /**
   * What is read from here on is new.
   * @param speaker whose it is, whatever it says, but for results of tools
   */
  begin(speaker?: Role): void {
    this.#from = this.#readers.length
    this.#speaker = speaker
  }

  open(role: Role, toolCallId?: string): MessageReader {
    const reader = new MessageReader(role === 'tool' ? role : (this.#speaker ?? role), toolCallId)
    this.#readers.push(reader)
    return reader
  }

  /** The message of the model that is being read, or a new one: thoughts, words and calls of one answer are one message. */
  answer(): MessageReader {
    const last = this.#readers.at(-1)
    const fits = last?.role === 'assistant' && this.#readers.length !== this.#from
    return fits ? last : this.open('assistant')
  }

  conversation(): Conversation<Root> {
    const readers = this.#readers
    const root = this.#root
    const messages = readers.map((reader) => reader.message())
    const from = this.#from
    return {
      ...{ root, messages },
      ...(from === undefined ? {} : { from }),
      rewrite: (current) =>
        current.reduce((next, message, index) => {
          const before = messages[index]
          return before === undefined || before === message
            ? next
            : (readers[index]?.applied(next, before, message) ?? next)
        }, root),
    }
  }
}

/** A JSON text with every escape resolved; any other text as it is. */
function resolved(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}

function textsOf({ content }: Message): readonly (string | null)[] {
  return typeof content === 'string' ? [content] : content.map((part) => (part.type === 'text' ? part.text : null))
}
