/**
 * Answers that end soon are written once: under `async`, the beginning of one waits up to a second for its end, which then takes its
 * place. Under `sync` nothing waits, since nothing may be shown before its beginning is kept.
 */
import type { Clock } from '../spec/clock.ts'
import type { DecisionDraft } from '../spec/record.ts'

/** Milliseconds that a beginning waits. */
const PATIENCE = 1000

export interface PatientRecord {
  /** Takes a draft, now or when its patience is over. */
  record(draft: DecisionDraft): void
  /** Hands on what still waits. */
  close(): void
}

/** @param record takes what waits no longer */
export function createPatientRecord(record: (draft: DecisionDraft) => void, clock: Clock): PatientRecord {
  /** In the order in which they came. */
  const begun = new Map<string, { readonly draft: DecisionDraft; readonly until: number }>()
  let timer: unknown = null
  const sweep = (): void => {
    timer = null
    const now = clock.now()
    for (const [id, { draft, until }] of begun) {
      if (until > now) break
      begun.delete(id)
      record(draft)
    }
    if (begun.size > 0) timer = clock.setTimeout(sweep, PATIENCE / 4)
  }
  return {
    record(draft) {
      const { decisionId } = draft.result
      if (draft.state === 'open' && draft.policy.mode === 'async') {
        begun.set(decisionId, { draft, until: clock.now() + PATIENCE })
        timer ??= clock.setTimeout(sweep, PATIENCE)
        return
      }
      begun.delete(decisionId)
      record(draft)
    },
    close() {
      if (timer !== null) clock.clearTimeout(timer)
      timer = null
      for (const { draft } of begun.values()) record(draft)
      begun.clear()
    },
  }
}
