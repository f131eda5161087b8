/** What counts of a chat completion's body, whatever else a server puts there: text, how it ended, usage, the error's code. */
import type { Cost } from './target.ts'

export interface ReadBody {
  /** Null where there is no answer. */
  readonly text: string | null
  readonly finish: string | null
  readonly usage: Cost | null
  readonly code: string | null
  readonly type: string | null
}

const NOTHING: ReadBody = { text: null, finish: null, usage: null, code: null, type: null }
/** Largest body that is read, in bytes. */
const LARGEST = 4_194_304

/** Never rejects for what stands in it; rejects where the connection breaks off. */
export async function readBody(response: Response): Promise<ReadBody> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > LARGEST) return NOTHING
    chunks.push(chunk)
  }
  return parseBody(Buffer.concat(chunks).toString('utf8'))
}

export function parseBody(text: string): ReadBody {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return NOTHING
  }
  const error = field(json, 'error')
  const choice = first(field(json, 'choices'))
  const content = field(field(choice, 'message'), 'content')
  const usage = field(json, 'usage')
  const [promptTokens, answerTokens] = [field(usage, 'prompt_tokens'), field(usage, 'completion_tokens')]
  return {
    text: typeof content === 'string' ? content : null,
    finish: words(field(choice, 'finish_reason')),
    usage: isCount(promptTokens) && isCount(answerTokens) ? { calls: 1, promptTokens, answerTokens } : null,
    code: words(field(error, 'code')),
    type: words(field(error, 'type')),
  }
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const words = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const first = (value: unknown): unknown => (Array.isArray(value) ? (value as readonly unknown[])[0] : undefined)

function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Readonly<Record<string, unknown>>)[key]
}
