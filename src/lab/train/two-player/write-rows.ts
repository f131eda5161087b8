/** What a run hands on: rows in the record form for `lab train --extra`, and preference pairs for `lab export`. */
import { gzipSync } from 'node:zlib'
import { preferenceLines } from '../../align/preference-file.ts'
import type { TrainingRecord } from '../records.ts'
import { writeAtomically } from '../write-atomically.ts'
import { proposalMessages } from './prompts.ts'
import type { SeedRow } from './proposal.ts'
import type { KeptPair } from './two-player-arm.ts'

/** One record a line, gzipped; a whole file or none. */
export function writeRows(path: string, rows: readonly SeedRow[]): void {
  const lines = rows.map((row) => `${JSON.stringify(recordOf(row))}\n`).join('')
  writeAtomically(path, gzipSync(lines))
}

function recordOf({ task, language, text, label, categories, source, licence }: SeedRow): TrainingRecord {
  return { task, lang: language, prompt: text, response: null, system: null, label, categories, source, licence }
}

/** Pairs in the words that a chat model is asked in, so that one can be tuned on them elsewhere. */
export function writePairs(path: string, pairs: readonly KeptPair[]): void {
  const rows = pairs.map(({ seed, language, chosen, rejected }) => ({
    prompt: proposalMessages(seed, language),
    chosen,
    rejected,
  }))
  writeAtomically(path, new TextEncoder().encode(preferenceLines(rows)))
}
