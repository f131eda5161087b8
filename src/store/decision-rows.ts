/** Rows as records: the other direction of `row-text.ts`, which says what a row holds and leaves out. */
import type { GuardResult } from '../spec/check.ts'
import type { KeptCritique } from '../spec/critique.ts'
import type { Caller } from '../spec/exchange.ts'
import type { Scores } from '../spec/guard.ts'
import type { DecisionRecord, Feedback, Review, ReviewState, StoredDecision } from '../spec/record.ts'
import type { SqlRow } from './database.ts'

type Optional<T, Keys extends keyof T> = Omit<T, Keys> & Partial<Pick<T, Keys>>
type UsualOfGuard = 'status' | 'decision' | 'labels' | 'cached' | 'shadow'

/** What `row-text.ts` writes. */
interface RecordBody {
  readonly id?: string
  readonly door?: string
  readonly policyVersion: string
  readonly shadowDecision?: DecisionRecord['shadowDecision']
  readonly caller?: Caller
  readonly model?: string
  readonly ms: number
  readonly guards: readonly Optional<GuardResult, UsualOfGuard>[]
  readonly scores?: Partial<Scores>
  readonly categories?: DecisionRecord['categories']
  readonly spans?: DecisionRecord['spans']
  readonly error?: NonNullable<DecisionRecord['error']>
  readonly exceptions?: readonly string[]
  readonly warnings?: readonly string[]
}

const NO_SCORES: Scores = { prompt_harm: null, response_harm: null, refusal: null, injection: null, toxicity: null }
const USUAL = { status: 'judged', decision: 'pass', labels: [], cached: false, shadow: false } as const

/** Columns to select, `d` being the decision. `body`, `content` and `critiques` are left out where `light` holds. */
export function storedColumns(light = 'false'): string {
  return `d.id, d.at, d.expires, d.state, d.door, d.decision, d.review, d.review_body::text as review_body,
    case when not (${light}) then d.body::text end as body,
    case when not (${light}) then d.content::text end as content,
    case when not (${light}) then d.critiques::text end as critiques,
    (select json_agg(f.body order by f.at, f.id) from parapet.feedback f where f.decision_id = d.id)::text as feedback`
}

/** A row with `storedColumns` as a record. */
export function fromRow(row: SqlRow): StoredDecision {
  const body = JSON.parse(String(row['body'])) as RecordBody
  const decision = row['decision'] as DecisionRecord['decision']
  const review = reviewOf(row)
  const { critiques } = row
  return {
    id: body.id ?? String(row['id']),
    at: Number(row['at']),
    state: row['state'] as DecisionRecord['state'],
    door: body.door ?? String(row['door']),
    decision,
    shadowDecision: body.shadowDecision ?? decision,
    policyVersion: body.policyVersion,
    caller: body.caller ?? {},
    ...(body.model === undefined ? {} : { model: body.model }),
    ms: body.ms,
    guards: body.guards.map((guard) => ({ ...USUAL, ...guard })),
    scores: { ...NO_SCORES, ...body.scores },
    categories: body.categories ?? {},
    spans: body.spans ?? [],
    error: body.error ?? null,
    exceptions: body.exceptions ?? [],
    warnings: body.warnings ?? [],
    content: typeof row['content'] === 'string' ? (JSON.parse(row['content']) as DecisionRecord['content']) : null,
    expires: Number(row['expires']),
    ...(review === null ? {} : { review }),
    feedback: typeof row['feedback'] === 'string' ? (JSON.parse(row['feedback']) as readonly Feedback[]) : [],
    ...(typeof critiques === 'string' ? { critiques: JSON.parse(critiques) as readonly KeptCritique[] } : {}),
  }
}

function reviewOf(row: SqlRow): Review | null {
  const { review: state, review_body: told } = row
  if (typeof state !== 'string') return null
  const rest = typeof told === 'string' ? (JSON.parse(told) as Omit<Review, 'state'>) : {}
  return { state: state as ReviewState, ...rest }
}
