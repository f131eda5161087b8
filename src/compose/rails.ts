/** Which guards stand where, for people: names by stage. */
import type { Policy, RailEntry } from '../spec/index.ts'
import { STAGES } from '../spec/index.ts'

/** Names in the rails, stages without guards left out. */
export function guardsByStage(policy: Policy): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    STAGES.flatMap((stage) => {
      const entries = policy.rails?.[stage] ?? []
      return entries.length === 0 ? [] : [[stage, entries.map(entryName)] as const]
    }),
  )
}

function entryName(entry: RailEntry): string {
  if (typeof entry === 'string') return entry
  return entry.shadow === true ? `${entry.guard} (shadow)` : entry.guard
}
