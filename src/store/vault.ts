/**
 * Tables of reversible pseudonyms, one per conversation, in memory and (if a path is given) in a file.
 *
 * Values are kept only as AES-256-GCM ciphertext, bound to their conversation and pseudonym; lookups by value go through an HMAC.
 * Table names are HMACs of the caller, so a file tells neither who spoke nor what was said, only how many values of which kind.
 * A table is forgotten `ttl` milliseconds after its last use. A caller without a conversation gets one-way pseudonyms: nothing is
 * kept, nothing can be put back, since nobody could tell whose value it was.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { ParapetError } from '../spec/errors.ts'
import type { Caller } from '../spec/exchange.ts'
import type { PseudonymVault } from '../spec/vault.ts'

/** Environment variable that holds the key: 32 bytes, base64 or hexadecimal. */
export const VAULT_KEY_VARIABLE = 'PARAPET_VAULT_KEY'

const DAY = 24 * 60 * 60 * 1000
const MOST_TABLES = 50_000
const WRITE_DELAY = 200

export interface VaultOptions {
  /** Default: the environment variable `PARAPET_VAULT_KEY`. */
  readonly key?: string
  /** Milliseconds a conversation's table is kept after its last use. Default one day. */
  readonly ttl?: number
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number
  /** Where tables outlive the process. Default: nowhere. */
  readonly file?: string
}

/** A vault that can be emptied and closed. */
export interface Vault extends PseudonymVault {
  /** Forgets one conversation. */
  forget(caller: Caller): void
  /** Writes what has not been written yet. Nothing happens without a file. */
  flush(): void
  /** Writes and lets go of timers. */
  close(): void
}

interface Table {
  expires: number
  readonly counters: Map<string, number>
  /** HMAC of kind and value to pseudonym. */
  readonly byValue: Map<string, string>
  /** Pseudonym to initialisation vector, tag and ciphertext, base64. */
  readonly sealed: Map<string, string>
}

/** A vault. Throws `vault_key_missing` when there is no usable key. */
export function createVault(options: VaultOptions = {}): Vault {
  return new EncryptedVault(readKey(options.key), options)
}

/** A keyed digest for the mode `hash` of the PII guard: HMAC-SHA-256 of kind and value, hexadecimal. */
export function createKeyedHash(key?: string): (kind: string, value: string) => string {
  const secret = deriveKey(readKey(key), 'parapet hash')
  return (kind, value) => mac(secret, [kind, value])
}

class EncryptedVault implements Vault {
  readonly #encryption: Buffer
  readonly #index: Buffer
  readonly #ttl: number
  readonly #clock: () => number
  readonly #file: string | undefined
  readonly #tables: Map<string, Table>
  #timer: NodeJS.Timeout | undefined
  #nextSweep = 0
  #unwritten = false

  constructor(key: Buffer, options: VaultOptions) {
    this.#encryption = deriveKey(key, 'parapet vault encryption')
    this.#index = deriveKey(key, 'parapet vault index')
    this.#ttl = options.ttl ?? DAY
    this.#clock = options.clock ?? Date.now
    this.#file = options.file
    this.#tables = options.file === undefined ? new Map() : readTables(options.file, this.#keyCheck())
  }

  pseudonym(kind: string, value: string, caller: Caller): string {
    const name = kind.toUpperCase().replace(/[^A-Z0-9]+/g, '_')
    if (caller.conversation === undefined)
      return `<${name}_${mac(this.#index, ['single', kind, value]).slice(0, 8).toUpperCase()}>`
    const id = this.#tableId(caller)
    const table = this.#live(id) ?? this.#create(id)
    this.#touch(id, table)
    const index = mac(this.#index, [id, kind, value])
    const known = table.byValue.get(index)
    if (known !== undefined) return known
    const count = (table.counters.get(name) ?? 0) + 1
    const pseudonym = `<${name}_${count}>`
    table.counters.set(name, count)
    table.byValue.set(index, pseudonym)
    table.sealed.set(pseudonym, this.#seal(value, id, pseudonym))
    this.#schedule()
    return pseudonym
  }

  reveal(pseudonym: string, caller: Caller): string | null {
    if (caller.conversation === undefined) return null
    const id = this.#tableId(caller)
    const sealed = this.#live(id)?.sealed.get(pseudonym)
    return sealed === undefined ? null : this.#unseal(sealed, id, pseudonym)
  }

  forget(caller: Caller): void {
    if (this.#tables.delete(this.#tableId(caller))) this.#schedule()
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#file === undefined) return
    this.#sweep(this.#clock())
    writeAtomically(this.#file, serialise(this.#tables, this.#keyCheck()))
    this.#unwritten = false
  }

  close(): void {
    if (this.#timer !== undefined || this.#unwritten) this.flush()
  }

  toJSON(): string {
    return '[Vault]'
  }

  [inspect.custom](): string {
    return '[Vault]'
  }

  /** Who speaks and in which conversation: a conversation's id alone could be guessed by another user. */
  #tableId(caller: Caller): string {
    return mac(this.#index, [
      'table',
      caller.application ?? '',
      caller.user ?? '',
      caller.key ?? '',
      caller.conversation ?? '',
    ])
  }

  /** The table, unless it is unknown or its time is over. */
  #live(id: string): Table | undefined {
    const table = this.#tables.get(id)
    if (table === undefined || table.expires > this.#clock()) return table
    this.#tables.delete(id)
    this.#schedule()
    return undefined
  }

  #create(id: string): Table {
    this.#sweep(this.#clock())
    const table: Table = { expires: 0, counters: new Map(), byValue: new Map(), sealed: new Map() }
    this.#tables.set(id, table)
    return table
  }

  /** Keeps the map in order of last use, so that the first entries are the oldest. */
  #touch(id: string, table: Table): void {
    table.expires = this.#clock() + this.#ttl
    this.#tables.delete(id)
    this.#tables.set(id, table)
  }

  #sweep(now: number): void {
    const full = this.#tables.size >= MOST_TABLES
    if (!full && now < this.#nextSweep) return
    this.#nextSweep = now + Math.min(this.#ttl, 60_000)
    for (const [id, table] of this.#tables) {
      if (table.expires > now && this.#tables.size < MOST_TABLES) break
      this.#tables.delete(id)
    }
  }

  #seal(value: string, id: string, pseudonym: string): string {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#encryption, iv)
    cipher.setAAD(Buffer.from(`${id}\n${pseudonym}`))
    const body = Buffer.concat([cipher.update(value, 'utf16le'), cipher.final()])
    return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64')
  }

  #unseal(sealed: string, id: string, pseudonym: string): string | null {
    const bytes = Buffer.from(sealed, 'base64')
    const decipher = createDecipheriv('aes-256-gcm', this.#encryption, bytes.subarray(0, 12), { authTagLength: 16 })
    decipher.setAAD(Buffer.from(`${id}\n${pseudonym}`))
    decipher.setAuthTag(bytes.subarray(12, 28))
    try {
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf16le')
    } catch {
      // Tampered with: as good as unknown.
      return null
    }
  }

  #keyCheck(): string {
    return mac(this.#index, ['key check'])
  }

  #schedule(): void {
    if (this.#file === undefined || this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      try {
        this.flush()
      } catch {
        // Tables stay in memory; the next flush() or close() tries again and throws.
        this.#unwritten = true
      }
    }, WRITE_DELAY)
    this.#timer.unref()
  }
}

function readKey(given: string | undefined): Buffer {
  const text = (given ?? process.env[VAULT_KEY_VARIABLE] ?? '').trim()
  const remedy = `Make one with \`openssl rand -base64 32\` and set it as ${VAULT_KEY_VARIABLE}.`
  if (text === '') throw new ParapetError('vault_key_missing', `Reversible pseudonyms and hashes need a key. ${remedy}`)
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
  if (key.length === 32) return key
  throw new ParapetError(
    'vault_key_missing',
    `The key in ${VAULT_KEY_VARIABLE} must be 32 bytes, base64 or hexadecimal. ${remedy}`,
  )
}

function deriveKey(key: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', purpose, 32))
}

/** HMAC-SHA-256 over parts whose borders cannot be shifted. */
function mac(key: Buffer, parts: readonly string[]): string {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest('hex')
}

interface StoredTable {
  readonly id: string
  readonly expires: number
  readonly counters: Readonly<Record<string, number>>
  readonly entries: readonly (readonly [index: string, pseudonym: string, sealed: string])[]
}

function serialise(tables: ReadonlyMap<string, Table>, keyCheck: string): string {
  const rows = [...tables].map(([id, table]): StoredTable => {
    const entries = [...table.byValue].map(
      ([index, pseudonym]) => [index, pseudonym, table.sealed.get(pseudonym) ?? ''] as const,
    )
    return { id, expires: table.expires, counters: Object.fromEntries(table.counters), entries }
  })
  return JSON.stringify({ parapetVault: 1, keyCheck, tables: rows })
}

function readTables(file: string, keyCheck: string): Map<string, Table> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return new Map()
    throw new ParapetError('configuration', `The vault file ${file} cannot be read: check its permissions.`, { cause })
  }
  const stored = parseStored(text)
  if (stored === null)
    throw new ParapetError('configuration', `The vault file ${file} is damaged: move it away to start an empty one.`)
  if (!sameText(stored.keyCheck, keyCheck)) {
    throw new ParapetError(
      'configuration',
      `The vault file ${file} was written with another key: set that key, or move the file away.`,
    )
  }
  return new Map(stored.tables.map((row) => [row.id, toTable(row)]))
}

function toTable(row: StoredTable): Table {
  return {
    expires: row.expires,
    counters: new Map(Object.entries(row.counters)),
    byValue: new Map(row.entries.map(([index, pseudonym]) => [index, pseudonym])),
    sealed: new Map(row.entries.map(([, pseudonym, sealed]) => [pseudonym, sealed])),
  }
}

function parseStored(text: string): { keyCheck: string; tables: readonly StoredTable[] } | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('keyCheck' in value) || !('tables' in value)) return null
    if (typeof value.keyCheck !== 'string' || !Array.isArray(value.tables)) return null
    const tables = value.tables.filter(isStoredTable)
    return tables.length === value.tables.length ? { keyCheck: value.keyCheck, tables } : null
  } catch {
    return null
  }
}

function isStoredTable(value: unknown): value is StoredTable {
  if (typeof value !== 'object' || value === null) return false
  if (!('id' in value && 'expires' in value && 'counters' in value && 'entries' in value)) return false
  const { id, expires, counters, entries } = value
  const counted =
    typeof counters === 'object' &&
    counters !== null &&
    Object.values(counters).every((count) => typeof count === 'number')
  return (
    typeof id === 'string' && typeof expires === 'number' && counted && Array.isArray(entries) && entries.every(isEntry)
  )
}

function isEntry(value: unknown): boolean {
  return Array.isArray(value) && value.length === 3 && value.every((part) => typeof part === 'string')
}

function sameText(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right))
}

function writeAtomically(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    writeFileSync(temporary, text, { mode: 0o600, flush: true })
    renameSync(temporary, file)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw new ParapetError(
      'configuration',
      `The vault file ${file} cannot be written: check that its folder exists and may be written to.`,
      { cause },
    )
  }
}
