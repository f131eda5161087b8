/**
 * Preference data as JSON Lines: one pair or one labelled turn a line, with the field names of the types in `pairs.ts`.
 *
 * A file is read whole or not at all: every bad line is named with its number, and a field nobody knows is an error, because it
 * would be lost on writing. Empty lines are skipped.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { ParapetError } from '../../spec/errors.ts'
import type { Message } from '../../spec/index.ts'
import { writeAtomically } from '../train/write-atomically.ts'
import type { LabelledTurn, PreferencePair } from './pairs.ts'

/** Throws `configuration` for a file that cannot be opened and `input_invalid` with all bad lines. */
export function readPreferencePairs(path: string): readonly PreferencePair[] {
  return parsePreferencePairs(textOf(path), basename(path))
}

/** Throws as `readPreferencePairs` does. */
export function readLabelledTurns(path: string): readonly LabelledTurn[] {
  return parseLabelledTurns(textOf(path), basename(path))
}

/** `name` stands in messages. */
export function parsePreferencePairs(text: string, name: string): readonly PreferencePair[] {
  return parseLines(text, name, (value) => faultOf(value, ['chosen', 'rejected'], [])) as readonly PreferencePair[]
}

export function parseLabelledTurns(text: string, name: string): readonly LabelledTurn[] {
  return parseLines(text, name, (value) => faultOf(value, ['response'], ['desirable'])) as readonly LabelledTurn[]
}

/** Writes a whole file or none. Reading it gives the same values. */
export function writePreferenceFile(path: string, rows: readonly (PreferencePair | LabelledTurn)[]): void {
  writeAtomically(path, new TextEncoder().encode(preferenceLines(rows)))
}

/** One line a row, each with its line end. */
export function preferenceLines(rows: readonly (PreferencePair | LabelledTurn)[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}

/** Bad lines named in one message; more are counted. */
const SHOWN = 10

function parseLines(
  text: string,
  name: string,
  faultOfRow: (value: unknown) => string | undefined,
): readonly unknown[] {
  const faults: string[] = []
  const rows = text.split('\n').flatMap((line, index): readonly unknown[] => {
    if (line.trim() === '') return []
    const value = parsedJson(line)
    const fault = value === undefined ? 'is not JSON' : faultOfRow(value)
    if (fault !== undefined) faults.push(`${name}:${index + 1} ${fault}`)
    return [value]
  })
  if (faults.length === 0) return rows
  const more = faults.length > SHOWN ? ` And ${faults.length - SHOWN} more.` : ''
  throw new ParapetError(
    'input_invalid',
    `${faults.slice(0, SHOWN).join('. ')}.${more} Correct these lines; nothing was read.`,
  )
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function faultOf(value: unknown, texts: readonly string[], flags: readonly string[]): string | undefined {
  if (!isObject(value)) return 'is not a JSON object'
  const known = ['prompt', 'weight', ...texts, ...flags]
  const stranger = Object.keys(value).find((name) => !known.includes(name))
  if (stranger !== undefined) return `has an unknown field ${stranger}; known are ${known.join(', ')}`
  const text = texts.find((name) => typeof value[name] !== 'string')
  if (text !== undefined) return `needs a text ${text}`
  const flag = flags.find((name) => typeof value[name] !== 'boolean')
  if (flag !== undefined) return `needs ${flag} to be true or false`
  const { prompt, weight } = value
  if (weight !== undefined && !(typeof weight === 'number' && weight >= 0)) return 'needs a weight of at least 0'
  if (!Array.isArray(prompt) || prompt.length === 0) return 'needs a prompt, a list of at least one message'
  const at = prompt.findIndex((message) => !isMessage(message))
  return at < 0 ? undefined : `has no valid message ${at + 1} in its prompt: it needs role and content`
}

const ROLES: readonly unknown[] = ['system', 'developer', 'user', 'assistant', 'tool'] satisfies Message['role'][]
const MESSAGE_FIELDS: readonly string[] = ['role', 'content', 'toolCalls', 'toolCallId'] satisfies (keyof Message)[]

function isMessage(value: unknown): value is Message {
  if (!isObject(value) || !ROLES.includes(value['role'])) return false
  const { content, toolCalls, toolCallId } = value
  return (
    Object.keys(value).every((name) => MESSAGE_FIELDS.includes(name)) &&
    (typeof content === 'string' || (Array.isArray(content) && content.every(isPart))) &&
    (toolCalls === undefined || (Array.isArray(toolCalls) && toolCalls.every(isToolCall))) &&
    (toolCallId === undefined || typeof toolCallId === 'string')
  )
}

function isPart(value: unknown): boolean {
  if (!isObject(value)) return false
  return value['type'] === 'text'
    ? hasTexts(value, ['text'])
    : value['type'] === 'media' && hasTexts(value, ['mediaType', 'source'])
}

function isToolCall(value: unknown): boolean {
  return isObject(value) && hasTexts(value, ['id', 'name', 'input'])
}

function hasTexts(value: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  return names.every((name) => typeof value[name] === 'string')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ParapetError('configuration', `${path} is no file that can be read. Check its path.`, { cause })
  }
}
