/**
 * Which texts of a row or conversation are judged, at which stage, with what beside them.
 *
 * Nothing is judged here. Which messages count is the policy's conversation window: the newest N messages of the roles it names.
 */
import type {
  CheckInput,
  ConversationPolicy,
  Field,
  MediaPart,
  Message,
  Role,
  RowStage,
  Stage,
  TextPart,
} from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'

/** One text to judge, and where it goes back to when it was modified. */
export interface JudgedText {
  readonly stage: Stage
  readonly field: Field
  readonly text: string
  readonly prompt?: string
  readonly system?: string
  readonly tool?: string
  readonly origin?: 'unknown'
  readonly place?: MessagePlace
}

/** Where in a conversation a text stands: the message, and the content part or tool call in it. */
export interface MessagePlace {
  readonly message: number
  readonly part?: number
  readonly call?: number
}

/** An image, recording or file in the window, and where it stands. */
export interface SelectedMedium extends Omit<JudgedText, 'text' | 'origin' | 'place'> {
  readonly medium: MediaPart
  readonly place: { readonly message: number; readonly part: number }
}

export interface Selection {
  readonly texts: readonly JudgedText[]
  readonly media: readonly SelectedMedium[]
}

const ROW_STAGES: readonly RowStage[] = ['input', 'retrieval', 'tool_result', 'output']

/** Texts of a row or a conversation. Throws `input_invalid` when the input is neither. */
export function selectTexts(input: CheckInput, window: Required<ConversationPolicy>): Selection {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw invalid('The input must be an object.', 'input')
  if (input.messages !== undefined) return selectMessages(input.messages, window)
  return { texts: selectRow(input), media: [] }
}

function selectRow(input: CheckInput): readonly JudgedText[] {
  const prompt = optionalText(input.prompt, 'prompt')
  const response = optionalText(input.response, 'response')
  const system = optionalText(input.system, 'system')
  const { stage } = input
  if (stage !== undefined && !ROW_STAGES.includes(stage)) {
    throw invalid(`\`stage\` must be one of ${ROW_STAGES.join(', ')}.`, 'stage')
  }
  if (prompt === undefined && response === undefined) {
    throw invalid('Give `prompt` or `response` as a string, or `messages` as a list.', 'prompt')
  }
  const beside = system === undefined ? {} : { system }
  if (stage === 'output') {
    const text = response ?? prompt ?? ''
    return [
      {
        stage,
        field: response === undefined ? 'prompt' : 'response',
        text,
        ...(response !== undefined && prompt !== undefined ? { prompt } : {}),
        ...beside,
      },
    ]
  }
  const texts: JudgedText[] = []
  if (prompt !== undefined && (prompt !== '' || response === undefined)) {
    const origin = stage === undefined ? ({ origin: 'unknown' } as const) : {}
    texts.push({ stage: stage ?? 'input', field: 'prompt', text: prompt, ...origin, ...beside })
  }
  if (response !== undefined) {
    texts.push({
      stage: 'output',
      field: 'response',
      text: response,
      ...(prompt === undefined ? {} : { prompt }),
      ...beside,
    })
  }
  return texts
}

function selectMessages(messages: readonly Message[], window: Required<ConversationPolicy>): Selection {
  if (!Array.isArray(messages) || messages.length === 0)
    throw invalid('`messages` must be a list of at least one message.', 'messages')
  messages.forEach(checkMessage)
  const system = messages
    .filter((message) => message.role === 'system' || message.role === 'developer')
    .map(messageText)
    .join('\n')
  const beside = system === '' ? {} : { system }
  const texts: JudgedText[] = []
  const media: SelectedMedium[] = []
  const toolNames = new Map<string, string>()
  let prompt: string | undefined
  const first = window.messages === 'all' ? 0 : messages.length - window.messages
  messages.forEach((message, index) => {
    for (const call of message.toolCalls ?? []) toolNames.set(call.id, call.name)
    const judged = index >= first && window.roles.includes(message.role)
    if (judged) {
      const tool = message.toolCallId === undefined ? undefined : toolNames.get(message.toolCallId)
      const context = {
        ...stageOf(message),
        ...(prompt === undefined || message.role === 'user' ? {} : { prompt }),
        ...(tool === undefined ? {} : { tool }),
        ...beside,
      }
      collect(message, index, context, texts, media)
    }
    if (message.role === 'user') prompt = messageText(message)
  })
  return { texts, media }
}

function collect(
  message: Message,
  index: number,
  context: Omit<JudgedText, 'text' | 'place'>,
  texts: JudgedText[],
  media: SelectedMedium[],
): void {
  if (typeof message.content === 'string') {
    if (message.content !== '') texts.push({ ...context, text: message.content, place: { message: index } })
  } else {
    message.content.forEach((part, position) => {
      const place = { message: index, part: position }
      if (part.type === 'text') texts.push({ ...context, text: part.text, place })
      else media.push({ ...context, medium: part, place })
    })
  }
  message.toolCalls?.forEach((call, position) => {
    const place = { message: index, call: position }
    texts.push({ ...context, stage: 'tool_call', field: 'response', text: call.input, tool: call.name, place })
  })
}

function stageOf(message: Message): { readonly stage: Stage; readonly field: Field } {
  switch (message.role) {
    case 'assistant':
      return { stage: 'output', field: 'response' }
    case 'tool':
      return { stage: 'tool_result', field: 'prompt' }
    case 'user':
    case 'system':
    case 'developer':
      return { stage: 'input', field: 'prompt' }
  }
}

/** The text of a message, parts joined by line breaks. */
export function messageText(message: Message): string {
  if (typeof message.content === 'string') return message.content
  return message.content
    .filter((part): part is TextPart => part.type === 'text')
    .map((part) => part.text)
    .join('\n')
}

export const ROLES: readonly Role[] = ['system', 'developer', 'user', 'assistant', 'tool']

function checkMessage(message: unknown, index: number): void {
  const at = `messages[${index}]`
  if (typeof message !== 'object' || message === null) throw invalid(`\`${at}\` must be an object.`, at)
  const { role, content, toolCalls } = message as Partial<Message>
  if (role === undefined || !ROLES.includes(role))
    throw invalid(`\`${at}.role\` must be one of ${ROLES.join(', ')}.`, `${at}.role`)
  if (typeof content !== 'string' && !(Array.isArray(content) && content.every(isPart))) {
    throw invalid(`\`${at}.content\` must be a string or a list of text and media parts.`, `${at}.content`)
  }
  if (
    toolCalls !== undefined &&
    !(Array.isArray(toolCalls) && toolCalls.every((call) => typeof call?.input === 'string'))
  ) {
    throw invalid(`\`${at}.toolCalls\` must be a list of calls with \`id\`, \`name\` and \`input\`.`, `${at}.toolCalls`)
  }
}

function isPart(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false
  const { type, text, mediaType, source } = part as Partial<Record<string, unknown>>
  if (type === 'text') return typeof text === 'string'
  return type === 'media' && typeof mediaType === 'string' && typeof source === 'string'
}

function optionalText(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw invalid(`\`${name}\` must be a string.`, name)
  return value
}

function invalid(message: string, param: string): ParapetError {
  return new ParapetError('input_invalid', message, { details: { param } })
}

/** The conversation with one text replaced. */
export function replaceText(messages: readonly Message[], place: MessagePlace, text: string): readonly Message[] {
  return messages.map((message, index) => {
    if (index !== place.message) return message
    if (place.call !== undefined) {
      return {
        ...message,
        toolCalls: message.toolCalls?.map((call, at) => (at === place.call ? { ...call, input: text } : call)) ?? [],
      }
    }
    if (typeof message.content === 'string') return { ...message, content: text }
    return {
      ...message,
      content: message.content.map((part, at) =>
        at === place.part && part.type === 'text' ? { ...part, text } : part,
      ),
    }
  })
}

/** The conversation with a text in place of a medium. */
export function replaceMedium(
  messages: readonly Message[],
  place: SelectedMedium['place'],
  text: string,
): readonly Message[] {
  return messages.map((message, index) => {
    if (index !== place.message || typeof message.content === 'string') return message
    return {
      ...message,
      content: message.content.map((part, at) => (at === place.part ? { type: 'text', text } : part)),
    }
  })
}
