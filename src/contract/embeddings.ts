/**
 * `POST /v1/embeddings` (OpenAI's interface), as far as it is read here. Fields that are not named are judged when they carry words
 * and handed on untouched when they do not. The answer is one that Parapet writes, so its form is given in full.
 */
import { z } from 'zod'
import type { TextInput } from './completions.ts'
import { textInputSchema } from './completions.ts'
import type { JsonObject } from './json.ts'

/** Schema of an embeddings request. */
export const embeddingRequestSchema: z.ZodType<unknown> = z.looseObject({
  model: z.string().max(512).nullish(),
  input: textInputSchema,
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().min(1).max(65_536).nullish(),
  user: z.string().nullish(),
})

/** An embeddings request as it came. */
export interface EmbeddingRequest extends JsonObject {
  readonly model?: string | null
  readonly input: TextInput
  readonly encoding_format?: 'float' | 'base64' | null
  readonly dimensions?: number | null
  readonly user?: string | null
}

/** One vector: numbers, or base64 of little-endian 32-bit floats, as was asked for. */
export interface EmbeddingBody {
  readonly object: 'embedding'
  readonly index: number
  readonly embedding: readonly number[] | string
}

/** The answer. */
export interface EmbeddingListBody {
  readonly object: 'list'
  readonly data: readonly EmbeddingBody[]
  readonly model: string
  /** Absent when the model server did not count. */
  readonly usage?: { readonly prompt_tokens: number; readonly total_tokens: number }
}
