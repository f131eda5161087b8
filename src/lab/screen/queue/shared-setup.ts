/**
 * What every worker of a screen must have alike: the version of Parapet, the guards, the form of each file, and the set's models of
 * characters. Guards are compared by their hashes and not sent: a worker brings its own.
 */
import { createHash } from 'node:crypto'
import { ParapetError } from '../../../spec/errors.ts'
import { FORM_NAMES, type FormName } from '../forms/index.ts'
import type { GuardFile } from '../rows-phase.ts'
import { digestOf } from '../screen-identity.ts'
import type { Spread, SurprisalState } from '../surprisal/surprisal.ts'
import { pack, unpack } from './packed-text.ts'

export interface SharedSettings {
  /** Of Parapet: another may judge otherwise. */
  readonly version: string
  readonly guards: readonly { readonly name: string; readonly passages: boolean; readonly sha256: string }[]
}

export interface SharedSetup extends SharedSettings {
  /** By the number of the file. */
  readonly forms: readonly (FormName | null)[]
  readonly surprisal: SurprisalState
}

export function settingsOf(version: string, guards: readonly GuardFile[]): SharedSettings {
  return {
    version,
    guards: guards.map(({ name, passages, path }) => ({ name, passages, sha256: digestOf(path) })),
  }
}

export function setupToText({ version, guards, forms, surprisal }: SharedSetup): string {
  const { halves, mean, peak } = surprisal
  return JSON.stringify({ version, guards, forms, mean, peak, halves: halves.map(packed) })
}

/** Names a setup in every task and answer. */
export function setupDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Throws `input_invalid` for a text that is not of `setupToText`. */
export function setupFromText(text: string): SharedSetup {
  const { version, guards, forms, mean, peak, halves } = objectOf(text)
  if (typeof version !== 'string' || !Array.isArray(guards) || !Array.isArray(forms) || !Array.isArray(halves))
    throw damaged()
  const [first, second] = halves as readonly unknown[]
  return {
    version,
    guards: guards as SharedSettings['guards'],
    forms: forms.map((form) => FORM_NAMES.find((name) => name === form) ?? null),
    surprisal: { halves: [unpacked(first), unpacked(second)], mean: spread(mean), peak: spread(peak) },
  }
}

/** What a worker has otherwise than it must, in words; null where all is alike. */
export function difference(wanted: SharedSettings, own: SharedSettings): string | null {
  if (wanted.version !== own.version) return `it wants Parapet ${wanted.version}, this is ${own.version}`
  const described = ({ guards }: SharedSettings): string =>
    guards.map(({ name, passages, sha256 }) => `${name} ${sha256.slice(0, 12)}${passages ? '' : ' (whole)'}`).join(', ')
  return JSON.stringify(wanted.guards) === JSON.stringify(own.guards)
    ? null
    : `it wants the guards ${described(wanted)}, this worker has ${described(own)}: give it the same --guard files`
}

function packed(counts: Uint32Array): string {
  return pack(Buffer.from(counts.buffer, counts.byteOffset, counts.byteLength))
}

function unpacked(text: unknown): Uint32Array {
  const bytes = typeof text === 'string' ? unpack(text) : null
  if (bytes === null || bytes.length % 4 !== 0) throw damaged()
  return new Uint32Array(Uint8Array.from(bytes).buffer)
}

function spread(value: unknown): Spread {
  const { median, deviation } = (value ?? {}) as Partial<Spread>
  if (typeof median !== 'number' || typeof deviation !== 'number') throw damaged()
  return { median, deviation }
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text) ?? {}) as Readonly<Record<string, unknown>>
  } catch {
    throw damaged()
  }
}

function damaged(): ParapetError {
  return new ParapetError('input_invalid', 'The setup of a screen in the queue is damaged. Start the screen again.')
}
