/** What a form of training data is: how it is known, and how a row of it becomes a conversation. */
import type { DataRow, TurnRole } from '../row.ts'

export type FormName = 'openai' | 'sharegpt' | 'alpaca' | 'completion' | 'preference'

export type Fields = Readonly<Record<string, unknown>>

export interface Form {
  readonly name: FormName
  /** Its fields, in words for an error. */
  readonly fields: string
  /** Whether an object has the fields that this form alone has. */
  matches(row: Fields): boolean
  /** The conversation, or what is wrong with it. */
  read(row: Fields): Omit<DataRow, 'line'> | string
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const ROLES: Readonly<Record<string, TurnRole>> = {
  ...{ system: 'system', developer: 'system' },
  ...{ user: 'user', human: 'user', prompter: 'user' },
  ...{
    assistant: 'assistant',
    gpt: 'assistant',
    chatgpt: 'assistant',
    model: 'assistant',
    bot: 'assistant',
    bard: 'assistant',
  },
  ...{ tool: 'tool', function: 'tool', observation: 'tool', function_call: 'assistant', tool_call: 'assistant' },
}

/** The role that a name stands for; null for others. */
export function roleOf(name: unknown): TurnRole | null {
  return typeof name === 'string' && Object.hasOwn(ROLES, name) ? (ROLES[name] ?? null) : null
}

/** A list of messages with these two fields as turns, or what is wrong. */
export function turnsOf(list: unknown, roleKey: string, textKey: string): DataRow['turns'] | string {
  if (!Array.isArray(list)) return 'The messages are no list.'
  if (list.length === 0) return 'There is no message.'
  const turns: DataRow['turns'][number][] = []
  for (const [at, message] of list.entries()) {
    if (!isFields(message)) return `Message ${at + 1} is no object.`
    const role = roleOf(message[roleKey])
    if (role === null) return `Message ${at + 1} has no known role as "${roleKey}".`
    const text = textOf(message[textKey])
    if (text === null) return `Message ${at + 1} holds something other than text, which no check sees.`
    turns.push({ role, text: [text, ...callsOf(message)].filter((part) => part !== '').join('\n') })
  }
  return turns
}

/** Text of a content: a string, a list of text parts, or nothing beside a call. Null for images and the like. */
function textOf(content: unknown): string | null {
  if (content === null || content === undefined) return ''
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return null
  const parts = content.map((part: unknown) => {
    if (typeof part === 'string') return part
    if (!isFields(part)) return null
    if (typeof part['text'] === 'string') return part['text']
    return typeof part['refusal'] === 'string' ? part['refusal'] : null
  })
  return parts.every((part) => part !== null) ? parts.join('\n') : null
}

/** What the assistant says to tools is learnt too, and so is its reasoning. */
function callsOf(message: Fields): readonly string[] {
  const { tool_calls: calls, function_call: call, reasoning_content: reasoning, refusal } = message
  return [reasoning, refusal, call, calls].flatMap((value) => {
    if (value === undefined || value === null) return []
    return [typeof value === 'string' ? value : JSON.stringify(value)]
  })
}

/** A string field; null where it is something else, '' where it is not there. */
export function stringField(row: Fields, name: string): string | null {
  const value = row[name]
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : null
}

/** A row is learnt from only where the assistant says something. */
export function withAnswer(row: Omit<DataRow, 'line'> | string): Omit<DataRow, 'line'> | string {
  if (typeof row === 'string') return row
  return row.turns.some(({ role }) => role === 'assistant') || row.rejected !== undefined
    ? row
    : 'There is no answer of the assistant, so nothing to learn.'
}
