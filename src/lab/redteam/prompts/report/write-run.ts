/** Writes what a red team found: `run.json`, `report.html`, and JUnit where it is asked for, each whole or not at all. */
import { join } from 'node:path'
import { writeAtomically } from '../../../train/write-atomically.ts'
import type { RedTeamOptions, RedTeamOutcome } from '../run/run-red-team.ts'
import { applyGates, type Gate } from './gate.ts'
import { renderJunit } from './junit.ts'
import { renderRedTeamPage } from './page.ts'
import type { RedTeamRecord } from './run-record.ts'
import { summarise } from './summary.ts'

export const REDTEAM_FILES = { run: 'run.json', report: 'report.html', junit: 'junit.xml' } as const

export interface WriteRunOptions {
  readonly options: RedTeamOptions
  readonly outcome: RedTeamOutcome
  readonly gates?: readonly Gate[]
  readonly skippedLines?: number
  /** Default: `junit.xml` in the run's folder. */
  readonly junit?: string
}

export function writeRedTeam({
  options,
  outcome,
  gates = [],
  skippedLines = 0,
  junit,
}: WriteRunOptions): RedTeamRecord {
  const { out, goals, attacks, settings, judges, seeds = [1], maxTokens = 64, temperature = 0 } = options
  const { rows, planned, notRun, skipped, target, fingerprint } = outcome
  const summary = summarise(rows)
  const record: RedTeamRecord = {
    ...{ format: 'parapet-redteam-1', target, targetVersion: options.targetVersion ?? '', fingerprint },
    goals: { about: goals.about, version: goals.version, skippedLines },
    attacks: attacks.map(({ id, family, source }) => ({ id, family, source })),
    settings: settings.map(({ name, version }) => ({ name, version })),
    judges: judges.map(({ name }) => name),
    ...{ seeds, maxTokens, temperature, planned, notRun, skipped, summary },
    ...{ gates: applyGates(gates, summary), rows },
  }
  const write = (path: string, text: string): void => writeAtomically(path, Buffer.from(text))
  write(join(out, REDTEAM_FILES.report), renderRedTeamPage(record))
  write(junit ?? join(out, REDTEAM_FILES.junit), renderJunit(summary, record.gates))
  // Last: a folder with a run.json is a run that is done.
  write(join(out, REDTEAM_FILES.run), `${JSON.stringify(record, null, 1)}\n`)
  return record
}
