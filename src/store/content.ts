/**
 * The texts of a decision made fit to be kept: redacted if the policy says so, and no longer than a bound. What was cut says so.
 *
 * What redaction is (which guards, which words) is handed in.
 */
import type { MediaPart, Message, TextPart, ToolCall } from '../spec/exchange.ts'
import type { AnswerMessage, DecisionContent } from '../spec/record.ts'

/**
 * Takes out of a text what must not be kept.
 * @param keep how many characters of the text are kept at most; what stands across that border is taken out as a whole
 */
export type Redact = (text: string, keep: number) => string | Promise<string>

/** Characters of all texts of a record together. */
export const LONGEST_CONTENT = 262_144
/** What a text costs beside its characters: a million empty messages are not nothing. */
const OVERHEAD = 32
const LONGEST_NAME = 256

export interface KeptContent {
  readonly content: DecisionContent
  /** Its characters, about. */
  readonly size: number
  /** Messages and tool calls left out, the oldest, because there was no room. */
  readonly leftOut: number
}

/**
 * The content as it is kept. What was judged comes first when there is not room for all: prompt, response and answers, then messages
 * from the newest to the oldest, then the system prompt.
 */
export async function keepContent(
  content: DecisionContent,
  redact: Redact | null,
  room: number = LONGEST_CONTENT,
): Promise<KeptContent> {
  const keeper = new ContentKeeper(redact, room)
  const prompt = await keeper.optional(content.prompt)
  const response = await keeper.optional(content.response)
  const answers = await keeper.each(content.answers, (answer) => keeper.answer(answer))
  const messages = await keeper.each(content.messages, (message) => keeper.message(message))
  const system = await keeper.optional(content.system)
  const { route } = content
  const notes = route && { check: await keeper.text(route.check), tip: await keeper.text(route.tip) }
  const kept = {
    ...(content.stage === undefined ? {} : { stage: content.stage }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(response === undefined ? {} : { response }),
    ...(system === undefined ? {} : { system }),
    ...(messages === undefined ? {} : { messages }),
    ...(answers === undefined ? {} : { answers }),
    ...(notes === undefined ? {} : { route: notes }),
  }
  return { content: kept, size: room - keeper.room, leftOut: keeper.leftOut }
}

/** Keeps texts, each redacted and all of them within one bound. */
export class ContentKeeper {
  leftOut = 0
  readonly #redact: Redact | null
  /** Characters that may still be kept. */
  room: number

  constructor(redact: Redact | null, room: number) {
    this.#redact = redact
    this.room = room
  }

  async text(text: string): Promise<string> {
    const keep = Math.min(this.room, text.length)
    this.room = Math.max(0, this.room - keep - OVERHEAD)
    const kept = this.#redact === null ? text.slice(0, keep) : await this.#redact(text, keep)
    if (keep === text.length) return kept
    return `${kept.replace(/\p{Surrogate}$/u, '')}[cut here: ${text.length - keep} more characters]`
  }

  async optional<T extends null | undefined>(text: string | T): Promise<string | T> {
    return typeof text === 'string' ? this.text(text) : text
  }

  /** The newest first, as long as there is room. */
  async each<T>(items: readonly T[] | undefined, keep: (item: T) => Promise<T>): Promise<readonly T[] | undefined> {
    if (items === undefined) return undefined
    const kept: T[] = []
    for (const item of items.toReversed()) {
      if (this.room === 0) break
      kept.push(await keep(item))
    }
    this.leftOut += items.length - kept.length
    return kept.toReversed()
  }

  calls(calls: readonly ToolCall[] | undefined): Promise<readonly ToolCall[] | undefined> {
    return this.each(calls, async ({ id, name, input }) => ({
      id: id.slice(0, LONGEST_NAME),
      name: name.slice(0, LONGEST_NAME),
      input: await this.text(input),
    }))
  }

  async message(message: Message): Promise<Message> {
    const { role, content, toolCalls, toolCallId } = message
    const kept =
      typeof content === 'string' ? await this.text(content) : await this.each(content, (part) => this.#part(part))
    const calls = await this.calls(toolCalls)
    return {
      role,
      content: kept ?? '',
      ...(calls === undefined ? {} : { toolCalls: calls }),
      ...(toolCallId === undefined ? {} : { toolCallId: toolCallId.slice(0, LONGEST_NAME) }),
    }
  }

  async answer(answer: AnswerMessage): Promise<AnswerMessage> {
    const content = await this.text(answer.content)
    const reasoning = await this.optional(answer.reasoning)
    const toolCalls = await this.calls(answer.toolCalls)
    return {
      role: 'assistant',
      content,
      ...(reasoning === undefined ? {} : { reasoning }),
      ...(toolCalls === undefined ? {} : { toolCalls }),
    }
  }

  /** Media are named; their data is not kept. */
  async #part(part: TextPart | MediaPart): Promise<TextPart | MediaPart> {
    if (part.type === 'media') return { type: 'media', mediaType: part.mediaType.slice(0, LONGEST_NAME), source: '' }
    return { type: 'text', text: await this.text(part.text) }
  }
}
