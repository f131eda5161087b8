/**
 * One POST whose answer is JSON. It follows no redirect, since a key must not travel to another host; reads no more than the limit; and
 * never repeats what a server says in an error, since such messages quote prompts and keys.
 */
import { callAborted, engineFailure } from '../calls/failure.ts'
import type { ServerSettings } from './options.ts'

export type PostSettings = Pick<ServerSettings, 'headers' | 'timeout' | 'maxAnswer' | 'fetch'>

/** The parsed answer. Rejects with a failure of its own for each way in which there is none, or with `aborted`. */
export function postJson(
  url: URL,
  body: unknown,
  settings: PostSettings,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const { timeout } = settings
  return new Promise((resolve, reject) => {
    const controller = new AbortController()
    // Settled before the connection is closed: what that does to the exchange, if it notices at all, is no longer heard.
    const stop = (failure: unknown): void => {
      reject(failure)
      controller.abort()
    }
    const leave = (): void => stop(callAborted())
    const timer = setTimeout(() => stop(tooSlow(timeout)), timeout)
    if (signal?.aborted === true) leave()
    signal?.addEventListener('abort', leave, { once: true })
    exchange(url, body, settings, controller.signal)
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', leave)
        // Lets go of a body nobody reads. Nothing happens where it was read to its end.
        controller.abort()
      })
  })
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

function tooSlow(timeout: number): unknown {
  const help = 'Raise timeout, or see why it is slow.'
  return engineFailure('timeout', `The model server did not answer within ${timeout} ms. ${help}`)
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

function badStatus(status: number, retryAfter: string | null): unknown {
  const fail = (reason: Parameters<typeof engineFailure>[0], advice: string): unknown => {
    const wait = retryAfter === null ? null : parseRetryAfter(retryAfter)
    const facts = { status, ...(wait === null ? {} : { retryAfter: wait }) }
    return engineFailure(reason, `The model server answered with status ${status}: ${advice}.`, facts)
  }
  if (status === 401 || status === 403) return fail('unauthorized', 'check its apiKey')
  if (status === 404) return fail('not_found', 'it has no such model or no such interface; check model, url and api')
  if (status === 408) return fail('timeout', 'it gave up waiting')
  if (status === 429) return fail('rate_limited', 'it is rate limiting')
  if (status >= 500) return fail('server_error', 'look at its log')
  return fail(
    'rejected',
    'it did not accept the request; check model, dialect, schemaField and the length of its context',
  )
}

/** Milliseconds from a `Retry-After`: seconds, or an HTTP date. */
export function parseRetryAfter(value: string, now: number = Date.now()): number | null {
  const text = value.trim()
  if (/^\d{1,9}(?:\.\d{1,3})?$/.test(text)) return Math.round(Number(text) * 1000)
  const date = /^[A-Za-z]{3}, /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - now)
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
