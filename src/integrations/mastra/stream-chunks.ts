/**
 * The chunks of Mastra's stream under guard: one in, those that may leave out, in order.
 *
 * Text and reasoning are held until they were judged; calls, files and whatever else holds words leave when all of it was let through.
 * Arguments of calls are shown once they are whole. Raw chunks hold the answer as it was before it was judged: they are left out.
 * What Mastra itself tells (steps, usage, finish reasons) passes.
 */
import type { FilePart, StreamErrorPart, StreamPart } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { readFile } from '../conversation/file-data.ts'
import { jsonText, withoutLogprobs, wordsOf } from '../conversation/words.ts'
import type { Fields } from '../conversation/index.ts'
import { isFields } from '../conversation/index.ts'
import type { Shown } from './held-stream.ts'
import { HeldStream } from './held-stream.ts'

export interface Chunk {
  readonly type: string
  readonly payload?: unknown
}

type Delta = Chunk & { readonly payload: Fields & { readonly text: string } }

/** Without words of the model, or with such only as were shown before. */
const STRUCTURE = new Set([
  'start',
  'step-start',
  'step-finish',
  'response-metadata',
  'text-start',
  'text-end',
  'reasoning-start',
  'reasoning-end',
  'reasoning-signature',
  'redacted-reasoning',
  'tripwire',
  'abort',
])
/** The pieces of a call's arguments, which follow once more when they are whole, and what holds the answer as it was. */
const WITHHELD = new Set(['raw', 'tool-call-input-streaming-start', 'tool-call-delta', 'tool-call-input-streaming-end'])

export class GuardedChunks {
  readonly #open: () => HeldStream
  #held: HeldStream | null = null
  /** The chunk whose text is held. */
  #current: Delta | null = null
  /** Results of tools that were judged on their own. */
  results: ReadonlyMap<string, unknown> = new Map()

  constructor(open: () => HeldStream) {
    this.#open = open
  }

  get stop(): StreamErrorPart | Error | null {
    return this.#held?.stop ?? null
  }

  /** Takes a chunk and gives those that may leave now. Look at `stop` afterwards. */
  async next(chunk: Chunk): Promise<readonly Chunk[]> {
    if (isDelta(chunk)) return this.#delta(chunk)
    if (isPiece(chunk.type) || isPieceOfTool(chunk)) return []
    const before = await this.#rest()
    if (this.stop !== null) return []
    if (chunk.type === 'finish') return [...before, ...(await this.#finish(await this.#structure(chunk)))]
    if (STRUCTURE.has(chunk.type)) return [...before, await this.#structure(chunk)]
    return [...before, ...(await this.#whole(chunk))]
  }

  #whole(chunk: Chunk): Promise<readonly Chunk[]> {
    if (chunk.type === 'tool-call') return this.#call(chunk)
    return chunk.type === 'file' || chunk.type === 'reasoning-file' ? this.#file(chunk) : this.#words(chunk)
  }

  async #delta(chunk: Delta): Promise<readonly Chunk[]> {
    const { type } = chunk
    const other =
      this.#current !== null && (this.#current.type !== type || this.#current.payload['id'] !== chunk.payload['id'])
    const before = other ? await this.#rest() : []
    // Between the pieces of a text there is no time to judge anything else.
    const told = wordsOf(chunk.payload['providerMetadata'])
    this.#current = told.readable && told.text === '' ? chunk : withPayload(chunk, UNTOLD)
    const { text } = chunk.payload
    this.#stream().feed({ type: type === 'text-delta' ? 'text' : 'reasoning', text })
    return [...before, ...this.#taken()]
  }

  /** The rest of the text that is held, judged to its end. */
  async #rest(): Promise<readonly Chunk[]> {
    if (this.#held === null || this.#current === null) return []
    await this.#held.settle()
    const rest = this.#taken()
    this.#current = null
    return rest
  }

  /** What Mastra tells, with the provider's metadata as far as they were let through. */
  async #structure(chunk: Chunk): Promise<Chunk> {
    const clean = unspelled(chunk)
    const { payload } = clean
    if (!isFields(payload)) return clean
    const fit = await this.#isFit(payload['providerMetadata'])
    const { metadata } = payload
    const within = !isFields(metadata) || (await this.#isFit(metadata['providerMetadata']))
    if (fit && within) return clean
    return withPayload(clean, { ...(fit ? {} : UNTOLD), ...(within ? {} : { metadata: { ...metadata, ...UNTOLD } }) })
  }

  async #finish(chunk: Chunk): Promise<readonly Chunk[]> {
    await this.#held?.close()
    // The next step has an answer of its own.
    if (this.stop === null) this.#held = null
    return [chunk]
  }

  async #call(chunk: Chunk): Promise<readonly Chunk[]> {
    if (!isFields(chunk.payload)) return this.#words(chunk)
    const { toolCallId, toolName, args, ...beside } = chunk.payload
    const { text, parse } = jsonText(args ?? {})
    const [call, tool] = [String(toolCallId), String(toolName)]
    const said = await this.#judged({ type: 'tool-input', call, tool, text, last: true })
    if (said === null) return []
    if (!(await this.#isFit({ toolCallId, toolName, ...beside }))) return []
    return [said === text ? chunk : { ...chunk, payload: { ...chunk.payload, args: parse(said) ?? {} } }]
  }

  async #file(chunk: Chunk): Promise<readonly Chunk[]> {
    if (!isFields(chunk.payload)) return this.#words(chunk)
    const { data, base64, mimeType, filename } = chunk.payload
    const file = readFile(data ?? base64, typeof mimeType === 'string' ? mimeType : undefined)
    const part: FilePart =
      file.kind === 'text'
        ? { type: 'file', mediaType: 'text/plain', data: file.text }
        : { type: 'file', mediaType: file.part.mediaType, data: file.part.source }
    return (await this.#judged(part)) === part.data && (await this.#isFit(filename)) ? [chunk] : []
  }

  /** A chunk that leaves as it is or not at all. Of an error it is told that there was one. */
  async #words(chunk: Chunk): Promise<readonly Chunk[]> {
    const { type, runId: _run, from: _from, ...said } = chunk as Chunk & Fields
    if (type === 'tool-result' && this.#wasJudged(chunk.payload)) return this.#result(chunk, chunk.payload)
    if (await this.#isFit(said)) return [chunk]
    const error = new ParapetError('upstream_error', 'The model failed.')
    return this.stop === null && type === 'error' ? [{ ...chunk, payload: { error } }] : []
  }

  /** Of a result that was judged on its own, what stands beside it was not: what its tool made of it for the model, for one. */
  async #result(chunk: Chunk, payload: Fields): Promise<readonly Chunk[]> {
    const { args: _called, result: _judged, providerMetadata: told, ...rest } = payload
    if (!(await this.#isFit(rest))) return []
    if (await this.#isFit(told)) return [chunk]
    return this.stop === null ? [{ ...chunk, payload: { ...payload, providerMetadata: emptied(told) } }] : []
  }

  #wasJudged(payload: unknown): payload is Fields {
    if (!isFields(payload)) return false
    const { toolCallId, result } = payload
    return this.results.has(String(toolCallId)) && this.results.get(String(toolCallId)) === result
  }

  async #isFit(value: unknown): Promise<boolean> {
    const { text, readable } = wordsOf(withoutLogprobs(value))
    if (!readable)
      return (
        (await this.#judged({
          type: 'file',
          mediaType: 'application/octet-stream',
          data: '',
          sources: [],
          beside: true,
        })) !== null
      )
    return (
      text === '' || (await this.#judged({ type: 'file', mediaType: 'text/plain', data: text, beside: true })) === text
    )
  }

  /** What was let through of one part, as a text; null when nothing was. */
  async #judged(part: StreamPart): Promise<string | null> {
    const held = this.#stream()
    held.feed(part)
    await held.settle()
    const shown = held.take()
    return shown.some(({ type }) => type === part.type) ? shown.map(textOf).join('') : null
  }

  #stream(): HeldStream {
    return (this.#held ??= this.#open())
  }

  #taken(): readonly Chunk[] {
    const text = this.#held?.take().map(textOf).join('') ?? ''
    const like = this.#current
    if (text === '' || like === null) return []
    return [text === like.payload.text ? like : { ...like, payload: { ...like.payload, text } }]
  }
}

/** Pieces of any other kind are judged when what they are pieces of is whole. */
function isPiece(type: string): boolean {
  return WITHHELD.has(type) || /delta|partial/.test(type)
}

/** What a tool passes on from an agent or a workflow inside it, where that is a piece of something: nobody can judge it on its own. */
function isPieceOfTool({ type, payload }: Chunk): boolean {
  if (!FROM_TOOLS.has(type) || !isFields(payload)) return false
  const { output } = payload
  if (!isFields(output) || typeof output['type'] !== 'string') return typeof output === 'string'
  const inner = { type: output['type'], payload: output['payload'] }
  return isPiece(inner.type) || isPieceOfTool(inner)
}

/** Metadata with every value gone, in which form Mastra merges them with those it has. */
function emptied(metadata: unknown): Fields {
  const empty = (values: unknown): unknown =>
    isFields(values) ? Object.fromEntries(Object.keys(values).map((key) => [key, undefined])) : undefined
  return isFields(metadata)
    ? Object.fromEntries(Object.entries(metadata).map(([name, values]) => [name, empty(values)]))
    : {}
}

const FROM_TOOLS = new Set(['tool-output', 'workflow-step-output', 'step-output', 'background-task-output'])
/** Where providers put what spells the answer. */
const METADATA = ['providerMetadata', 'metadata', 'stepResult']

/** The chunk without log-probabilities, which would still say what was there before a mask. */
function unspelled(chunk: Chunk): Chunk {
  const { payload } = chunk
  if (!isFields(payload)) return chunk
  const told = METADATA.filter((key) => payload[key] !== withoutLogprobs(payload[key]))
  if (told.length === 0) return chunk
  const clean = Object.fromEntries(told.map((key) => [key, withoutLogprobs(payload[key])]))
  return withPayload(chunk, clean)
}

const UNTOLD = { providerMetadata: undefined }

function withPayload<C extends Chunk>(chunk: C, fields: Fields): C {
  return { ...chunk, payload: { ...(chunk.payload as Fields), ...fields } }
}

function isDelta(chunk: Chunk): chunk is Delta {
  const { type, payload } = chunk
  if (type !== 'text-delta' && type !== 'reasoning-delta') return false
  return isFields(payload) && typeof payload['text'] === 'string'
}

function textOf(part: Shown): string {
  if (part.type === 'text' || part.type === 'reasoning' || part.type === 'tool-input') return part.text
  return part.type === 'file' ? part.data : ''
}
