/**
 * `POST /v1/completions` (OpenAI's interface before chat), as far as it is read here. Fields that are not named are judged when they
 * carry words and handed on untouched when they do not.
 */
import { z } from 'zod'
import type { JsonObject } from './json.ts'
import { isJsonObject } from './json.ts'

/** Most texts in one request. */
const MOST_TEXTS = 2048

const tokens = z.array(z.int().min(0)).min(1)
const FORMS = {
  string: z.array(z.string()).min(1).max(MOST_TEXTS),
  number: tokens,
  list: z.array(tokens).min(1).max(MOST_TEXTS),
} as const

/** One text or several, as strings or as tokens. What the first of a list is, all of it has to be. */
export const textInputSchema: z.ZodType<unknown> = z
  .union([z.string(), z.array(z.unknown()).min(1)])
  .check((context) => {
    const { value } = context
    if (typeof value === 'string') return
    const [first] = value
    const form = Array.isArray(first) ? FORMS.list : typeof first === 'number' ? FORMS.number : FORMS.string
    const checked = form.safeParse(value)
    for (const issue of checked.error?.issues ?? [])
      context.issues.push({ ...issue, input: value } as (typeof context.issues)[number])
  })

/** Ids of tokens to numbers. Checked as a whole, so that an error does not name a key that the caller made up. */
function isBias(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    Object.entries(value).every(([token, bias]) => /^\d{1,10}$/.test(token) && typeof bias === 'number')
  )
}

/** Schema of a completions request. */
export const completionRequestSchema: z.ZodType<unknown> = z.looseObject({
  model: z.string().max(512).nullish(),
  prompt: textInputSchema.nullish(),
  suffix: z.string().nullish(),
  n: z.int().min(1).max(128).nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  logit_bias: z.custom(isBias).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z
    .looseObject({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
    .nullish(),
  user: z.string().nullish(),
})

/** Texts, or lists of tokens, which nobody here can read. */
export type TextInput = string | readonly string[] | readonly number[] | readonly (readonly number[])[]

/** A completions request as it came. */
export interface CompletionRequest extends JsonObject {
  readonly model?: string | null
  readonly prompt?: TextInput | null
  readonly suffix?: string | null
  readonly n?: number | null
  readonly stream?: boolean | null
  readonly user?: string | null
}
