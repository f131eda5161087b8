/**
 * The texts in a request that is no conversation (prompts, texts to embed) as one user's message, and back: only what the pipeline
 * modified is rewritten, everything else is handed on as it came.
 *
 * One message with a part for each text, not a message for each: the policy's window counts messages, and a text outside the window
 * would go on unjudged. Tokens are no text anybody can read, so they are a medium without anything to look at, which the policy's
 * rule for media decides. Fields nobody here knows are judged as text when they carry words.
 */
import type { JsonObject, JsonValue } from '../../../contract/index.ts'
import { asArray } from '../../../contract/index.ts'
import type { MediaPart, Message, TextPart } from '../../../spec/index.ts'
import { carriesText } from '../../carries-text.ts'
import type { Conversation } from '../protocol.ts'

/** Which fields of a request mean what. */
export interface FieldPlan {
  /** Holds the texts: a string, a list of strings, tokens, or a list of lists of tokens. */
  readonly main: string
  /** Steer the model server, but say nothing to the model. */
  readonly settings: ReadonlySet<string>
  /** Reach the model in a form that nobody can read. */
  readonly unreadable: ReadonlySet<string>
}

type Draft = Record<string, unknown>

/** One thing to judge, and where a text goes that takes its place. */
interface Piece {
  readonly part: TextPart | MediaPart
  write(draft: Draft, text: string): void
}

const UNREADABLE: MediaPart = { type: 'media', mediaType: 'application/octet-stream', source: '' }

/** How many texts there are; one when there is none. */
export function countTexts(value: JsonValue | undefined): number {
  return Array.isArray(value) && typeof value[0] !== 'number' ? value.length : 1
}

/** Reads a body that its schema accepted. */
export function judgedFields<T extends JsonObject>(body: T, plan: FieldPlan): Conversation<T> {
  const pieces = [...textPieces(plan.main, body[plan.main]), ...otherPieces(body, plan)]
  const parts = pieces.map(({ part }) => part)
  const [only] = parts
  const content = parts.length === 0 ? '' : parts.length === 1 && only?.type === 'text' ? only.text : parts
  return {
    messages: [{ role: 'user', content }],
    rewrite(current) {
      const texts = textsOf(current[0])
      const draft: Draft = { ...body }
      let changed = false
      pieces.forEach(({ part, write }, index) => {
        const text = texts[index]
        if (text === undefined || text === null || (part.type === 'text' && part.text === text)) return
        changed = true
        write(draft, text)
      })
      return changed ? (draft as T) : body
    },
  }
}

function textsOf(message: Message | undefined): readonly (string | null)[] {
  if (message === undefined) return []
  if (typeof message.content === 'string') return [message.content]
  return message.content.map((part) => (part.type === 'text' ? part.text : null))
}

function textPieces(key: string, value: JsonValue | undefined): readonly Piece[] {
  const writeWhole: Piece['write'] = (draft, text) => void (draft[key] = text)
  if (typeof value === 'string') return [{ part: { type: 'text', text: value }, write: writeWhole }]
  if (!Array.isArray(value)) return []
  if (typeof value[0] === 'number') return [{ part: UNREADABLE, write: writeWhole }]
  return asArray(value).map((item, index) => ({
    part: typeof item === 'string' ? { type: 'text', text: item } : UNREADABLE,
    write: (draft, text) => void (draft[key] = asArray(draft[key]).with(index, text)),
  }))
}

function otherPieces(body: JsonObject, { main, settings, unreadable }: FieldPlan): readonly Piece[] {
  const pieces: Piece[] = []
  for (const [key, value] of Object.entries(body)) {
    if (key === main || settings.has(key) || value === undefined || value === null) continue
    if (unreadable.has(key)) pieces.push({ part: UNREADABLE, write: (draft) => void delete draft[key] })
    else if (carriesText(value)) pieces.push(fieldPiece(key, value))
  }
  return pieces
}

/** A modified text goes back as text; a modified structure goes back only while it is still JSON. */
function fieldPiece(key: string, value: JsonValue): Piece {
  if (typeof value === 'string')
    return { part: { type: 'text', text: value }, write: (draft, text) => void (draft[key] = text) }
  return {
    part: { type: 'text', text: JSON.stringify(value) },
    write(draft, text) {
      try {
        draft[key] = JSON.parse(text) as unknown
      } catch {
        delete draft[key]
      }
    },
  }
}
