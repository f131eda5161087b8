/**
 * Decisions over HTTP: reading, reviewing and labelling what was recorded. Times are ISO 8601, durations milliseconds.
 *
 *   GET    /v1/decisions                  a page, newest first                    caller keys see their own, operators all
 *   GET    /v1/decisions/live             server-sent events `decision`           the same
 *   GET    /v1/decisions/{id}             one decision
 *   POST   /v1/decisions/{id}/feedback    says whether it was right
 *   POST   /v1/decisions/{id}/review      settles a held decision                 operators
 *   GET    /v1/export                     all that match, JSON Lines              operators
 *   DELETE /v1/users/{user}/decisions     deletes what was recorded of a user     operators
 *   GET    /v1/session                    what this key may do
 */
import { z } from 'zod'
import type {
  Decision,
  Feedback,
  GuardResult,
  KeptCritique,
  Review,
  Scores,
  Span,
  StoredDecision,
} from '../spec/index.ts'

const DECISIONS = ['pass', 'flag', 'modify', 'refuse', 'hold', 'block', 'error', 'timeout'] as const
const decision = z.enum(DECISIONS)

/** A decision as it is told over HTTP. */
export interface DecisionBody {
  readonly id: string
  readonly object: 'parapet.decision'
  /** ISO 8601. */
  readonly at: string
  /** `held` while it waits for a human, `open` while its answer is still leaving (or was cut off), else `final`. */
  readonly status: 'final' | 'open' | 'held'
  readonly door: string
  readonly decision: Decision
  readonly shadowDecision: Decision
  readonly policyVersion: string
  readonly model: string | null
  readonly application: string | null
  readonly user: string | null
  readonly conversation: string | null
  /** Name of the API key, never the key. */
  readonly key: string | null
  readonly ms: number
  readonly scores: Scores
  readonly categories: Readonly<Record<string, number>>
  readonly spans: readonly Span[]
  readonly guards: readonly GuardResult[]
  readonly error: { readonly code: string; readonly message: string } | null
  readonly exceptions: readonly string[]
  readonly warnings: readonly string[]
  /** The texts, when the policy captures them. */
  readonly content: StoredDecision['content']
  /** Why its judges found what they found, once they have been asked. For operators: they quote the texts. */
  readonly critiques: readonly KeptCritique[]
  readonly review: Told<Review> | null
  readonly feedback: readonly Told<Feedback>[]
}

/** With its time as ISO 8601. */
type Told<T extends { readonly at?: number }> = Omit<T, 'at'> &
  (T extends { readonly at: number } ? { readonly at: string } : { readonly at?: string })

/** `GET /v1/decisions`. */
export interface DecisionListBody {
  readonly object: 'list'
  readonly data: readonly DecisionBody[]
  /** Pass it as `cursor`; null at the end. */
  readonly next_cursor: string | null
}

/** Query of `GET /v1/decisions` and `/v1/export`. Unknown keys are an error: a filter with a typing mistake must not match all. */
export const decisionQuerySchema: z.ZodType<DecisionQueryParams> = z.strictObject({
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
  /** Comma separated. */
  decision: z
    .string()
    .regex(new RegExp(`^(?:${DECISIONS.join('|')})(?:,(?:${DECISIONS.join('|')}))*$`))
    .optional(),
  door: z.string().max(256).optional(),
  user: z.string().max(256).optional(),
  application: z.string().max(256).optional(),
  conversation: z.string().max(256).optional(),
  key: z.string().max(256).optional(),
  review: z.enum(['pending', 'approved', 'rejected']).optional(),
  feedback: z.enum(['true']).optional(),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/)
    .optional(),
  cursor: z.string().max(512).optional(),
})

export interface DecisionQueryParams {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly decision?: string | undefined
  readonly door?: string | undefined
  readonly user?: string | undefined
  readonly application?: string | undefined
  readonly conversation?: string | undefined
  readonly key?: string | undefined
  readonly review?: 'pending' | 'approved' | 'rejected' | undefined
  readonly feedback?: 'true' | undefined
  readonly limit?: string | undefined
  readonly cursor?: string | undefined
}

/** `POST /v1/decisions/{id}/feedback`. */
export const feedbackSchema: z.ZodType<FeedbackBody> = z.strictObject({
  verdict: z.enum(['correct', 'false_positive', 'false_negative']),
  expected: decision.optional(),
  labels: z.array(z.string().min(1).max(64)).max(32).optional(),
  note: z.string().max(4000).optional(),
})

export interface FeedbackBody {
  readonly verdict: Feedback['verdict']
  readonly expected?: Decision | undefined
  readonly labels?: readonly string[] | undefined
  readonly note?: string | undefined
}

/** `POST /v1/decisions/{id}/review`. */
export const reviewSchema: z.ZodType<ReviewBody> = z.strictObject({
  verdict: z.enum(['approve', 'reject']),
  note: z.string().max(4000).optional(),
})

export interface ReviewBody {
  readonly verdict: 'approve' | 'reject'
  readonly note?: string | undefined
}

/** `GET /v1/session`. */
export interface SessionBody {
  readonly object: 'parapet.session'
  /** Whether the gateway asks for keys at all. */
  readonly keyed: boolean
  /** Name of the key; null without keys. */
  readonly key: string | null
  readonly role: 'caller' | 'operator'
  readonly policyVersion: string
  readonly version: string
  /** Guards by stage. */
  readonly rails: Readonly<Record<string, readonly string[]>>
  /** Whether decisions are kept. */
  readonly recording: boolean
}

/** `DELETE /v1/users/{user}/decisions`. */
export interface DeletedBody {
  readonly object: 'parapet.deleted'
  readonly user: string
  readonly deleted: number
}

/** A stored decision as it is told. */
export function toDecisionBody(stored: StoredDecision): DecisionBody {
  const { caller, review } = stored
  return {
    id: stored.id,
    object: 'parapet.decision',
    at: moment(stored.at),
    status: review?.state === 'pending' ? 'held' : stored.state,
    door: stored.door,
    decision: stored.decision,
    shadowDecision: stored.shadowDecision,
    policyVersion: stored.policyVersion,
    model: stored.model ?? null,
    application: caller.application ?? null,
    user: caller.user ?? null,
    conversation: caller.conversation ?? null,
    key: caller.key ?? null,
    ms: stored.ms,
    scores: stored.scores,
    categories: stored.categories,
    spans: stored.spans,
    guards: stored.guards,
    error: stored.error,
    exceptions: stored.exceptions,
    warnings: stored.warnings,
    content: stored.content,
    critiques: stored.critiques ?? [],
    review: review === undefined ? null : toldReview(review),
    feedback: stored.feedback.map((item) => ({ ...item, at: moment(item.at) })),
  }
}

function moment(at: number): string {
  return new Date(at).toISOString()
}

function toldReview({ at, ...rest }: Review): NonNullable<DecisionBody['review']> {
  return at === undefined ? rest : { ...rest, at: moment(at) }
}
