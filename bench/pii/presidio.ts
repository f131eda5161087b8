/**
 * Reads presidio-research data (rows with character spans) and maps its entity types to kinds.
 *
 * Types without a kind here (organisations, dates in general, titles, places alone, web domains) are left out, and so are findings
 * inside spans of such a type. Kinds this data does not label are not scored.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { LabelledRow, LabelledSpan } from './measure.ts'

const KIND_OF: Readonly<Record<string, string>> = {
  EMAIL_ADDRESS: 'email',
  PHONE_NUMBER: 'phone',
  CREDIT_CARD: 'card',
  IBAN_CODE: 'iban',
  US_SSN: 'us_ssn',
  IP_ADDRESS: 'ip',
  US_DRIVER_LICENSE: 'driver_licence',
  PERSON: 'name',
  ADDRESS: 'address',
  STREET_ADDRESS: 'address',
  ZIP_CODE: 'address',
}

/** Kinds the data labels completely, with a fixed format or a checksum. */
export const STRUCTURED: readonly string[] = ['email', 'phone', 'card', 'iban', 'us_ssn', 'ip', 'driver_licence']

interface StoredRow {
  readonly full_text: string
  readonly spans: readonly {
    readonly entity_type: string
    readonly start_position: number
    readonly end_position: number
  }[]
}

export interface DataSet {
  readonly rows: readonly LabelledRow[]
  readonly sha256: string
  readonly types: Readonly<Record<string, number>>
}

export function readPresidio(file: string): DataSet {
  const bytes = readFileSync(file)
  const stored = JSON.parse(bytes.toString('utf8')) as readonly StoredRow[]
  const types: Record<string, number> = {}
  const rows = stored.map((row) => {
    const spans: LabelledSpan[] = []
    // Offsets count code points.
    const astral = /[\u{10000}-\u{10FFFF}]/u.test(row.full_text)
    const at = (offset: number): number => (astral ? [...row.full_text].slice(0, offset).join('').length : offset)
    for (const span of row.spans) {
      types[span.entity_type] = (types[span.entity_type] ?? 0) + 1
      const kind = KIND_OF[span.entity_type]
      if (kind !== undefined) spans.push({ kind, start: at(span.start_position), end: at(span.end_position) })
    }
    return { text: row.full_text, spans: spans.sort((left, right) => left.start - right.start) }
  })
  return { rows, sha256: createHash('sha256').update(bytes).digest('hex'), types }
}
