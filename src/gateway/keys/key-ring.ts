/**
 * API keys. Only their SHA-256 is kept; every key is compared, in constant time, so that neither length nor position nor a
 * matching prefix can be measured. Keys are long and random, so a plain hash is enough: there is nothing to guess.
 *
 * A key may fix the application and the user of whoever holds it, and with them the scope of the policy; a header cannot change
 * what the key says.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { ParapetError } from '../../spec/index.ts'

export type KeyRole = 'caller' | 'operator'

/** What a key is good for. */
export interface KeyDefinition {
  /** By which exceptions of the policy, metrics and decisions know it. */
  readonly name: string
  /** The key itself. Exactly one of `key` and `sha256`. */
  readonly key?: string
  /** SHA-256 of the key, 64 hexadecimal digits. */
  readonly sha256?: string
  /** `caller` (default): asks models and sees the decisions made for it. `operator`: sees, reviews, exports and deletes all. */
  readonly role?: KeyRole
  /** Fixes the caller's application, and with it the policy's scope. */
  readonly application?: string
  /** Fixes the caller's user. */
  readonly user?: string
  /** Requests a minute; bursts of up to a sixth of it. Default: no limit. */
  readonly requestsPerMinute?: number
  /** Requests answered at the same time. Default: no limit but the gateway's. */
  readonly concurrency?: number
  /** Name of the upstream it uses when it names none. */
  readonly upstream?: string
}

/** A key as a plain string is a caller's key named after its hash. */
export type KeySetting = string | KeyDefinition

/** Who asks, as far as the key says. */
export interface Access {
  /** Null when no keys are configured. */
  readonly key: string | null
  readonly role: KeyRole
  readonly definition: KeyDefinition | null
}

export interface KeyRing {
  /** Whether a key is needed. */
  readonly keyed: boolean
  /**
   * The key in `Authorization: Bearer …`, `x-api-key` (Anthropic's clients) or `api-key` (Azure's). Without configured keys
   * everybody is an operator: such a gateway only answers its own machine. Throws `unauthorized`.
   */
  identify(header: (name: string) => string | undefined): Access
}

const MIN_LENGTH = 8
const OPEN: Access = { key: null, role: 'operator', definition: null }

interface Entry {
  readonly digest: Buffer
  readonly access: Access
}

/** Keys that may change while the gateway runs. */
export interface KeySource {
  /** The same list as long as nothing has changed. */
  current(): readonly KeySetting[]
}

/**
 * A gateway that had keys when it started asks for one for ever: when the last is taken away nobody is let in, and not everybody.
 */
export function createKeyRing(settings: readonly KeySetting[] | KeySource): KeyRing {
  const source: KeySource = 'current' in settings ? settings : { current: () => settings }
  let list = source.current()
  let entries = entriesOf(list)
  const keyed = entries.length > 0
  return {
    keyed,
    identify(header) {
      if (!keyed) return OPEN
      const now = source.current()
      if (now !== list) {
        list = now
        entries = entriesOf(now)
      }
      const given = sha256(presented(header))
      let found: Access | null = null
      for (const { digest, access } of entries) if (timingSafeEqual(digest, given)) found = access
      if (found !== null) return found
      throw new ParapetError('unauthorized', 'Send a valid API key as `Authorization: Bearer KEY`.')
    },
  }
}

function entriesOf(settings: readonly KeySetting[]): readonly Entry[] {
  const entries = settings.map(entryOf)
  if (new Set(entries.map(({ access }) => access.key)).size !== entries.length) {
    throw new ParapetError('configuration', 'Two API keys have the same name; give each its own.')
  }
  return entries
}

function presented(header: (name: string) => string | undefined): string {
  const bearer = /^bearer +(\S{1,4096})$/i.exec(header('authorization') ?? '')?.[1]
  return bearer ?? (header('x-api-key') ?? header('api-key') ?? '').trim().slice(0, 4096)
}

function entryOf(setting: KeySetting): Entry {
  const definition = typeof setting === 'string' ? { name: '', key: setting } : setting
  const digest = digestOf(definition)
  const name = definition.name === '' ? `key-${digest.toString('hex').slice(0, 8)}` : definition.name
  return {
    digest,
    access: { key: name, role: definition.role ?? 'caller', definition: { ...definition, name } },
  }
}

function digestOf({ name, key, sha256: hash }: KeyDefinition): Buffer {
  const label = name === '' ? 'An API key' : `The API key ${name}`
  if ((key === undefined) === (hash === undefined)) {
    throw new ParapetError('configuration', `${label} needs either the key or its SHA-256, and not both.`)
  }
  if (hash !== undefined) {
    if (/^[0-9a-f]{64}$/i.test(hash)) return Buffer.from(hash, 'hex')
    throw new ParapetError('configuration', `${label}: its SHA-256 is not 64 hexadecimal digits.`)
  }
  const trimmed = (key ?? '').trim()
  if (trimmed.length < MIN_LENGTH) {
    throw new ParapetError(
      'configuration',
      `${label} is shorter than ${MIN_LENGTH} characters; use a longer, random one.`,
    )
  }
  return sha256(trimmed)
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
