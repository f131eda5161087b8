/** From the bytes of a row to a value, or to what is wrong with them in words that quote nothing. */
import type { BrokenRow } from '../row.ts'
import { inspectJson } from './inspect-json.ts'
import type { RawRow } from './raw-row.ts'

/** Deeper values are no training data; a parser of another language may give up on them. */
const DEEPEST = 32
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export type ParsedRow = BrokenRow | { readonly line: number; readonly value: unknown }

export function parseRow({ line, bytes, problem }: RawRow): ParsedRow {
  if (bytes === null) return { line, problem: problem ?? 'The row cannot be read.' }
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    return { line, problem: 'These bytes are not UTF-8. Convert the file to UTF-8.' }
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { line, problem: 'This is not JSON: one object a line, or one list of objects a file.' }
  }
  const { depth, doubled } = inspectJson(text)
  if (doubled)
    return { line, problem: 'A key stands twice in one object; programs differ in which of the two they read.' }
  if (depth > DEEPEST) return { line, problem: `The value is nested more than ${DEEPEST} deep.` }
  return { line, value }
}
