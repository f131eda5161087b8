/** What a job's thread and the thread that started it say to each other, and errors in a form that survives the way. */
import { ERROR_CODES, type ErrorCode, ParapetError } from '../../spec/errors.ts'

/** What the thread is started with. */
export interface JobStart {
  readonly module: string
  readonly exportName: string
  readonly options: unknown
}

/** From the job's thread. */
export type JobReply =
  | { readonly type: 'progress'; readonly value: unknown }
  | { readonly type: 'done'; readonly result: unknown }
  | { readonly type: 'failed'; readonly error: PlainError }

/** To the job's thread. */
export interface JobRequest {
  readonly type: 'abort'
}

/** An error as data. */
export interface PlainError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  /** Of a ParapetError. */
  readonly code?: ErrorCode
  /** Of a ParapetError; only what JSON can say. */
  readonly details?: Record<string, unknown>
  readonly cause?: PlainError
}

/** Causes deeper than this are left out: a circle must end. */
const DEEPEST_CAUSE = 5

export function plainError(cause: unknown, depth: number = 0): PlainError {
  if (!(cause instanceof Error)) return { name: 'Error', message: String(cause), stack: undefined }
  const inner = cause.cause === undefined || depth >= DEEPEST_CAUSE ? {} : { cause: plainError(cause.cause, depth + 1) }
  const plain = { name: cause.name, message: cause.message, stack: cause.stack, ...inner }
  if (!ParapetError.isInstance(cause)) return plain
  return { ...plain, code: cause.code, details: inJson(cause.details) }
}

/** The error again: a ParapetError if it was one, else an Error of the same name. */
export function revivedError({ name, message, stack, code, details, cause }: PlainError): Error {
  const options = cause === undefined ? {} : { cause: revivedError(cause) }
  const error =
    code !== undefined && code in ERROR_CODES
      ? new ParapetError(code, message, details === undefined ? options : { ...options, details })
      : new Error(message, options)
  error.name = name
  if (stack !== undefined) error.stack = stack
  return error
}

function inJson(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return JSON.parse(JSON.stringify(details)) as Record<string, unknown>
  } catch {
    return {}
  }
}
