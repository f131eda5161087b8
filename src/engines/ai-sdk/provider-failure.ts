/**
 * What a provider threw, as a failure with a reason. Errors of the AI SDK hold the request, the answer and the headers; none of that is
 * repeated, nor kept as a cause.
 */
import type { EngineFailureReason } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { engineFailure } from '../calls/failure.ts'
import { parseRetryAfter, reasonOfStatus } from '../calls/http-status.ts'

interface Thrown {
  readonly name: string
  readonly status: number | null
  readonly headers: Readonly<Record<string, unknown>>
  readonly cause: unknown
}

/** A failure for whatever was thrown: no Error, a cyclic one, one that throws itself when it is looked at. */
export function providerFailure(thrown: unknown): ParapetError {
  try {
    return ParapetError.isInstance(thrown) ? thrown : failureOf(thrown)
  } catch {
    return engineFailure(...UNKNOWN)
  }
}

function failureOf(thrown: unknown): ParapetError {
  const facts = factsOf(thrown)
  const { name, status } = facts
  if (status !== null && status >= 200 && status < 300) return unreadable(facts)
  if (status !== null) return badStatus(status, facts.headers)
  const named = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined
  const [reason, message] = named ?? (isNetwork(thrown) ? UNREACHABLE : UNKNOWN)
  return reason === 'configuration' ? new ParapetError('configuration', message) : engineFailure(reason, message)
}

type Named = readonly [EngineFailureReason | 'configuration', string]

const UNREACHABLE: Named = ['unreachable', 'The model server could not be reached. Check the base URL of its provider.']
const GAVE_UP: Named = ['timeout', 'The provider gave up waiting for the model server.']
const OTHER_FORM: Named = ['malformed', "The model server's answer is of another form than its provider expects."]
const CANNOT: Named = [
  'configuration',
  "This cannot be asked through the AI SDK's provider. Use another model or format.",
]
const UNKNOWN: readonly [EngineFailureReason, string] = [
  'server_error',
  "The AI SDK's provider failed in a way that it does not name. Look at its log.",
]

/** By the names that the SDK gives its errors: they hold across versions and duplicate installs. */
const NAMED: Readonly<Record<string, Named>> = {
  AI_APICallError: UNREACHABLE,
  AbortError: GAVE_UP,
  ResponseAborted: GAVE_UP,
  TimeoutError: GAVE_UP,
  AI_LoadAPIKeyError: [
    'configuration',
    'The provider of the AI SDK has no API key. Set its variable, or hand it the key.',
  ],
  AI_LoadSettingError: ['configuration', 'A setting of the provider of the AI SDK is missing. Hand it in.'],
  AI_NoSuchModelError: ['not_found', 'The provider of the AI SDK has no such model.'],
  AI_UnsupportedFunctionalityError: CANNOT,
  AI_InvalidArgumentError: CANNOT,
  AI_InvalidPromptError: CANNOT,
  AI_EmptyResponseBodyError: ['empty', 'The model server answered with nothing. Look at its log.'],
  AI_NoContentGeneratedError: ['empty', 'The model answered with nothing.'],
  AI_InvalidResponseDataError: OTHER_FORM,
  AI_JSONParseError: OTHER_FORM,
  AI_TypeValidationError: OTHER_FORM,
}

function factsOf(thrown: unknown): Thrown {
  if (typeof thrown !== 'object' || thrown === null) return { name: '', status: null, headers: {}, cause: undefined }
  const { name, statusCode, responseHeaders, cause } = thrown as Readonly<Record<string, unknown>>
  return {
    name: typeof name === 'string' ? name : '',
    status: isStatus(statusCode) ? statusCode : null,
    headers: typeof responseHeaders === 'object' && responseHeaders !== null ? { ...responseHeaders } : {},
    cause,
  }
}

function isStatus(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599
}

/** A success that could not be read: of another type or form, or not read to its end. */
function unreadable({ status, headers, cause }: Thrown): ParapetError {
  const type = headers['content-type']
  const facts = status === null ? {} : { status }
  if (typeof type === 'string' && /^text\/(?:html|plain)/i.test(type))
    return engineFailure(
      'wrong_type',
      'The model server answered with no JSON. Does the base URL lead to its API?',
      facts,
    )
  const { name } = factsOf(cause)
  if (Object.hasOwn(NAMED, name) || cause === undefined || cause === null)
    return engineFailure('malformed', OTHER_FORM[1], facts)
  const message = 'The connection to the model server broke off before its answer was whole.'
  return engineFailure('broken_off', message, facts)
}

/** What to do about a status, by its reason. */
const ADVICE: Readonly<Partial<Record<EngineFailureReason, string>>> = {
  unauthorized: 'check the API key of its provider',
  not_found: 'it has no such model; check the model id and the base URL',
  timeout: 'it gave up waiting',
  rate_limited: 'it is rate limiting',
  server_error: 'look at its log',
  redirected: 'it points to another address; write that as the base URL',
}

function badStatus(status: number, headers: Thrown['headers']): ParapetError {
  const reason = reasonOfStatus(status)
  const advice =
    ADVICE[reason] ?? 'it did not accept the request; check the model, its options and the length of its context'
  const wait = retryAfterOf(headers)
  const facts = { status, ...(wait === null ? {} : { retryAfter: wait }) }
  return engineFailure(reason, `The model server answered with status ${status}: ${advice}.`, facts)
}

function retryAfterOf(headers: Thrown['headers']): number | null {
  const { 'retry-after-ms': ms, 'retry-after': wait } = headers
  if (typeof ms === 'string' && /^\d{1,9}(?:\.\d{1,6})?$/.test(ms)) return Math.round(Number(ms))
  return typeof wait === 'string' ? parseRetryAfter(wait) : null
}

/** `fetch failed`, and what Node says of sockets. */
function isNetwork(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
  return /^(?:ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|EAI_|UND_ERR_)/.test(code) || /^fetch failed$/i.test(thrown.message)
}
