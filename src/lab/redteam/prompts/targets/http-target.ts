/**
 * A model server or a running gateway behind the OpenAI chat interface. It tells apart what other clients throw into one pot: a block
 * (status 400 or 202 of a gateway, `content_filter` of a server), the policy's refusal, a failure and a time-out. It waits as long as a
 * 429 asks, all questions together, and keeps to a rate of its own where one is given.
 *
 * No vendor is named here, no redirect followed, and neither keys nor what a server says of an error are repeated.
 */
import { parseRetryAfter } from '../../../../engines/openai-compatible/post-json.ts'
import type { Message } from '../../../../spec/index.ts'
import { ParapetError } from '../../../../spec/index.ts'
import { endpointUrl } from '../../../eval/subjects/http-ask.ts'
import { estimated } from './engine-target.ts'
import { type ReadBody, readBody } from './http-body.ts'
import { Pace } from './pace.ts'
import { type AskOptions, type Reply, type Target, textOf } from './target.ts'

export interface HttpTargetOptions {
  /** Base address: of a gateway (`http://127.0.0.1:4141`) or an API (`http://127.0.0.1:11434/v1`). */
  readonly url: string
  readonly model: string
  readonly apiKey?: string
  /** Milliseconds for one answer. Default 60,000. */
  readonly timeout?: number
  /** Further attempts after a failure of the moment. Default 5. */
  readonly retries?: number
  /** Questions a minute at most. Default: none. */
  readonly perMinute?: number
  /** Longest wait a server may ask for, milliseconds. Default 10 minutes. */
  readonly longestWait?: number
  /** Bound of the first wait between attempts, milliseconds; it doubles. Default 500. */
  readonly firstWait?: number
}

type Tried =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'again'; readonly wait: number | null; readonly last: Reply; readonly reached: boolean }

/** @throws ParapetError `configuration` for an address that is none */
export function httpTarget(options: HttpTargetOptions): Target {
  const base = options.url.replace(/\/+$/, '')
  const endpoint = endpointUrl(/\/v\d+$/.test(base) ? base : `${base}/v1`, '/chat/completions')
  const pace = new Pace(options.perMinute)
  const { retries = 5, longestWait = 600_000, firstWait = 500 } = options
  return {
    id: `${options.model} at ${new URL(endpoint).host}`,
    async ask(messages, asked) {
      for (let attempt = 0; ; attempt += 1) {
        await pace.turn(asked.signal)
        const tried = await tryOnce(endpoint, messages, asked, options)
        if (tried.kind === 'reply') return tried.reply
        const wait = tried.wait ?? firstWait * 2 ** attempt
        if (attempt >= retries || wait > longestWait) {
          if (!tried.reached) throw gone(endpoint, attempt + 1)
          return tried.last
        }
        // A 429 holds for everybody who asks, so nobody asks before it is over.
        if (tried.wait === null) await pace.sleep(wait, asked.signal)
        else pace.holdFor(wait)
      }
    },
  }
}

async function tryOnce(
  endpoint: string,
  messages: readonly Message[],
  asked: AskOptions,
  { model, apiKey, timeout = 60_000 }: HttpTargetOptions,
): Promise<Tried> {
  const late = AbortSignal.timeout(timeout)
  const signal = asked.signal === undefined ? late : AbortSignal.any([asked.signal, late])
  let response: Response | null = null
  let body: ReadBody
  try {
    response = await fetch(endpoint, {
      ...{ method: 'POST', redirect: 'manual', signal },
      headers: {
        ...{ 'content-type': 'application/json', accept: 'application/json' },
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify({
        ...{ model, messages: messages.map(wireMessage), stream: false },
        ...{ max_tokens: asked.maxTokens, temperature: asked.temperature, seed: asked.seed },
      }),
    })
    body = await readBody(response)
  } catch (error) {
    if (asked.signal?.aborted === true) throw new ParapetError('aborted', 'The run was stopped.', { cause: error })
    const cost = estimated(messages, '')
    if (late.aborted) return { kind: 'again', wait: null, last: { outcome: 'timed_out', ...cost }, reached: true }
    // A server that breaks off its answer is there: one such case must not end the run, now and at every --resume.
    const [reached, reason] = response === null ? [false, 'unreachable'] : [true, 'broken_off']
    return { kind: 'again', wait: null, last: { outcome: 'failed', reason, ...cost }, reached }
  }
  return readAnswer(response, body, messages)
}

function readAnswer(response: Response, body: ReadBody, messages: readonly Message[]): Tried {
  const { status, headers } = response
  const cost = body.usage ?? estimated(messages, body.text ?? '')
  const reply = (given: Reply): Tried => ({ kind: 'reply', reply: given })
  const failedBy = (reason: string): Reply => ({ outcome: 'failed', reason, ...cost })
  if (status === 401 || status === 403)
    throw new ParapetError('unauthorized', `The target answered with status ${status}. Check --api-key-env.`)
  if (status === 404)
    throw new ParapetError(
      'configuration',
      'The target has no such model or path (status 404). Check --target and --model.',
    )
  if (status >= 300 && status < 400)
    throw new ParapetError(
      'configuration',
      'The target points elsewhere, which is not followed with a key. Give that address.',
    )
  if (status === 202) return reply({ outcome: 'blocked', by: 'held for review', ...cost })
  if (body.code === 'content_filter' || body.type === 'content_filter')
    return reply({ outcome: 'blocked', by: 'content_filter', ...cost })
  if (status === 504 && body.code === 'guard_timeout') return reply({ outcome: 'timed_out', ...cost })
  if (status === 503 && body.code === 'guard_failed') return reply(failedBy('guard_failed'))
  if (status === 200) return reply(answeredBy(response, body, cost))
  const asksToWait = headers.get('retry-after')
  const wait = asksToWait === null ? null : parseRetryAfter(asksToWait)
  if (status === 429) return { kind: 'again', wait: wait ?? null, last: failedBy('rate_limited'), reached: true }
  const timedOut = status === 408 || status === 504
  const last: Reply = timedOut
    ? { outcome: 'timed_out', ...cost }
    : failedBy(status >= 500 ? 'server_error' : 'rejected')
  const again = (timedOut || status >= 500) && headers.get('x-should-retry') !== 'false'
  return again ? { kind: 'again', wait, last, reached: true } : reply(last)
}

function answeredBy({ headers }: Response, body: ReadBody, cost: ReturnType<typeof estimated>): Reply {
  const decision = headers.get('x-parapet-decision')
  if (body.finish === 'content_filter' || decision === 'refuse')
    return decision === 'refuse'
      ? { outcome: 'refused', text: body.text ?? '', ...cost }
      : { outcome: 'blocked', by: 'content_filter', ...cost }
  if (body.text === null) return { outcome: 'failed', reason: 'malformed', ...cost }
  return { outcome: 'answered', text: body.text, ...cost }
}

function wireMessage(message: Message): unknown {
  const { role, toolCalls = [], toolCallId } = message
  return {
    ...{ role, content: textOf(message) },
    ...(toolCalls.length === 0
      ? {}
      : {
          tool_calls: toolCalls.map(({ id, name, input }) => ({
            ...{ id, type: 'function', function: { name, arguments: input } },
          })),
        }),
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
  }
}

function gone(endpoint: string, attempts: number): ParapetError {
  return new ParapetError(
    'upstream_error',
    `The target at ${new URL(endpoint).host} could not be reached in ${attempts} attempts. What was asked is kept: start it again and go on with --resume.`,
    { details: { reason: 'unreachable' } },
  )
}
