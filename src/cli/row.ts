/**
 * One line of a bulk check: bytes to `CheckInput`, and `CheckResult` to the row that is written.
 *
 * Exactly the documented keys are read (others are ignored) and written. Messages name the field, never its content.
 */
import type { CheckInput, CheckResult, CheckRow, RowStage } from '../spec/check.ts'
import { ParapetError, type ErrorCode } from '../spec/errors.ts'
import type { Scores } from '../spec/guard.ts'
import { MAX_LINE_BYTES } from './lines.ts'

/** Stages a row may name. */
export const ROW_STAGES: readonly RowStage[] = ['input', 'retrieval', 'tool_result', 'output']

/** Ids are text; data sets that number their rows get the number back as they wrote it. */
export type RowId = string | number | undefined

/** A row as it is written. */
export type OutputRow = Omit<CheckRow, 'id'> & { readonly id?: string | number }

/** What a line asks, or the error row it gets. */
export type ParsedLine =
  | { readonly ok: true; readonly id: RowId; readonly input: CheckInput }
  | { readonly ok: false; readonly row: OutputRow }

const NO_SCORES: Scores = { prompt_harm: null, response_harm: null, refusal: null, injection: null, toxicity: null }

const UTF8: TextDecoder = new TextDecoder('utf-8', { fatal: true })

/** Reads a physical line; `null` stands for one that is longer than the limit. */
export function parseLine(bytes: Uint8Array | null): ParsedLine {
  if (bytes === null) {
    return invalid(undefined, `the line is longer than ${MAX_LINE_BYTES / 1024 / 1024} MB`, 'input_too_large')
  }
  const text = decodeUtf8(bytes)
  if (text === null) return invalid(undefined, 'the line is not valid UTF-8')
  if (text.trim() === '') return invalid(undefined, 'the line is blank; write one JSON object per line')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // The engine's own message quotes the text; only its position is passed on.
    const position = /at position (\d{1,10})/.exec(error instanceof Error ? error.message : '')?.[1]
    return invalid(
      undefined,
      `the line is not valid JSON${position === undefined ? '' : ` (at character ${Number(position) + 1})`}`,
    )
  }
  return toInput(value)
}

/** Strict UTF-8 without byte order mark, or null. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return UTF8.decode(bytes)
  } catch {
    return null
  }
}

function toInput(value: unknown): ParsedLine {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return invalid(undefined, 'the line must be a JSON object such as {"prompt":"…"}')
  }
  const row = value as Readonly<Record<string, unknown>>
  const id = row['id']
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number') {
    return invalid(undefined, '`id` must be a string')
  }
  const known = id ?? undefined
  const { prompt, response, system, stage } = row
  if (prompt !== undefined && prompt !== null && typeof prompt !== 'string') {
    return invalid(known, '`prompt` must be a string')
  }
  if (response !== undefined && response !== null && typeof response !== 'string') {
    return invalid(known, '`response` must be a string or null')
  }
  if (system !== undefined && system !== null && typeof system !== 'string') {
    return invalid(known, '`system` must be a string or null')
  }
  if (stage !== undefined && stage !== null && !isRowStage(stage)) {
    return invalid(known, `\`stage\` must be one of ${ROW_STAGES.join(', ')}`)
  }
  const given = typeof response === 'string'
  if ((prompt === undefined || prompt === null || prompt === '') && !given) {
    return invalid(known, '`prompt` is missing or empty; it may be empty only when `response` is given')
  }
  return {
    ok: true,
    id: known,
    input: {
      ...(known === undefined ? {} : { id: String(known) }),
      prompt: prompt ?? '',
      ...(given ? { response } : {}),
      ...(typeof system === 'string' ? { system } : {}),
      ...(isRowStage(stage) ? { stage } : {}),
    },
  }
}

/** Whether a value is a stage that a row may name. */
export function isRowStage(value: unknown): value is RowStage {
  return ROW_STAGES.some((stage) => stage === value)
}

function invalid(id: RowId, message: string, code: ErrorCode = 'input_invalid'): ParsedLine {
  return { ok: false, row: errorRow(id, code, message) }
}

/** The row of a line that could not be judged. */
export function errorRow(id: RowId, code: ErrorCode, message: string, ms = 0): OutputRow {
  return {
    ...(id === undefined ? {} : { id }),
    decision: code === 'guard_timeout' ? 'timeout' : 'error',
    scores: NO_SCORES,
    categories: {},
    spans: [],
    error: { code, message },
    ms,
  }
}

/** The row of a check that threw. Foreign errors may quote a text, so their message stays inside. */
export function thrownRow(id: RowId, error: unknown, ms: number): OutputRow {
  if (ParapetError.isInstance(error)) return errorRow(id, error.code, error.message, ms)
  return errorRow(id, 'internal', 'the check failed unexpectedly; please report this as a defect', ms)
}

/** Exactly the documented keys, in the documented order; the id as the line gave it. */
export function toRow(result: CheckRow | CheckResult, id: RowId = result.id): OutputRow {
  const { prompt_harm, response_harm, refusal, injection, toxicity } = result.scores
  return {
    ...(id === undefined ? {} : { id }),
    decision: result.decision,
    ...(result.text === undefined ? {} : { text: result.text }),
    scores: { prompt_harm, response_harm, refusal, injection, toxicity },
    categories: result.categories,
    spans: result.spans.map(({ start, end, label, field, score }) => ({ start, end, label, field, score })),
    error: result.error === null ? null : { code: result.error.code, message: result.error.message },
    ms: result.ms,
  }
}
