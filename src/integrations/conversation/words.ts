/**
 * Whether a value that stands beside an answer (an id, a name, provider metadata) could carry words to a reader.
 *
 * An id is a token: letters, digits and a few signs, without a space. A token holds no sentence and passes as it is; whatever is
 * not a token is judged like a text. Log-probabilities spell the answer piece by piece and cannot be judged: they are left out.
 */

const TOKEN = /^[\w.:@+=~|/-]*$/
/** Signatures and encrypted content are long; they are base64. */
const OPAQUE = /^[\w+/=.-]*$/
const LONGEST_TOKEN = 256
const MAX_DEPTH = 32
const MOST_WORDS = 1_000_000

/** True for an id, a name, a number in a string: for what is no sentence. */
export function isToken(text: string): boolean {
  return (text.length <= LONGEST_TOKEN ? TOKEN : OPAQUE).test(text) && !text.includes('://')
}

/** What a value says. */
export interface Words {
  /** Everything in it that is a string, one line each; empty when all of it are tokens. */
  readonly text: string
  /** False when it holds something nobody can read, or too much of it. */
  readonly readable: boolean
}

const NONE: Words = { text: '', readable: true }

/** The words in any value: strings, keys of objects, messages of errors. */
export function wordsOf(value: unknown): Words {
  if (value === undefined || value === null) return NONE
  if (typeof value === 'string') return isToken(value) ? NONE : { text: value, readable: true }
  const found: string[] = []
  const readable = collect(value, found, 0, new Set())
  if (!readable || found.reduce((sum, { length }) => sum + length, 0) > MOST_WORDS) return { text: '', readable: false }
  return found.every(isToken) ? NONE : { text: found.join('\n'), readable: true }
}

function collect(value: unknown, found: string[], depth: number, open: Set<object>): boolean {
  switch (typeof value) {
    case 'string':
      if (!isNoise(value)) found.push(value)
      return true
    case 'object':
      return value === null || collectObject(value, found, depth, open)
    case 'function':
    case 'symbol':
      return false
    default:
      return true
  }
}

function collectObject(value: object, found: string[], depth: number, open: Set<object>): boolean {
  if (depth > MAX_DEPTH || open.has(value) || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return false
  open.add(value)
  const next = (item: unknown): boolean => collect(item, found, depth + 1, open)
  const readable = Array.isArray(value)
    ? value.every(next)
    : entriesOf(value).every(([key, item]) => next(key) && next(item))
  open.delete(value)
  return readable
}

/** An error's message, name and cause are not enumerable, yet they are what it says. */
function entriesOf(value: object): readonly [string, unknown][] {
  if (value instanceof Date || value instanceof URL) return [['', String(value)]]
  const own = Object.entries(value)
  if (!(value instanceof Error)) return own
  const { name, message, cause } = value
  return [...own, ['', name], ['', message], ['', cause]]
}

const LOGPROBS = /log_?prob/i

/** Metadata without log-probabilities; the value itself when there are none. */
export function withoutLogprobs<T>(value: T, depth = 0): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth > MAX_DEPTH) return value
  let changed = false
  const kept: [string, unknown][] = []
  for (const [key, item] of Object.entries(value)) {
    if (LOGPROBS.test(key)) {
      changed = true
      continue
    }
    const clean: unknown = withoutLogprobs(item, depth + 1)
    changed ||= clean !== item
    kept.push([key, clean])
  }
  return changed ? (Object.fromEntries(kept) as T) : value
}

/** Longer tokens are signatures, encrypted content and the like: they say nothing, and guards would see noise. */
const LONGEST_NAME = 128
/** Tokens longer than that may be a picture. */
const LONGEST_SIGNATURE = 2048

function isNoise(value: unknown): value is string {
  return typeof value === 'string' && value.length > LONGEST_NAME && isToken(value)
}

/** A value as JSON that can be judged. */
export interface JsonText {
  readonly text: string
  /** Something in it may be a picture, which nobody can read. */
  readonly blob: boolean
  /** The value of a changed text, with what had been left out of it; undefined when it is no JSON any more. */
  parse(changed: string): unknown
}

/** The JSON of a value without what is no text. */
export function jsonText(value: unknown): JsonText {
  let blob = false
  const text = JSON.stringify(value, (_key, item: unknown) => {
    if (ArrayBuffer.isView(item)) {
      blob = true
      return null
    }
    if (!isNoise(item)) return item
    blob ||= item.length > LONGEST_SIGNATURE
    return ''
  })
  return { text: text ?? '', blob, parse: (changed) => withNoise(parsed(changed), value) }
}

/** The value of a JSON text; undefined when it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function withNoise(changed: unknown, before: unknown): unknown {
  if (changed === '' && isNoise(before)) return before
  if (typeof changed !== 'object' || changed === null || typeof before !== 'object' || before === null) return changed
  const old = before as Readonly<Record<string, unknown>>
  if (Array.isArray(changed)) return changed.map((item: unknown, index) => withNoise(item, old[index]))
  return Object.fromEntries(Object.entries(changed).map(([key, item]) => [key, withNoise(item, old[key])]))
}
