/**
 * The content blocks of a request: which of their words are judged, as what, and how changed words go back into their place.
 *
 * Every place that can carry words to the model is found: text, documents and what they hold, thinking in the history, the input
 * of calls, results, citations, and fields and blocks nobody here knows. What cannot be read becomes a medium.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { asArray, asString, isJsonObject } from '../../../contract/index.ts'
import { unsealed } from './compaction.ts'
import { mediaIn, mediumOf } from './media.ts'
import { MODIFIED_SIGNATURE } from './raw.ts'
import { requestFormOf } from './wire.ts'
import type { Declared } from './words.ts'
import { isOpaque, isToolName, wordsIn, withWords } from './words.ts'

/** Keys and indexes from a message, or from the request for `system`, to a value in it. */
export type Path = readonly (string | number)[]

/** Where something stands, and what stands there when its words become others; undefined takes the whole of it out. */
export interface Place {
  readonly path: Path
  put(words: string): JsonValue | undefined
}

/** Takes what is found. */
export interface BlockSink {
  text(words: string, place: Place): void
  medium(mediaType: string, source: string, place: Place): void
  call(call: { readonly id: string; readonly name: string; readonly input: string }, place: Place): void
  /** What follows, until `endResult`, was given back by the call with this id. */
  beginResult(call: string): void
  endResult(): void
  /** Not sent on to the model, whatever is found in it. */
  remove(path: Path): void
}

const UNKNOWN = 'application/octet-stream'

export class BlockReader {
  readonly #sink: BlockSink
  readonly #declared: Declared

  constructor(sink: BlockSink, declared: Declared) {
    this.#sink = sink
    this.#declared = declared
  }

  /** Content that is a string or a list of blocks. */
  content(content: JsonValue | undefined, path: Path): void {
    if (typeof content === 'string') this.#plain(content, path)
    else asArray(content).forEach((block, index) => this.#block(block, [...path, index]))
  }

  /** Fields of a message beside its content. */
  fields(rest: JsonObject): void {
    this.#fields(rest, [], [])
  }

  #block(block: JsonValue, path: Path): void {
    if (!isJsonObject(block)) return this.#whole(block, path)
    const form = requestFormOf(asString(block['type']) ?? '')
    switch (form) {
      case 'text':
        return this.#fields(block, path, ['text'])
      case 'image':
        return this.#image(block, path)
      case 'document':
        return this.#document(block, path)
      case 'thinking':
        return this.#thinking(block, path)
      case 'call':
        return this.#call(block, path)
      case 'answer':
        return this.#answer(block, path)
      case 'result':
        this.#sink.beginResult(asString(block['tool_use_id']) ?? '')
        this.#whole(block, path)
        return this.#sink.endResult()
      case 'words':
      case 'upload':
        return this.#whole(block, path)
      case null:
        this.#whole(block, path)
        return this.#sink.medium(UNKNOWN, '', inPlaceOf(path))
      default:
        return form satisfies never
    }
  }

  #plain(words: string, path: Path): void {
    if (words !== '') this.#sink.text(words, { path, put: (changed) => changed })
  }

  /** These fields as texts of their own, and whatever other words there are as one more. */
  #fields(block: JsonObject, path: Path, names: readonly string[], handled: readonly string[] = []): void {
    const rest: Record<string, JsonValue | undefined> = { ...block }
    for (const name of names) {
      const words = block[name]
      if (typeof words !== 'string') continue
      this.#plain(words, [...path, name])
      delete rest[name]
    }
    for (const name of handled) delete rest[name]
    for (const [name, value] of Object.entries(rest)) if (value !== undefined) this.#field(name, value, path)
  }

  /** A field as one text: its name counts when it is a sentence rather than a name. */
  #field(name: string, value: JsonValue, path: Path): void {
    const holder = { [name]: value }
    const words = wordsIn(holder, this.#declared)
    if (words === '') return
    const put = (changed: string): JsonValue | undefined => withWords(holder, this.#declared, changed)?.[name]
    this.#sink.text(words, { path: [...path, name], put })
  }

  /** All words of a block as one text, and its media. */
  #whole(block: JsonValue, path: Path): void {
    const words = wordsIn(block, this.#declared)
    const put = (changed: string): JsonValue | undefined => {
      const value = withWords(block, this.#declared, changed)
      if (value === null) return undefined
      return isJsonObject(value) ? unsealed(value) : value
    }
    if (words !== '') this.#sink.text(words, { path, put })
    for (const { mediaType, source } of mediaIn(block)) this.#sink.medium(mediaType, source, inPlaceOf(path))
  }

  #image(block: JsonObject, path: Path): void {
    this.#fields(block, path, [], ['source'])
    this.#medium(block['source'], 'image/*', path)
  }

  #document(block: JsonObject, path: Path): void {
    this.#fields(block, path, ['title', 'context'], ['source'])
    this.#medium(block['source'], 'application/pdf', path)
  }

  /** The source of an image or a document: text, blocks, or something that cannot be read. */
  #medium(source: JsonValue | undefined, fallback: string, path: Path): void {
    const at = [...path, 'source']
    const medium = mediumOf(source, fallback)
    if (isJsonObject(source)) {
      const { data } = source
      const bytes = medium !== null && typeof data === 'string' && isOpaque(data)
      this.#fields(
        source,
        at,
        ['data'].filter(() => !bytes),
        ['content', 'url', ...(bytes ? ['data'] : [])],
      )
      this.content(source['content'], [...at, 'content'])
    }
    // Last, because it stands for the whole block.
    if (medium !== null) this.#sink.medium(medium.mediaType, medium.source, inPlaceOf(path))
  }

  #thinking(block: JsonObject, path: Path): void {
    if (block['signature'] === MODIFIED_SIGNATURE) return this.#sink.remove(path)
    const words = asString(block['thinking']) ?? ''
    // Its signature is valid for these words only, so with others it is no thinking of the model.
    if (words !== '') this.#sink.text(words, { path, put: () => undefined })
    this.#fields(block, path, [], words === '' ? [] : ['thinking'])
  }

  #call(block: JsonObject, path: Path): void {
    const { input } = block
    const text = typeof input === 'string' ? input : JSON.stringify(input ?? {})
    const call = { id: asString(block['id']) ?? '', name: asString(block['name']) ?? '', input: text }
    const put = (changed: string): JsonValue => (typeof input === 'string' ? changed : parsed(changed))
    this.#sink.call(call, { path: [...path, 'input'], put })
    this.#fields(block, path, [], isToolName(call.name) ? ['input', 'name'] : ['input'])
  }

  #answer(block: JsonObject, path: Path): void {
    this.#sink.beginResult(asString(block['tool_use_id']) ?? '')
    const { content } = block
    const known = typeof content === 'string' || Array.isArray(content)
    if (known) this.content(content, [...path, 'content'])
    this.#fields(block, path, [], known ? ['content'] : [])
    this.#sink.endResult()
  }
}

/** Text where something else stood. */
function inPlaceOf(path: Path): Place {
  return { path, put: (text) => ({ type: 'text', text }) }
}

/** Input that is no JSON any more is none. */
function parsed(text: string): JsonValue {
  try {
    const value = JSON.parse(text) as JsonValue
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}
