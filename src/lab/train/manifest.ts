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

/**
 * Rows of files by where they come from. A row that holds texts of several (`parapet/lab:synth/answers/prose < wordnet < owner/name:path`)
 * counts for each of them, with the licence that stands in the same place of `WordNet-3.0 AND MIT`.
 */
export function manifestOf(files: readonly RecordFile[]): Manifest {
  const sources = new Map<string, SourceEntry>()
  for (const { name, records } of files)
    for (const { source, licence } of records)
      for (const part of partsOf(source, licence)) {
        const key = `${part.source}\n${part.licence}\n${part.made ?? ''}`
        const entry = sources.get(key) ?? {
          ...part,
          shareAlike: isShareAlike(part.licence),
          modelOutput: MODEL_OUTPUT.test(name),
          rows: 0,
        }
        sources.set(key, { ...entry, rows: entry.rows + 1 })
      }
  return {
    files: files.map(({ name, records, sha256 }) => ({ name, rows: records.length, sha256 })),
    sources: [...sources.values()].toSorted((left, right) => (left.source < right.source ? -1 : 1)),
  }
}

function partsOf(source: string, licence: string): readonly Pick<SourceEntry, 'source' | 'licence' | 'made'>[] {
  const [whole = source, translated] = source.split('+parapet/lab:')
  const [first = whole, ...held] = whole.split(' < ')
  const made = translated ?? (first.startsWith(OWN) ? first.slice(OWN.length) : undefined)
  const licences = licence.split(' AND ')
  const entries = held.length === 0 ? [first] : held
  return entries.map((entry, place) => ({
    source: entry.split(':')[0] ?? entry,
    licence: licences.length === entries.length ? (licences[place] ?? licence) : licence,
    ...(made === undefined ? {} : { made }),
  }))
}

const OWN = 'parapet/lab:'
