/**
 * Rows as JSON Lines: `{"id","source","prompt","response","labels":{"prompt_harm","refusal","response_harm"},"hazards"}`. `response`,
 * `hazards` and single labels may be absent. A file is read whole or not at all; bad lines are named with their numbers.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { hazardOf } from '../../../core/taxonomy/index.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { GUARD_TASKS, type GuardLabels, type GuardedRow } from './guarded-row.ts'

/** Bad lines named in one message; more are counted. */
const SHOWN = 10

/** Throws `configuration` for a file that cannot be read, `input_invalid` with all bad lines. */
export function readGuardedRows(path: string): readonly GuardedRow[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ParapetError('configuration', `${path} cannot be read. Give a JSON Lines file of labelled texts.`, {
      cause,
    })
  }
  return parseGuardedRows(text, basename(path))
}

/** `name` stands in messages. Throws `input_invalid`, also for no row at all. */
export function parseGuardedRows(text: string, name: string): readonly GuardedRow[] {
  const faults: string[] = []
  const ids = new Set<string>()
  const rows = text.split('\n').flatMap((line, index): readonly GuardedRow[] => {
    if (line.trim() === '') return []
    const parsed = rowOf(line, ids)
    if (typeof parsed !== 'string') return [parsed]
    faults.push(`${name}:${index + 1} ${parsed}`)
    return []
  })
  if (faults.length > 0) {
    const more = faults.length > SHOWN ? ` And ${faults.length - SHOWN} more.` : ''
    throw new ParapetError('input_invalid', `${faults.slice(0, SHOWN).join(' ')}${more}`)
  }
  if (rows.length === 0) throw new ParapetError('input_invalid', `${name} holds no row.`)
  return rows
}

/** The row, or what is wrong with the line. */
function rowOf(line: string, ids: Set<string>): GuardedRow | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'is not JSON: give one row a line.'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is no JSON object.'
  const { id, source, prompt, response, labels = {}, hazards = [] } = value as Readonly<Record<string, unknown>>
  if (typeof id !== 'string' || id === '') return 'has no "id".'
  if (ids.has(id)) return `has the id ${JSON.stringify(id.slice(0, 80))} of an earlier line.`
  if (typeof source !== 'string' || source === '') return 'has no "source".'
  if (typeof prompt !== 'string' || prompt.trim() === '') return 'has no text as "prompt".'
  if (response !== undefined && response !== null && typeof response !== 'string')
    return 'has a "response" that is no text.'
  if (
    !Array.isArray(hazards) ||
    !hazards.every((hazard) => typeof hazard === 'string' && hazardOf(hazard) !== undefined)
  )
    return 'has "hazards" that are not a list of S1 to S14.'
  const known = labelsOf(labels)
  if (typeof known === 'string') return known
  const answered = typeof response === 'string'
  if (!answered && (known.refusal !== null || known.response_harm !== null))
    return 'has labels of an answer, but no "response".'
  if (Object.values(known).every((label) => label === null)) return 'has no label: there is nothing to learn from it.'
  ids.add(id)
  return {
    ...{ id, source, prompt },
    ...(answered ? { response } : {}),
    ...{ labels: known, hazards: hazards as readonly string[] },
  }
}

function labelsOf(value: unknown): GuardLabels | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'has "labels" that are no object.'
  const unknown = Object.keys(value).find((key) => !(GUARD_TASKS as readonly string[]).includes(key))
  if (unknown !== undefined) return `has a label "${unknown.slice(0, 40)}"; there are ${GUARD_TASKS.join(', ')}.`
  const given = value as Readonly<Record<string, unknown>>
  const wrong = GUARD_TASKS.find((task) => ![true, false, null, undefined].includes(given[task] as boolean | null))
  if (wrong !== undefined) return `has a label ${wrong} that is not true, false or null.`
  const label = (task: (typeof GUARD_TASKS)[number]): boolean | null => (given[task] as boolean | undefined) ?? null
  return { prompt_harm: label('prompt_harm'), refusal: label('refusal'), response_harm: label('response_harm') }
}

/** One line a row, each with its line end, fields in one order. Reading it gives the same rows. */
export function guardedRowLines(rows: readonly GuardedRow[]): string {
  return rows
    .map(({ id, source, prompt, response, labels, hazards }) => {
      const { prompt_harm, refusal, response_harm } = labels
      return `${JSON.stringify({ id, source, prompt, response, labels: { prompt_harm, refusal, response_harm }, hazards })}\n`
    })
    .join('')
}
