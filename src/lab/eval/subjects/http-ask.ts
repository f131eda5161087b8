/**
 * One JSON request to a server that is measured: what came back, or what kept it from coming. Nothing is retried, because a retry would
 * hide failures and change latency.
 *
 * It reads no environment and never puts a key into a message.
 */
import { ParapetError } from '../../../spec/index.ts'

/** Longest answer that is read, in bytes. */
const LONGEST_ANSWER = 1 << 20
/** Characters of a server's own error message that are passed on. */
const LONGEST_MESSAGE = 200

export interface Asked {
  /** Absolute http(s) address. */
  readonly url: string
  readonly body: unknown
  /** Sent as a bearer token. */
  readonly apiKey?: string | undefined
  readonly signal: AbortSignal
}

export type Answered =
  | { readonly outcome: 'answered'; readonly body: unknown }
  | { readonly outcome: 'error' | 'parse_failure'; readonly message: string }

/** Posts JSON and reads JSON. Never throws for what a server does; an abort is an error like any other. */
export async function askJson({ url, body, apiKey, signal }: Asked): Promise<Answered> {
  let response: Response
  let text: string | null
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(body),
      // A redirect would carry the text, and perhaps the key, to a server nobody named.
      redirect: 'error',
      signal,
    })
    text = await readText(response)
  } catch (error) {
    return { outcome: 'error', message: `The server could not be asked: ${reasonOf(error)}` }
  }
  if (text === null) return { outcome: 'parse_failure', message: `The answer is larger than ${LONGEST_ANSWER} bytes.` }
  const parsed = parse(text)
  if (!response.ok) return { outcome: 'error', message: statusMessage(response.status, parsed) }
  if (parsed === undefined) return { outcome: 'parse_failure', message: 'The answer is not JSON.' }
  return { outcome: 'answered', body: parsed }
}

/**
 * The address of an endpoint under a base address that the user gave; one that already ends with the endpoint is kept.
 *
 * @throws ParapetError `configuration` for anything but a plain http(s) address.
 */
export function endpointUrl(base: string, path: string): string {
  const url = URL.canParse(base) ? new URL(base) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new ParapetError('configuration', `${base} is no http or https address. Write it like http://127.0.0.1:4141.`)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new ParapetError(
      'configuration',
      'The address of a server must hold no user, password, query or fragment. Give keys by an environment variable.',
    )
  const whole = url.href.replace(/\/+$/, '')
  return whole.endsWith(path) ? whole : `${whole}${path}`
}

/** The text of an answer, null once it is longer than allowed. */
async function readText(response: Response): Promise<string | null> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body ?? []) {
    size += piece.byteLength
    if (size > LONGEST_ANSWER) return null
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Status and, where the body is an OpenAI-like error, its message. */
function statusMessage(status: number, body: unknown): string {
  const error = property(body, 'error')
  const message = typeof error === 'string' ? error : property(error, 'message')
  return typeof message === 'string' ? `HTTP ${status}: ${message.slice(0, LONGEST_MESSAGE)}` : `HTTP ${status}`
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined
}

/** `fetch` hides the reason (ECONNREFUSED and the like) in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return code === '' ? cause.message : code
}
