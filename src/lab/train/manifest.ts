/** What a model was made from: files with their hashes, sources with licences, share-alike terms and generating models. */
import type { RecordFile } from './records.ts'

export interface SourceEntry {
  readonly source: string
  readonly licence: string
  readonly shareAlike: boolean
  /** The answers or labels were made by a language model, as far as the file's name tells. */
  readonly modelOutput: boolean
  /** What was done to the rows here: `translate/apertium/fr`. */
  readonly made?: string
  readonly rows: number
}

export interface Manifest {
  readonly files: readonly { readonly name: string; readonly rows: number; readonly sha256: string }[]
  readonly sources: readonly SourceEntry[]
}

const MODEL_OUTPUT = /responses?|completions|refusals|moonshot|navirocker|demonstrations|glaive/

export function isShareAlike(licence: string): boolean {
  return /-SA\b|share-?alike/i.test(licence)
}

export function manifestOf(files: readonly RecordFile[]): Manifest {
  const sources = new Map<string, SourceEntry>()
  for (const { name, records } of files) {
    for (const { source, licence } of records) {
      const [origin = source, made = ''] = source.split('+parapet/lab:')
      const owner = origin.split(':')[0] ?? origin
      const key = `${owner}\n${licence}\n${made}`
      const entry = sources.get(key) ?? {
        source: owner,
        licence,
        shareAlike: isShareAlike(licence),
        modelOutput: MODEL_OUTPUT.test(name),
        ...(made === '' ? {} : { made }),
        rows: 0,
      }
      sources.set(key, { ...entry, rows: entry.rows + 1 })
    }
  }
  return {
    files: files.map(({ name, records, sha256 }) => ({ name, rows: records.length, sha256 })),
    sources: [...sources.values()].toSorted((left, right) => (left.source < right.source ? -1 : 1)),
  }
}
