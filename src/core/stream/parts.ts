/**
 * Small questions about stream parts: what their text is, how to change it, which media are text.
 */
import type { FilePart, ReasoningDelta, StreamPart, TextDelta, ToolInputDelta } from '../../spec/index.ts'

/** A part whose content is judged as text. */
export type ContentPart = TextDelta | ReasoningDelta | ToolInputDelta | FilePart

export function textOf(part: ContentPart): string {
  return part.type === 'file' ? part.data : part.text
}

/** The part itself when the text is its own, else one of the same kind that keeps the vendor's object. */
export function withText<T extends ContentPart>(part: T, text: string): T {
  if (textOf(part) === text) return part
  return part.type === 'file' ? { ...part, data: text } : { ...part, text }
}

const TEXTUAL_SUBTYPES =
  /^(?:json|xml|yaml|x-yaml|javascript|ecmascript|typescript|sql|graphql|toml|x-ndjson|x-sh|xhtml\+xml|rtf)$/

/** Whether a media type holds text that guards can read. */
export function isTextual(mediaType: string): boolean {
  const [type = '', subtype = ''] = (mediaType.split(';', 1)[0] ?? '').trim().toLowerCase().split('/', 2)
  if (type === 'text') return true
  if (/\+(?:json|xml|yaml)$/.test(subtype)) return true
  return type === 'application' && TEXTUAL_SUBTYPES.test(subtype)
}

/** Says what is wrong with a part from upstream, or null. Never quotes it. */
export function partProblem(part: unknown): string | null {
  if (typeof part !== 'object' || part === null) return 'a part that is not an object'
  const { type, text, data, mediaType, sources, call, choice } = part as Partial<Record<string, unknown>>
  if (choice !== undefined && !(Number.isInteger(choice) && (choice as number) >= 0))
    return 'a part whose `choice` is not an index'
  switch (type as StreamPart['type']) {
    case 'text':
    case 'reasoning':
      return typeof text === 'string' ? null : 'a part whose `text` is not a string'
    case 'tool-input':
      return typeof text === 'string' && typeof call === 'string' ? null : 'a tool-input part without `call` and `text`'
    case 'file':
      if (typeof data !== 'string' || typeof mediaType !== 'string') return 'a file part without `mediaType` and `data`'
      return sources === undefined || isStrings(sources) ? null : 'a file part whose `sources` are not strings'
    case 'finish':
    case 'other':
      return null
    default:
      return 'a part of unknown type'
  }
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
