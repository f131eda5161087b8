/**
 * The texts of a judgement, each with its spans and, where it was modified, what it became. Which span belongs to which text is
 * told by `field` and `message`; nothing is drawn here.
 */
import type { GuardReplyBody } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/json.ts'
import type { Content, RowStage, Span } from '../../data/words.ts'

/** What was sent to be judged. */
export type JudgedInput =
  | {
      readonly kind: 'row'
      readonly prompt: string
      readonly response: string
      readonly system: string
      readonly stage: RowStage | null
    }
  | { readonly kind: 'conversation'; readonly messages: readonly { readonly role: string; readonly content: string }[] }

/** One text to show. */
export interface ShownText {
  readonly title: string
  readonly text: string
  readonly spans: readonly Span[]
  /** What goes on in its place; absent when it is not changed, or when that is not told. */
  readonly modified?: string
}

/** The texts of an input with what the reply says of them, empty ones left out. */
export function textsOf(input: JudgedInput, reply: GuardReplyBody): readonly ShownText[] {
  if (input.kind === 'row') return rowTexts(input, reply)
  return input.messages.flatMap(({ role, content }, index) => {
    if (content === '') return []
    const changed = contentOf(reply.messages?.[index])
    return {
      title: `Message ${index + 1}, ${role}`,
      text: content,
      spans: reply.spans.filter((span) => span.message === index),
      ...(changed === undefined || changed === content ? {} : { modified: changed }),
    }
  })
}

function rowTexts(
  { prompt, response, system, stage }: JudgedInput & { kind: 'row' },
  reply: GuardReplyBody,
): readonly ShownText[] {
  const last = response === '' ? 'prompt' : 'response'
  const fields = [
    ['prompt', promptTitle(stage), prompt],
    ['response', 'Answer', response],
    ['system', 'System prompt', system],
  ] as const
  return fields.flatMap(([field, title, text]) => {
    const spans = reply.spans.filter((span) => span.field === field)
    if (text === '' || (field === 'system' && spans.length === 0)) return []
    const modified = reply.decision === 'modify' && field === last ? reply.text : undefined
    return { title, text, spans, ...(modified === undefined || modified === text ? {} : { modified }) }
  })
}

function promptTitle(stage: RowStage | null): string {
  if (stage === 'retrieval') return 'Document'
  if (stage === 'tool_result') return 'Tool result'
  return 'Text'
}

function contentOf(message: unknown): string | undefined {
  const content = isJsonObject(message) ? message['content'] : undefined
  return typeof content === 'string' ? content : undefined
}

/**
 * The texts of a recorded decision, without marks: they may be redacted, and then the spans, which point into the original, no
 * longer fit.
 */
export function recordedTexts(content: Content): readonly ShownText[] {
  const { messages, answers = [] } = content
  const answered = answers.flatMap((answer, index) =>
    textPanel(answers.length === 1 ? 'Answer' : `Answer ${index + 1}`, spoken(answer)),
  )
  if (messages !== undefined) {
    const asked = messages.flatMap((message, index) =>
      textPanel(`Message ${index + 1}, ${message.role}`, spoken(message)),
    )
    return [...asked, ...answered]
  }
  const fields = [
    ['Text', content.prompt],
    ['Answer', content.response],
    ['System prompt', content.system],
  ] as const
  return [...fields.flatMap(([title, text]) => textPanel(title, text ?? '')), ...answered]
}

function textPanel(title: string, text: string): readonly ShownText[] {
  return text === '' ? [] : [{ title, text, spans: [] }]
}

/** What a message says and does, a model's reasoning first. */
function spoken(message: NonNullable<Content['messages' | 'answers']>[number]): string {
  const reasoning = 'reasoning' in message ? (message.reasoning ?? '') : ''
  const calls = (message.toolCalls ?? []).map(({ name, input }) => `${name}(${input})`)
  return [reasoning, messageText(message.content), ...calls].filter((line) => line !== '').join('\n')
}

type MessageContent = NonNullable<Content['messages']>[number]['content']

function messageText(content: MessageContent): string {
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : `(${part.mediaType})`)).join('\n')
}

/**
 * Where a modified text differs from its original: what stands in the place of the spans. Empty when that cannot be told for
 * sure, as when something else was changed, too.
 */
export function changesIn(modified: string, original: string, spans: readonly Span[]): readonly Change[] {
  const ranges = mergedRanges(original.length, spans)
  const [first] = ranges
  if (first === undefined || !modified.startsWith(original.slice(0, first.start))) return []
  const changes: Change[] = []
  let at = first.start
  for (const [index, range] of ranges.entries()) {
    const next = ranges[index + 1]
    const between = original.slice(range.end, next?.start)
    const end = next === undefined ? modified.length - between.length : modified.indexOf(between, at)
    if (end < at || !modified.startsWith(between, end)) return []
    if (modified.slice(at, end) !== original.slice(range.start, range.end)) changes.push({ start: at, end })
    at = end + between.length
  }
  return changes
}

/** Where words stand in a text, every time that they do. */
export function occurrencesIn(text: string, words: readonly string[]): readonly Change[] {
  const found: Change[] = []
  for (const wanted of words) {
    for (let at = wanted === '' ? -1 : text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length))
      found.push({ start: at, end: at + wanted.length })
  }
  return mergedRanges(text.length, found)
}

/** A range of a modified text; empty where something was taken away. */
export interface Change {
  readonly start: number
  readonly end: number
}

function mergedRanges(length: number, spans: readonly Change[]): readonly Change[] {
  const merged: { start: number; end: number }[] = []
  const sorted = spans
    .map(({ start, end }) => ({ start: Math.max(0, start), end: Math.min(length, end) }))
    .filter(({ start, end }) => start < end)
    .toSorted((left, right) => left.start - right.start)
  for (const range of sorted) {
    const last = merged.at(-1)
    if (last !== undefined && range.start <= last.end) last.end = Math.max(last.end, range.end)
    else merged.push(range)
  }
  return merged
}

/** Where a span stands, in words. */
export function placeOf({ field, message, start, end }: Omit<Span, 'label' | 'score'>): string {
  const words = { prompt: 'text', response: 'answer', system: 'system prompt' } as const
  const text = message === undefined ? words[field] : `message ${message + 1}`
  return `${text}, ${start}–${end}`
}
