/**
 * The form of a policy, as a schema: unknown keys are mistakes, durations may be written as `500ms` or `10m`.
 *
 * What a form cannot say (unknown guards, hardness between scopes) is checked when the policy is compiled.
 */
import { z } from 'zod'
import type { Policy, RecordPolicy } from '../spec/index.ts'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds from a number or a text such as `2s`; null when it is neither. */
export function parseDuration(value: string | number): number | null {
  if (typeof value === 'number') return Number.isFinite(value) && value > 0 ? value : null
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s?(ms|s|m|h|d)$/.exec(value.trim())
  return match === null ? null : Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1)
}

const DURATION = 'Write a duration such as 500ms, 2s or 10m.'

const duration = z.union([z.number(), z.string()], DURATION).transform((value, context) => {
  const ms = parseDuration(value)
  if (ms !== null) return ms
  context.addIssue({ code: 'custom', message: DURATION })
  return z.NEVER
})

/** Days, from a whole number or a duration. */
const days = z.union([z.number(), z.string()], 'Write a number of days, or 30d.').transform((value, context) => {
  const ms = typeof value === 'number' ? value * 86_400_000 : parseDuration(value)
  if (ms !== null && ms > 0) return ms / 86_400_000
  context.addIssue({ code: 'custom', message: 'Write a number of days, or 30d.' })
  return z.NEVER
})

const action = z.enum(['pass', 'flag', 'modify', 'retry', 'refuse', 'hold', 'block'])
const onError = z.enum(['block', 'pass'])
const name = z.string().min(1).max(200)

const actionRule = z.strictObject({
  threshold: z.number().min(0).max(1).exactOptional(),
  action: action.exactOptional(),
  hard: z.boolean().exactOptional(),
})
const actions = z.record(name, actionRule)

const railEntry = z.union(
  [
    name,
    z.strictObject({
      guard: name,
      shadow: z.boolean().exactOptional(),
      onError: onError.exactOptional(),
      deadline: duration.exactOptional(),
      actions: actions.exactOptional(),
    }),
  ],
  'Write the name of a guard, or { guard: NAME, shadow, onError, deadline, actions }.',
)

function byStage<Value extends z.ZodType>(value: Value) {
  return z.strictObject({
    input: value.exactOptional(),
    retrieval: value.exactOptional(),
    tool_call: value.exactOptional(),
    tool_result: value.exactOptional(),
    output: value.exactOptional(),
  })
}

const exception = z
  .strictObject({
    id: name,
    phrase: z.string().min(1).exactOptional(),
    pattern: z.string().min(1).max(1000).exactOptional(),
    hash: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'Write a SHA-256 in hex: 64 digits.')
      .exactOptional(),
    category: name.exactOptional(),
    caller: name.exactOptional(),
    labels: z.array(name).nonempty().exactOptional(),
    reason: z.string().min(1),
    owner: z.string().min(1),
    expires: z
      .union([z.string(), z.date().transform((date) => date.toISOString())])
      .refine((value) => !Number.isNaN(Date.parse(value)), 'Write an ISO 8601 date, for example 2027-06-30.'),
  })
  .refine(
    ({ phrase, pattern, hash, category, caller }) =>
      [phrase, pattern, hash, category, caller].filter((value) => value !== undefined).length === 1,
    'An exception matches by exactly one of phrase, pattern, hash, category, caller.',
  )

const settings = {
  onError: z.union([onError, byStage(onError)], 'Write block or pass, or one of them for each stage.').exactOptional(),
  deadlines: z.strictObject({ stage: duration.exactOptional(), guard: duration.exactOptional() }).exactOptional(),
  conversation: z
    .strictObject({
      messages: z
        .union([z.int().positive(), z.literal('all')], 'Write a whole number above 0, or all.')
        .exactOptional(),
      roles: z
        .array(z.enum(['system', 'developer', 'user', 'assistant', 'tool']))
        .nonempty()
        .exactOptional(),
    })
    .exactOptional(),
  stream: z
    .strictObject({
      mode: z.enum(['before', 'after']).exactOptional(),
      window: z.int().positive().max(1_000_000).exactOptional(),
    })
    .exactOptional(),
  shadow: z.boolean().exactOptional(),
  speculative: z.boolean().exactOptional(),
  record: z
    .union(
      [
        z.enum(['sync', 'async']).transform((mode): RecordPolicy => ({ mode })),
        z.strictObject({
          capture: z.enum(['none', 'redacted', 'full']).exactOptional(),
          retention: days.exactOptional(),
          mode: z.enum(['sync', 'async']).exactOptional(),
          whenFull: z.enum(['refuse', 'drop']).exactOptional(),
        }),
      ],
      'Write sync, async, or { mode, capture, retention, whenFull }.',
    )
    .exactOptional(),
  media: z.enum(['block', 'flag', 'pass']).exactOptional(),
  retries: z.int().min(0).max(10).exactOptional(),
  refusals: z
    .record(
      z.string().regex(/^(default|[a-z]{2,3}(-[A-Za-z0-9]{2,8})?)$/, 'Write a language tag such as de, or default.'),
      z.string().min(1),
    )
    .exactOptional(),
  rails: byStage(z.array(railEntry)).exactOptional(),
  actions: actions.exactOptional(),
  exceptions: z.array(exception).exactOptional(),
}

const scope = z.strictObject({ ...settings, without: z.array(name).exactOptional() })

/** A policy as written; parsing gives the `Policy` of `spec`. */
export const policySchema: z.ZodType<Policy> = z.strictObject({
  parapet: z.literal(1, 'Write parapet: 1, the version of this format.'),
  name: name.exactOptional(),
  ...settings,
  guards: z.record(name, z.looseObject({ use: name, hard: z.boolean().exactOptional() })).exactOptional(),
  route: z
    .strictObject({
      use: z.literal('primeguard', 'Write primeguard, the only router.'),
      guidelines: z.union(
        [z.string().min(1), z.array(z.string()).nonempty(), z.record(z.string(), z.unknown())],
        'Write the path of a guidelines file, or the guidelines.',
      ),
      style: z.enum(['published', 'compact']).exactOptional(),
      refusal: z.enum(['model', 'fixed']).exactOptional(),
      // Read where the router is made: the settings are those of a judge's engine.
      engine: z.record(z.string(), z.unknown()).exactOptional(),
      deadline: duration.exactOptional(),
    })
    .exactOptional(),
  cache: z
    .union(
      [
        z.literal(false),
        z.strictObject({ entries: z.int().positive().exactOptional(), ttl: duration.exactOptional() }),
      ],
      'Write false, or { entries, ttl }.',
    )
    .exactOptional(),
  hard: z.array(z.enum(['onError', 'stream', 'shadow', 'media', 'conversation', 'record'])).exactOptional(),
  scopes: z
    .strictObject({
      organisation: scope.exactOptional(),
      applications: z.record(name, scope).exactOptional(),
      users: z.record(name, scope).exactOptional(),
    })
    .exactOptional(),
})
