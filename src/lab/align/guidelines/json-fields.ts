/** Fields of published JSON files, checked as they are read. Each error is `input_invalid` and names the place. */
import { ParapetError } from '../../../spec/errors.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export function objectOf(value: unknown, place: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw wrong(place, 'an object')
}

export function listOf(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw wrong(place, 'a list')
}

export function textOf(value: unknown, place: string): string {
  if (typeof value === 'string') return value
  throw wrong(place, 'a text')
}

export function textsOf(value: unknown, place: string): readonly string[] {
  return listOf(value, place).map((item, index) => textOf(item, `${place}[${index}]`))
}

/** Parses a whole file; `place` is its name. */
export function parseJsonFile(text: string, place: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ParapetError('input_invalid', `${place} is not JSON. Use the file as published.`, { cause })
  }
}

function wrong(place: string, wanted: string): ParapetError {
  return new ParapetError('input_invalid', `${place} must be ${wanted}. Use the file as published.`)
}
