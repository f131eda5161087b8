/**
 * Conversations that went through this gateway, so that a request which names only the last response can be judged as a whole:
 * what was passed on to the model and what the client was shown of its answers, for each caller apart.
 *
 * Kept in memory, bounded by count and size, and forgotten after a while or with the process; the longest unused goes first. It is
 * no store: whoever needs more sends the items in full.
 */
import type { JsonObject } from '../../../contract/index.ts'
import { asArray, isJsonObject } from '../../../contract/index.ts'

export interface ResponseStateOptions {
  /** Turns kept at most. Default 10,000. */
  readonly turns?: number
  /** Characters of JSON kept at most. Default 64 Mi. */
  readonly size?: number
  /** Milliseconds after its last use that a turn is kept. Default a day. */
  readonly expiry?: number
  /** Milliseconds; never goes backwards. */
  readonly now: () => number
}

/** Whose conversations they are. */
export interface Owner {
  /** API key and application. */
  readonly space: string
  readonly user: string | null
}

/** One answered request. */
export interface Turn {
  readonly id: string
  /** Id of the response it went on from. */
  readonly previous: string | null
  /** Items as they were passed on to the model. */
  readonly input: readonly JsonObject[]
  /** The response as the client saw it. */
  readonly response: JsonObject
  /** Name of the conversation it belongs to, which alone knows what came before. */
  readonly conversation: string | null
  /** The model server keeps exactly the same conversation, up to here, under the same id. */
  readonly faithful: boolean
  /** The policy answered in its own words: nothing of it is part of the conversation. */
  readonly refused: boolean
}

/** A conversation by its own name. It exists only here. */
export interface KeptConversation {
  readonly id: string
  readonly createdAt: number
  readonly metadata: JsonObject
  readonly items: readonly JsonObject[]
}

export interface History {
  readonly items: readonly JsonObject[]
  /** The model server keeps exactly these items, under the id asked for. */
  readonly faithful: boolean
}

export interface ResponseState {
  keep(owner: Owner, turn: Turn): void
  /** For reading: who names no user sees those of every user of the same key. */
  turn(owner: Owner, id: string): Turn | null
  /** Everything up to and with this response; null when it, or something before it, is not known. */
  history(owner: Owner, id: string): History | null
  /** An item of a turn that is kept. */
  item(owner: Owner, id: string): { readonly item: JsonObject; readonly faithful: boolean } | null
  keepConversation(owner: Owner, conversation: KeptConversation): void
  conversation(owner: Owner, id: string): KeptConversation | null
  /** Adds items at the end; false when there is no such conversation any more. */
  extend(owner: Owner, id: string, items: readonly JsonObject[]): boolean
  forgetConversation(owner: Owner, id: string): boolean
  /** What is kept, for metrics and tests. */
  readonly counts: { readonly entries: number; readonly size: number }
}

interface EntryBase {
  readonly owner: Owner
  readonly size: number
  readonly expires: number
}

type Entry = EntryBase &
  (
    | { readonly kind: 'turn'; readonly value: Turn }
    | { readonly kind: 'conversation'; readonly value: KeptConversation }
  )

const DAY = 86_400_000

export function createResponseState(options: ResponseStateOptions): ResponseState {
  return new KeptResponses(options)
}

class KeptResponses implements ResponseState {
  /** Longest unused first. */
  readonly #entries = new Map<string, Entry>()
  /** Which turn an item belongs to. */
  readonly #items = new Map<string, string>()
  readonly #turns: number
  readonly #limit: number
  readonly #expiry: number
  readonly #now: () => number
  #size = 0

  constructor({ turns = 10_000, size = 64 * 1024 * 1024, expiry = DAY, now }: ResponseStateOptions) {
    this.#turns = turns
    this.#limit = size
    this.#expiry = expiry
    this.#now = now
  }

  get counts(): { readonly entries: number; readonly size: number } {
    return { entries: this.#entries.size, size: this.#size }
  }

  keep(owner: Owner, turn: Turn): void {
    const key = keyOf('turn', owner, turn.id)
    if (!this.#add(key, { kind: 'turn', owner, value: turn })) return
    for (const item of itemsOf(turn)) this.#items.set(itemKey(owner, item['id']), key)
  }

  turn(owner: Owner, id: string): Turn | null {
    return this.#turn(owner, id, true)
  }

  history(owner: Owner, id: string): History | null {
    const chain: Turn[] = []
    const seen = new Set<string>()
    for (let next: string | null = id; next !== null;) {
      const turn: Turn | null = seen.has(next) ? null : this.#turn(owner, next, false)
      if (turn === null || turn.conversation !== null) return null
      seen.add(next)
      chain.push(turn)
      next = turn.previous
    }
    return { items: chain.toReversed().flatMap(itemsOf), faithful: chain[0]?.faithful === true }
  }

  item(owner: Owner, id: string): { readonly item: JsonObject; readonly faithful: boolean } | null {
    const key = this.#items.get(itemKey(owner, id))
    const entry = key === undefined ? null : this.#find(key, owner, false)
    if (entry?.kind !== 'turn') return null
    const item = itemsOf(entry.value).find((one) => one['id'] === id)
    return item === undefined ? null : { item, faithful: entry.value.faithful }
  }

  keepConversation(owner: Owner, conversation: KeptConversation): void {
    this.#add(keyOf('conversation', owner, conversation.id), { kind: 'conversation', owner, value: conversation })
  }

  conversation(owner: Owner, id: string): KeptConversation | null {
    const entry = this.#find(keyOf('conversation', owner, id), owner, false)
    return entry?.kind === 'conversation' ? entry.value : null
  }

  extend(owner: Owner, id: string, items: readonly JsonObject[]): boolean {
    const conversation = this.conversation(owner, id)
    if (conversation === null) return false
    this.keepConversation(owner, { ...conversation, items: [...conversation.items, ...items] })
    return true
  }

  forgetConversation(owner: Owner, id: string): boolean {
    const known = this.conversation(owner, id) !== null
    if (known) this.#remove(keyOf('conversation', owner, id))
    return known
  }

  #turn(owner: Owner, id: string, reading: boolean): Turn | null {
    const entry = this.#find(keyOf('turn', owner, id), owner, reading)
    return entry?.kind === 'turn' ? entry.value : null
  }

  /** False when it is too large to be kept. What was kept under the same key is gone in any case. */
  #add(key: string, what: Pick<Entry, 'kind' | 'owner' | 'value'>): boolean {
    this.#remove(key)
    const size = JSON.stringify(what.value).length
    if (size > this.#limit) return false
    this.#entries.set(key, { ...what, size, expires: this.#now() + this.#expiry } as Entry)
    this.#size += size
    for (const [oldest, { expires }] of this.#entries) {
      if (this.#entries.size <= this.#turns && this.#size <= this.#limit && expires > this.#now()) break
      this.#remove(oldest)
    }
    return true
  }

  #find(key: string, owner: Owner, reading: boolean): Entry | null {
    const entry = this.#entries.get(key)
    if (entry === undefined) return null
    if (entry.owner.user !== owner.user && !(reading && owner.user === null)) return null
    if (entry.expires <= this.#now()) {
      this.#remove(key)
      return null
    }
    this.#entries.delete(key)
    this.#entries.set(key, { ...entry, expires: this.#now() + this.#expiry })
    return entry
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#size -= entry.size
    if (entry.kind !== 'turn') return
    for (const item of itemsOf(entry.value)) {
      const name = itemKey(entry.owner, item['id'])
      if (this.#items.get(name) === key) this.#items.delete(name)
    }
  }
}

/** What a turn adds to the conversation. */
export function itemsOf({ input, response, refused }: Turn): readonly JsonObject[] {
  return refused ? [] : [...input, ...asArray(response['output']).filter(isJsonObject)]
}

function keyOf(kind: Entry['kind'], owner: Owner, id: string): string {
  return JSON.stringify([kind, owner.space, id])
}

function itemKey(owner: Owner, id: unknown): string {
  return JSON.stringify([owner.space, id])
}
