/**
 * Port numbers from an option or the environment. 0 asks for a free one.
 */
import { usageError } from './exit.ts'

export const DEFAULT_PORT = 4141

/** The number, or null when it is none. */
export function parsePort(value: string): number | null {
  return /^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? Number(value) : null
}

/** `PORT`, checked like the option. */
export function portFromEnvironment(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const value = env['PORT'] ?? ''
  if (value === '') return undefined
  const port = parsePort(value)
  if (port === null) throw usageError('PORT must be a number from 0 to 65535. Correct it, or give --port.')
  return port
}
