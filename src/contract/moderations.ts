/**
 * OpenAI's `POST /v1/moderations`, written from the published types: openai/openai-node 6.49.0
 * `resources/moderations.d.ts`, which the tests compile against.
 *
 * Which of Parapet's scores stands for which of OpenAI's categories is said in one place, `MODERATION_SOURCES`. A category that
 * nothing here can score is 0 and false, with no applied input type.
 */
import { z } from 'zod'
import type { Scores } from '../spec/index.ts'
import type { DecisionNote } from './decision-note.ts'
import type { JsonObject } from './json.ts'

/** OpenAI's categories, in its order. */
export const MODERATION_CATEGORIES = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/intent',
  'self-harm/instructions',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
] as const

export type ModerationCategory = (typeof MODERATION_CATEGORIES)[number]

/** A score of a head, or an MLCommons hazard id. */
export type ModerationSource = keyof Scores | `S${number}`

/**
 * Where a category's score comes from: the largest of these. The threatening, graphic and first-person kinds have no hazard of
 * their own in the taxonomy, so nothing is claimed about them.
 */
export const MODERATION_SOURCES: Readonly<Record<ModerationCategory, readonly ModerationSource[]>> = {
  harassment: ['toxicity'],
  'harassment/threatening': [],
  hate: ['S10'],
  'hate/threatening': [],
  illicit: ['S1', 'S2', 'S9'],
  'illicit/violent': ['S1', 'S9'],
  'self-harm': ['S11'],
  'self-harm/intent': [],
  'self-harm/instructions': [],
  sexual: ['S12'],
  'sexual/minors': ['S4'],
  violence: ['S1'],
  'violence/graphic': [],
}

/** Most inputs of one request. */
export const MODERATION_INPUTS = 2048

const part = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text'), text: z.string() }),
  z.looseObject({ type: z.literal('image_url'), image_url: z.looseObject({ url: z.string() }) }),
])

/** Schema of the request. Any `model` is accepted: the guards of the policy judge, whatever it names. */
export const moderationRequestSchema: z.ZodType<unknown> = z.looseObject({
  input: z.union([
    z.string(),
    z.array(z.string()).min(1).max(MODERATION_INPUTS),
    z.array(part).min(1).max(MODERATION_INPUTS),
  ]),
  model: z.string().max(512).nullish(),
})

export type ModerationPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } }

/** A text, several texts of which each is judged by itself, or the parts of one input. */
export interface ModerationRequest extends JsonObject {
  readonly input: string | readonly string[] | readonly (ModerationPart & JsonObject)[]
  readonly model?: string | null
}

type ByCategory<Value> = Readonly<Record<ModerationCategory, Value>>

/** The decision on one input. */
export interface ModerationResult {
  /** The policy flags it, or would not let it through: for harm, and for anything else the policy names, secrets say. */
  readonly flagged: boolean
  readonly categories: ByCategory<boolean>
  readonly category_scores: ByCategory<number>
  readonly category_applied_input_types: ByCategory<readonly 'text'[]>
  /** What OpenAI's categories cannot say. */
  readonly parapet: DecisionNote & {
    /** Labels that the policy acted on, for example `injection` or `pii.email`. */
    readonly labels: readonly string[]
    /** Scores of the heads; null where one does not apply. */
    readonly scores: Scores
  }
}

export interface ModerationReply {
  readonly id: string
  /** `parapet-` and the version of the policy that decided. */
  readonly model: string
  readonly results: readonly ModerationResult[]
}
