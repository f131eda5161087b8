/**
 * Critiques or reasoning for every row: the teacher is asked, its answer checked against the gold label, asked again up to so many times,
 * and the row dropped when no answer was good. Every failure is counted. Resumable; bounded by budgets of calls and tokens. It trains
 * nothing.
 */
import { createHash } from 'node:crypto'
import { type PolicyClause, judgeFormat } from '../../../guards/judge/index.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { type GuardedRow, judgedTask } from '../rows/guarded-row.ts'
import type { Teacher, TeacherAnswer } from '../teachers/teacher.ts'
import { type Fault, critiqueFault, reasoningFault } from './check-answer.ts'
import { holdFile } from './hold-file.ts'
import {
  type SynthesisCounts,
  type SynthesisKind,
  type SynthesisLine,
  SynthesisFile,
  synthesisCounts,
} from './synthesis-file.ts'

export interface SynthesiseOptions {
  readonly kind: SynthesisKind
  readonly rows: readonly GuardedRow[]
  /** The clauses that labels and critiques speak of; those of the ThinkGuard format if absent. */
  readonly policy?: readonly PolicyClause[]
  readonly teacher: Teacher
  /** JSON Lines; one that is there is gone on with. */
  readonly out: string
  /** Times a row is asked about before it is dropped. 3 if absent. */
  readonly tries?: number
  /** Rows asked about at a time. 1 if absent. */
  readonly concurrency?: number
  /**
   * No row is begun beyond these, what earlier runs used included; rows not reached stay for a later run with more. Rows that were begun
   * take the tries they need.
   */
  readonly budget?: { readonly calls?: number; readonly tokens?: number }
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, rows: number) => void
}

export interface SynthesisOutcome extends SynthesisCounts {
  /** Rows that this kind is not asked about: for critiques, those whose judged text nobody labelled. */
  readonly unlabelled: number
  /** Rows that the budget did not reach. */
  readonly unreached: number
}

/** Errors of an engine that another try can mend. */
const PASSING = new Set(['upstream_error', 'upstream_timeout', 'rate_limited'])
/** Reasons that no other try and no other row can mend: they end the run at once. */
const HOPELESS = new Set(['unauthorized', 'not_found', 'redirected', 'budget_exceeded'])
/** Reasons that lie in the row: it is dropped, and the next one may do. After all others the rows stay for when the server is back. */
const OF_THE_ROW = new Set(['rejected', 'wrong_type', 'malformed', 'broken_off', 'empty', 'too_large', 'truncated'])

/**
 * @throws ParapetError `configuration` for a file of another run, one that another run writes, or numbers that cannot be, `aborted` when
 * stopped, and what the engine throws when it is wrongly set up, its own budget is used up, or it is away for all tries of a row: that row
 * and those behind it stay.
 */
export async function synthesise(options: SynthesiseOptions): Promise<SynthesisOutcome> {
  const { kind, rows, teacher, out, tries = 3, concurrency = 1, budget = {}, signal, onProgress } = options
  for (const [name, value] of Object.entries({ tries, concurrency }))
    if (!(Number.isSafeInteger(value) && value >= 1 && value <= 100))
      throw new ParapetError('configuration', `${name} must be a whole number from 1 to 100, not ${value}.`)
  const asked = rows.filter((row) => kind === 'reasoning' || row.labels[judgedTask(row)] !== null)
  if (asked.length === 0) throw new ParapetError('input_invalid', 'No row has the label that is to be explained.')
  const release = holdFile(out)
  try {
    const file = new SynthesisFile(out, { kind, teacher: teacher.id, run: runOf(options, tries) })
    try {
      const left = asked.filter(({ id }) => !file.done.has(id))
      let from = 0
      while (from < left.length) {
        signal?.throwIfAborted()
        const used = synthesisCounts(file.done.values())
        const calls = (budget.calls ?? Infinity) - used.calls
        if (calls <= 0 || used.tokens >= (budget.tokens ?? Infinity)) break
        // Fewer at a time where the calls left could not give each row its tries.
        const together = left.slice(from, from + Math.min(concurrency, Math.max(1, Math.floor(calls / tries))))
        // In order, so that the same rows give the same file however many are asked about at a time.
        for (const line of await Promise.all(together.map((row) => explain(options, row, tries)))) file.add(line)
        from += together.length
        onProgress?.(file.done.size, asked.length)
      }
      const counts = synthesisCounts(file.done.values())
      return { ...counts, unlabelled: rows.length - asked.length, unreached: asked.length - file.done.size }
    } finally {
      file.close()
    }
  } finally {
    release()
  }
}

async function explain(options: SynthesiseOptions, row: GuardedRow, tries: number): Promise<SynthesisLine> {
  const { teacher, signal } = options
  const faults: Fault[] = []
  let [calls, tokens] = [0, 0]
  let away: unknown
  while (calls < tries) {
    signal?.throwIfAborted()
    const attempt = calls
    calls += 1
    const { answer, fault, error } = await attempted(options, row, attempt)
    away = error
    tokens += answer?.tokens ?? 0
    if (fault === null) return { id: row.id, text: answer.text.trim(), faults, calls, tokens }
    faults.push(fault)
    if (!teacher.varies && fault !== 'error') break
  }
  if (away !== undefined && !OF_THE_ROW.has(reasonOf(away))) throw away
  return { id: row.id, text: null, faults, calls, tokens }
}

type Attempt =
  | { readonly answer: TeacherAnswer; readonly fault: null; readonly error?: undefined }
  | { readonly answer?: TeacherAnswer; readonly fault: Fault; readonly error?: unknown }

async function attempted(options: SynthesiseOptions, row: GuardedRow, attempt: number): Promise<Attempt> {
  const { kind, policy = defaultPolicy(), teacher, signal } = options
  const call = { attempt, ...(signal === undefined ? {} : { signal }) }
  try {
    if (kind === 'reasoning') {
      const question = { row, labels: row.labels, policy }
      const answer = await teacher.reasoning(question, call)
      return { answer, fault: reasoningFault(answer, question) }
    }
    const task = judgedTask(row)
    const unsafe = row.labels[task] === true
    const question = { row, task, unsafe, broken: unsafe ? brokenClauses(row, policy) : [], policy }
    const answer = await teacher.critique(question, call)
    return { answer, fault: critiqueFault(answer, question) }
  } catch (error) {
    if (!ParapetError.isInstance(error) || !PASSING.has(error.code) || HOPELESS.has(reasonOf(error))) throw error
    return { fault: 'error', error }
  }
}

/** The engine's `EngineFailureReason`; empty where it gives none. */
function reasonOf(error: unknown): string {
  const reason = ParapetError.isInstance(error) ? error.details['reason'] : undefined
  return typeof reason === 'string' ? reason : ''
}

function defaultPolicy(): readonly PolicyClause[] {
  return judgeFormat('thinkguard').clauses
}

/** Clauses that stand for one of the row's hazards. */
export function brokenClauses({ hazards }: GuardedRow, policy: readonly PolicyClause[]): readonly PolicyClause[] {
  return policy.filter((clause) => (clause.hazards ?? []).some((hazard) => hazards.includes(hazard)))
}

function runOf({ kind, rows, policy = defaultPolicy(), teacher }: SynthesiseOptions, tries: number): string {
  const { id, version } = teacher
  const hash = createHash('sha256').update(JSON.stringify({ kind, id, version, policy, tries }))
  for (const row of rows) hash.update(JSON.stringify(row))
  return hash.digest('hex')
}
