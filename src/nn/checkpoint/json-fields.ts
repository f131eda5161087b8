/** Fields of JSON files that others wrote, read with a clear error. It knows nothing of what the fields mean. */
import { ParapetError } from '../../spec/errors.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** An `input_invalid` error; `file` is the name the reader knows the file by. */
export function invalidFile(file: string, message: string): ParapetError {
  return new ParapetError('input_invalid', `${file}: ${message}`)
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function objectOf(value: unknown, file: string, what: string = 'it'): JsonObject {
  if (isObject(value)) return value
  throw invalidFile(file, `${what} must be a JSON object, not ${jsonText(value)}.`)
}

export function listOf(value: unknown, file: string, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw invalidFile(file, `${what} must be a list, not ${jsonText(value)}.`)
}

/** Own field of an object; `null` counts as absent, as in the files of Hugging Face. */
export function field(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined
}

/** A finite number, or `otherwise` where the field is absent; without `otherwise` the field must be there. */
export function numberField(object: JsonObject, name: string, file: string, otherwise?: number): number {
  const value = field(object, name) ?? otherwise
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (value === undefined) throw invalidFile(file, `${name} is missing.`)
  throw invalidFile(file, `${name} must be a number, not ${jsonText(value)}.`)
}

export function booleanField(object: JsonObject, name: string, file: string, otherwise: boolean): boolean {
  const value = field(object, name) ?? otherwise
  if (typeof value === 'boolean') return value
  throw invalidFile(file, `${name} must be true or false, not ${jsonText(value)}.`)
}

export function stringField(object: JsonObject, name: string, file: string): string | undefined {
  const value = field(object, name)
  if (value === undefined || typeof value === 'string') return value
  throw invalidFile(file, `${name} must be a text, not ${jsonText(value)}.`)
}

/** A value as a message shows it: short. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
