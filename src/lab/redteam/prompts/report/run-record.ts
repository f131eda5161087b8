/** `run.json` of a red team: what was asked of what, the rows, and what was found. Every figure in it is made from the rows again. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { ParapetError } from '../../../../spec/index.ts'
import type { Skipped } from '../run/plan.ts'
import { type RedTeamRow, ROW } from '../run/row.ts'
import type { GateResult } from './gate.ts'
import type { RedTeamSummary } from './summary.ts'

export interface RedTeamRecord {
  readonly format: 'parapet-redteam-1'
  readonly target: string
  readonly targetVersion: string
  readonly fingerprint: string
  readonly goals: { readonly about: string; readonly version: string; readonly skippedLines: number }
  readonly seeds: readonly number[]
  readonly attacks: readonly { readonly id: string; readonly family: string; readonly source: string }[]
  readonly settings: readonly { readonly name: string; readonly version: string }[]
  readonly judges: readonly string[]
  readonly maxTokens: number
  readonly temperature: number
  readonly planned: number
  /** Cases that a budget did not reach; they are in no rate. */
  readonly notRun: number
  readonly skipped: readonly Skipped[]
  readonly summary: RedTeamSummary
  readonly gates: readonly GateResult[]
  readonly rows: readonly RedTeamRow[]
}

/** The rows of a `run.json`, checked. Throws `input_invalid` for another file. */
export async function readRedTeamRows(path: string): Promise<readonly RedTeamRow[]> {
  const schema = z.looseObject({ format: z.literal('parapet-redteam-1'), rows: z.array(ROW) })
  const json: unknown = await readFile(path, 'utf8')
    .then((text) => JSON.parse(text) as unknown)
    .catch(() => null)
  const checked = schema.safeParse(json)
  if (checked.success) return checked.data.rows
  throw new ParapetError('input_invalid', `${path} is no run.json of parapet redteam prompts of this version.`)
}
