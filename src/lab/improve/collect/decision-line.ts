/**
 * One line of what can be collected from, as far as it is read here: a decision as `parapet export` writes it, a disagreement as an
 * application writes what `onDisagreement` gives it, or a row in the record form.
 *
 * A line that is none of them is an error with its place; its content is never quoted.
 */
import { z } from 'zod'
import { ParapetError } from '../../../spec/index.ts'
import { parseRecord, type TrainingRecord } from '../../train/records.ts'

const DECISIONS = ['pass', 'flag', 'modify', 'refuse', 'hold', 'block', 'error', 'timeout'] as const
const text = z.string().nullish()
const message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))]).nullish(),
})

type Text = string | null | undefined

/** A message as far as its words go. */
export interface ExportedMessage {
  readonly role: string
  readonly content?:
    | string
    | readonly { readonly type: string; readonly text?: string | undefined }[]
    | null
    | undefined
}

/** A decision with its reviews and feedback. */
export interface ExportedDecision {
  readonly id: string
  /** ISO 8601. */
  readonly at: string
  readonly decision: (typeof DECISIONS)[number]
  readonly policyVersion: string
  readonly application?: Text
  readonly user?: Text
  readonly key?: Text
  readonly guards: readonly {
    readonly stage: string
    readonly status: string
    readonly decision: string
    readonly labels: readonly string[]
  }[]
  readonly spans: readonly { readonly label: string; readonly message?: number | undefined }[]
  readonly content: {
    readonly prompt?: Text
    readonly response?: Text
    readonly system?: Text
    readonly stage?: Text
    readonly messages?: readonly ExportedMessage[] | null | undefined
    readonly answers?: readonly ExportedMessage[] | null | undefined
  } | null
  readonly review: {
    readonly state: 'pending' | 'approved' | 'rejected'
    readonly reviewer?: string | undefined
    readonly at?: string | undefined
  } | null
  readonly feedback: readonly {
    readonly at: string
    readonly verdict: 'correct' | 'false_positive' | 'false_negative'
    readonly expected?: (typeof DECISIONS)[number] | undefined
    readonly labels?: readonly string[] | undefined
    readonly by?: string | undefined
  }[]
}

/** Where a judge and the classifier before it disagreed. */
export interface ExportedDisagreement {
  readonly label: 'prompt_harm' | 'response_harm'
  readonly judge: { readonly harmful: boolean }
  readonly texts: { readonly prompt: string; readonly response: string | null; readonly system: string | null } | null
  readonly caller: { readonly application?: Text; readonly user?: Text; readonly key?: Text }
}

const decisionSchema: z.ZodType<ExportedDecision> = z.looseObject({
  id: z.string().min(1),
  object: z.literal('parapet.decision'),
  at: z.iso.datetime({ offset: true }),
  decision: z.enum(DECISIONS),
  policyVersion: z.string(),
  ...{ application: text, user: text, key: text },
  guards: z.array(
    z.looseObject({ stage: z.string(), status: z.string(), decision: z.string(), labels: z.array(z.string()) }),
  ),
  spans: z.array(z.looseObject({ label: z.string(), field: z.string(), message: z.number().optional() })),
  content: z
    .looseObject({
      ...{ prompt: text, response: text, system: text, stage: text },
      messages: z.array(message).nullish(),
      answers: z.array(message).nullish(),
    })
    .nullable(),
  review: z
    .looseObject({
      state: z.enum(['pending', 'approved', 'rejected']),
      reviewer: z.string().optional(),
      at: z.string().optional(),
    })
    .nullable(),
  feedback: z.array(
    z.looseObject({
      at: z.string(),
      verdict: z.enum(['correct', 'false_positive', 'false_negative']),
      expected: z.enum(DECISIONS).optional(),
      labels: z.array(z.string()).optional(),
      by: z.string().optional(),
    }),
  ),
})

const disagreementSchema: z.ZodType<ExportedDisagreement> = z.looseObject({
  guard: z.string(),
  label: z.enum(['prompt_harm', 'response_harm']),
  judge: z.looseObject({ harmful: z.boolean() }),
  texts: z
    .looseObject({ prompt: z.string(), response: z.string().nullable(), system: z.string().nullable() })
    .nullable(),
  caller: z.looseObject({ application: text, user: text, key: text }),
})

export type CollectedLine =
  | { readonly kind: 'decision'; readonly decision: ExportedDecision }
  | { readonly kind: 'disagreement'; readonly disagreement: ExportedDisagreement }
  | { readonly kind: 'record'; readonly record: TrainingRecord }

const UTF8: TextDecoder = new TextDecoder('utf-8', { fatal: true })

/** Reads a line. Throws `input_invalid` with its place, such as `november.jsonl:7`. */
export function parseLine(bytes: Uint8Array, place: string): CollectedLine {
  const value = parseJson(bytes, place)
  const keys = typeof value === 'object' && value !== null ? value : {}
  if ('error' in keys && !('id' in keys))
    throw invalid(place, 'says that the export broke off there. Export again, and collect the whole file')
  if ('judge' in keys)
    return { kind: 'disagreement', disagreement: checked(disagreementSchema, value, place, 'disagreement') }
  if ('task' in keys) return { kind: 'record', record: parseRecord(JSON.stringify(value), place) }
  return { kind: 'decision', decision: checked(decisionSchema, value, place, 'decision of parapet export') }
}

function parseJson(bytes: Uint8Array, place: string): unknown {
  try {
    return JSON.parse(UTF8.decode(bytes))
  } catch {
    throw invalid(place, 'is not JSON: the file is cut off or changed there. Export again')
  }
}

function checked<Value>(schema: z.ZodType<Value>, value: unknown, place: string, what: string): Value {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const where = result.error.issues[0]?.path.join('.') ?? ''
  throw invalid(place, `is no ${what}: its field "${where}" is missing or not of the form. Export again`)
}

function invalid(place: string, problem: string): ParapetError {
  return new ParapetError('input_invalid', `${place} ${problem}.`)
}
