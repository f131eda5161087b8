/**
 * One POST whose answer is JSON. It follows no redirect, since a key must not travel to another host; reads no more than the limit; and
 * never repeats what a server says in an error, since such messages quote prompts and keys.
 */
import type { EngineFailureReason } from '../../spec/index.ts'
import { engineFailure } from '../calls/failure.ts'
import { parseRetryAfter, reasonOfStatus } from '../calls/http-status.ts'
import { timedCall } from '../calls/timed-call.ts'
import type { ServerSettings } from './options.ts'

export { parseRetryAfter }

export type PostSettings = Pick<ServerSettings, 'headers' | 'timeout' | 'maxAnswer' | 'fetch'>

/** The parsed answer. Rejects with a failure of its own for each way in which there is none, or with `aborted`. */
export function postJson(
  url: URL,
  body: unknown,
  settings: PostSettings,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  return timedCall((ending) => exchange(url, body, settings, ending), settings.timeout, signal)
}

async function exchange(
  url: URL,
  body: unknown,
  { fetch: send, headers, maxAnswer }: PostSettings,
  signal: AbortSignal,
): Promise<unknown> {
  const answer = await send(url, {
    ...{ method: 'POST', redirect: 'manual', headers, signal },
    body: JSON.stringify(body),
  }).catch((cause: unknown) => {
    const message = 'The model server could not be reached. Check its url and whether it runs.'
    throw engineFailure('unreachable', message, { cause })
  })
  refuseBadAnswer(answer)
  const text = await readText(answer, maxAnswer).catch((cause: unknown) => {
    if (cause instanceof TooLarge) throw tooLarge(maxAnswer)
    const message = 'The connection to the model server broke off before its answer was whole.'
    throw engineFailure('broken_off', message, { cause })
  })
  return parseJson(text)
}

class TooLarge extends Error {}

function tooLarge(limit: number): unknown {
  return engineFailure(
    'too_large',
    `The answer of the model server is larger than ${limit} bytes. Raise maxAnswer if that is right.`,
  )
}

function refuseBadAnswer(answer: Response): void {
  const { status } = answer
  if (status >= 300 && status < 400)
    throw engineFailure(
      'redirected',
      'The model server points to another address, which is not followed with a key. Write that address as url.',
      { status },
    )
  if (!answer.ok) throw badStatus(status, answer.headers.get('retry-after'))
  const type = answer.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type === undefined || type === 'application/json' || type.endsWith('+json')) return
  const what = type === 'text/html' ? 'with a web page' : 'with something that is not JSON'
  throw engineFailure('wrong_type', `The model server answered ${what}. Does its url lead to its API?`, { status })
}

/** What to do about a status, by its reason. */
const ADVICE: Readonly<Partial<Record<EngineFailureReason, string>>> = {
  unauthorized: 'check its apiKey',
  not_found: 'it has no such model or no such interface; check model, url and api',
  timeout: 'it gave up waiting',
  rate_limited: 'it is rate limiting',
  server_error: 'look at its log',
}

function badStatus(status: number, retryAfter: string | null): unknown {
  const reason = reasonOfStatus(status)
  const advice =
    ADVICE[reason] ?? 'it did not accept the request; check model, dialect, schemaField and the length of its context'
  const wait = retryAfter === null ? null : parseRetryAfter(retryAfter)
  const facts = { status, ...(wait === null ? {} : { retryAfter: wait }) }
  return engineFailure(reason, `The model server answered with status ${status}: ${advice}.`, facts)
}

async function readText(answer: Response, limit: number): Promise<string> {
  if (answer.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const bytes of answer.body as unknown as AsyncIterable<Uint8Array>) {
    size += bytes.byteLength
    if (size > limit) throw new TooLarge()
    text += decoder.decode(bytes, { stream: true })
  }
  return text + decoder.decode()
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // What is thrown quotes the answer.
    throw engineFailure('malformed', 'The answer of the model server is not well-formed JSON, or ends half way.')
  }
}
