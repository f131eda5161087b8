/**
 * One request for a response: what of it is judged, what is passed on, and what is kept of it afterwards.
 *
 * A request that goes on from kept state is judged with everything before it. The model server is told the same id only when it
 * keeps exactly the conversation that was judged; otherwise it is sent the items.
 */
import type { JsonObject, ResponsesRequest } from '../../../contract/index.ts'
import { asString, isJsonObject } from '../../../contract/index.ts'
import type { Message } from '../../../spec/index.ts'
import { ParapetError } from '../../../spec/index.ts'
import type { Envelope, ModelRequest } from '../protocol.ts'
import { createAnswerScan } from './answer-scan.ts'
import type { AnswerParts } from './answer-parts.ts'
import type { FailureNotes } from './event-reader.ts'
import { createEventReader } from './event-reader.ts'
import type { Answering } from './event-writer.ts'
import { createEventWriter } from './event-writer.ts'
import { itemTypeOf } from './input-holes.ts'
import { translateInput } from './input-messages.ts'
import type { Owner, ResponseState } from './state.ts'
import { itemsOf } from './state.ts'
import { readResponse } from './whole-reader.ts'
import { createWholeWriter } from './whole-writer.ts'

/** What is kept, and for whom. */
export interface KeptFor {
  readonly state: ResponseState
  readonly owner: Owner
}

/** What came before a request. */
interface Past {
  readonly previous: string | null
  readonly conversation: string | null
  readonly items: readonly JsonObject[]
  readonly faithful: boolean
}

/** How the request was last sent. */
interface Sent {
  readonly body: JsonObject
  /** The request's own items, as they were passed on. */
  readonly items: readonly JsonObject[]
  /** The items before it were sent along. */
  readonly expanded: boolean
  /** The model server has exactly the items that are kept here. */
  readonly faithful: boolean
}

/** The user that a request names. */
export function userOf(body: ResponsesRequest): string | undefined {
  return body.user ?? body.safety_identifier ?? undefined
}

/** @param kept null: nothing is kept here */
export function readRequest(body: ResponsesRequest, kept: KeptFor | null): ModelRequest {
  if (body.background === true) throw wrong('background', BACKGROUND)
  const past = pastOf(body, kept)
  const own = ownItems(body, kept)
  const conversation = translateInput({
    tools: body.tools ?? [],
    instructions: body.instructions === '' ? null : (body.instructions ?? null),
    variables: body.prompt?.variables ?? null,
    items: [...past.items, ...own.items],
  })
  const messages = conversation.messages.length === 0 ? emptyTurn(body, past) : conversation.messages
  const placeholders = messages.length - conversation.messages.length
  let sent: Sent = { body, items: own.items, expanded: false, faithful: false }
  const notes: FailureNotes = {}
  const scanFor = (parts: AnswerParts): ReturnType<typeof createAnswerScan> =>
    createAnswerScan(parts.ids, () => sent.body)
  const answering = (envelope: Envelope): Answering => ({
    envelope,
    request: body,
    notes,
    present: (response) => present(response, body, past, sent),
    keep: (response, how) => keep(response, how, { body, past, sent, kept }),
  })
  return {
    stream: body.stream === true,
    ...(typeof body.model === 'string' ? { model: body.model } : {}),
    ...(userOf(body) === undefined ? {} : { user: userOf(body) as string }),
    messages,
    bodyFor(current, feedback) {
      const rewritten = conversation.rewrite(placeholders === 0 ? current : current.slice(placeholders))
      const again = feedback === undefined ? [] : [{ type: 'message', role: 'user', content: feedback }]
      sent = send(body, past, own, { ...rewritten, added: [...rewritten.added, ...again] })
      return sent.body
    },
    createEventReader: () => createEventReader(scanFor, notes),
    readWhole: (answer) => readResponse(answer, scanFor),
    createEventWriter: (envelope) => createEventWriter(answering(envelope)),
    createWholeWriter: (envelope) => createWholeWriter(answering(envelope)),
  }
}

const BACKGROUND =
  '`background` is not possible here: such an answer could be read before it was judged. Ask without it; with `stream` the answer comes as it is made.'

function pastOf(body: ResponsesRequest, kept: KeptFor | null): Past {
  const previous = body.previous_response_id ?? null
  const conversation = typeof body.conversation === 'string' ? body.conversation : (body.conversation?.id ?? null)
  const none: Past = { previous, conversation, items: [], faithful: true }
  if (previous !== null && conversation !== null)
    throw wrong('conversation', 'Give either `previous_response_id` or `conversation`, not both.')
  if (previous !== null) {
    const history = kept?.state.history(kept.owner, previous) ?? null
    if (history === null) throw wrong('previous_response_id', unknownPast('a response', kept))
    return { ...none, ...history }
  }
  if (conversation !== null) {
    const known = kept?.state.conversation(kept.owner, conversation) ?? null
    if (known === null) throw wrong('conversation', unknownPast('a conversation', kept))
    return { ...none, items: known.items, faithful: false }
  }
  return none
}

function unknownPast(what: string, kept: KeptFor | null): string {
  const why =
    kept === null
      ? 'no conversations are kept here'
      : 'it began elsewhere, belongs to another API key or user, was not to be stored, or has been forgotten'
  return `This names ${what} that cannot be judged here: ${why}. Send the items of the conversation in full as \`input\`.`
}

/** The items of a request, and what stands for each when nothing of it was modified. */
interface OwnItems {
  readonly items: readonly JsonObject[]
  /** A reference that may be passed on in place of the item. */
  readonly references: ReadonlyMap<number, { readonly item: JsonObject; readonly faithful: boolean }>
}

function ownItems(body: ResponsesRequest, kept: KeptFor | null): OwnItems {
  const { input } = body
  const references = new Map<number, { item: JsonObject; faithful: boolean }>()
  if (input === undefined || input === null || input === '') return { items: [], references }
  if (typeof input === 'string') return { items: [{ type: 'message', role: 'user', content: input }], references }
  const items = input.map((item, index) => {
    if (itemTypeOf(item) !== 'item_reference') return item
    const found = kept?.state.item(kept.owner, asString(item['id']) ?? '') ?? null
    if (found === null) throw wrong(`input[${index}]`, unknownPast('an item', kept))
    references.set(index, { item, faithful: found.faithful })
    return found.item
  })
  return { items, references }
}

/** Something must be judged, even where all words are the model server's own. */
function emptyTurn(body: ResponsesRequest, past: Past): readonly Message[] {
  const says =
    isJsonObject(body.prompt) || past.items.length > 0 || (Array.isArray(body.input) && body.input.length > 0)
  if (!says) throw wrong('input', '`input` is missing; send a text or a list of items.')
  return [{ role: 'user', content: '' }]
}

type Rewritten = ReturnType<ReturnType<typeof translateInput>['rewrite']>

function send(body: ResponsesRequest, past: Past, own: OwnItems, rewritten: Rewritten): Sent {
  const before = rewritten.items.slice(0, past.items.length)
  const items = rewritten.items.slice(past.items.length)
  const pastIsSame = before.every((item, index) => item === past.items[index])
  const hasPast = past.previous !== null || past.conversation !== null
  const expanded = hasPast && !(past.faithful && pastIsSame)
  const wire = items.map((item, index) => {
    const reference = own.references.get(index)
    return reference?.faithful === true && item === own.items[index] ? reference.item : item
  })
  const input = [...(expanded ? before : []), ...wire, ...rewritten.added]
  const asItCame = !expanded && rewritten.added.length === 0 && items.every((item, index) => item === own.items[index])
  const { previous_response_id: _previous, conversation: _conversation, ...rest } = body
  const changed: JsonObject = {
    ...(expanded ? rest : body),
    ...(asItCame && [...own.references.values()].every(({ faithful }) => faithful) ? {} : { input }),
    ...(sameList(rewritten.tools, body.tools ?? []) ? {} : { tools: rewritten.tools }),
    ...(rewritten.instructions === null || rewritten.instructions === body.instructions
      ? {}
      : { instructions: rewritten.instructions }),
    ...(rewritten.variables === null || rewritten.variables === body.prompt?.variables
      ? {}
      : { prompt: { ...body.prompt, variables: rewritten.variables } }),
  }
  return { body: changed, items, expanded, faithful: pastIsSame && rewritten.added.length === 0 }
}

function sameList(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index])
}

/** A response as the client sees it: it went on from what the client named, whatever the model server was told. */
function present(response: JsonObject, body: ResponsesRequest, past: Past, sent: Sent): JsonObject {
  if (past.conversation !== null) return { ...response, conversation: { id: past.conversation } }
  if (!sent.expanded || past.previous === null) return response
  return { ...response, previous_response_id: body.previous_response_id ?? null }
}

interface Keeping {
  readonly body: ResponsesRequest
  readonly past: Past
  readonly sent: Sent
  readonly kept: KeptFor | null
}

function keep(
  response: JsonObject,
  how: 'faithful' | 'changed' | 'refused',
  { body, past, sent, kept }: Keeping,
): void {
  const { id } = response
  if (kept === null || typeof id !== 'string' || id === '') return
  const { state, owner } = kept
  const turn = {
    id,
    previous: past.previous,
    conversation: past.conversation,
    input: how === 'refused' ? [] : sent.items,
    response,
    faithful: how === 'faithful' && sent.faithful,
    refused: how === 'refused',
  }
  if (past.conversation !== null) state.extend(owner, past.conversation, itemsOf(turn))
  if (body.store !== false) state.keep(owner, turn)
}

function wrong(param: string, message: string): ParapetError {
  return new ParapetError('input_invalid', message, { details: { param } })
}
