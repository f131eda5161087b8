/**
 * What is being written in the playground, as data: a text with what stands beside it, or a conversation; how each becomes a
 * request; and how it is read back from the tab's memory. Drawing and sending are elsewhere.
 */
import type { GuardRequestBody } from '../../../contract/index.ts'
import { isJsonObject } from '../../../contract/json.ts'
import type { RowStage } from '../../data/words.ts'
import type { JudgedInput } from '../judgement/texts.ts'

export type Mode = 'text' | 'conversation'

export interface RowDraft {
  readonly prompt: string
  readonly response: string
  readonly system: string
  /** Empty: the gateway chooses. */
  readonly stage: RowStage | ''
}

export const ROLES = ['user', 'assistant', 'system', 'developer', 'tool'] as const
export type DraftRole = (typeof ROLES)[number]

export interface DraftMessage {
  /** Stays with the message when it is moved. */
  readonly id: number
  readonly role: DraftRole
  readonly content: string
}

export const STAGES: readonly (readonly [stage: RowStage | '', name: string])[] = [
  ['', 'a prompt, or not known'],
  ['input', 'what a user sends (input)'],
  ['retrieval', 'a document (retrieval)'],
  ['tool_result', 'a tool’s result (tool_result)'],
  ['output', 'a model’s answer (output)'],
]

export const EMPTY_ROW: RowDraft = { prompt: '', response: '', system: '', stage: '' }
export const EMPTY_CONVERSATION: readonly DraftMessage[] = [{ id: 1, role: 'user', content: '' }]
/** A gateway accepts more; an editor does not need them. */
export const MOST_MESSAGES = 100

/** What would be judged, or in which field a word is missing. */
export function toInput(
  mode: Mode,
  row: RowDraft,
  messages: readonly DraftMessage[],
): { readonly input: JudgedInput } | { readonly missing: string } {
  if (mode === 'text') {
    if (row.prompt === '' && row.response === '') return { missing: 'Write a text first, or choose an example.' }
    const { prompt, response, system, stage } = row
    return { input: { kind: 'row', prompt, response, system, stage: stage === '' ? null : stage } }
  }
  const written = messages.map(({ role, content }) => ({ role, content }))
  if (written.every(({ content }) => content === '')) return { missing: 'Write at least one message first.' }
  return { input: { kind: 'conversation', messages: written } }
}

/** The body of `POST /v1/guard`. */
export function toBody(input: JudgedInput): GuardRequestBody {
  if (input.kind === 'conversation') return { messages: input.messages }
  const { prompt, response, system, stage } = input
  return {
    ...(prompt === '' && response !== '' ? {} : { prompt }),
    ...(response === '' ? {} : { response }),
    ...(system === '' ? {} : { system }),
    ...(stage === null ? {} : { stage }),
  }
}

/** A new message for the end of a conversation: the other side speaks next. */
export function nextMessage(messages: readonly DraftMessage[]): DraftMessage {
  const id = Math.max(0, ...messages.map((message) => message.id)) + 1
  return { id, role: messages.at(-1)?.role === 'user' ? 'assistant' : 'user', content: '' }
}

/** The conversation with one message moved by one place. */
export function move(messages: readonly DraftMessage[], id: number, by: 1 | -1): readonly DraftMessage[] {
  const from = messages.findIndex((message) => message.id === id)
  const to = from + by
  if (from < 0 || to < 0 || to >= messages.length) return messages
  const moved = messages.toSpliced(from, 1)
  return moved.toSpliced(to, 0, messages[from] as DraftMessage)
}

export function readMode(stored: unknown): Mode | undefined {
  return stored === 'text' || stored === 'conversation' ? stored : undefined
}

export function readRow(stored: unknown): RowDraft | undefined {
  if (!isJsonObject(stored)) return undefined
  const { prompt, response, system } = stored
  const stage = STAGES.find(([name]) => name === stored['stage'])?.[0]
  if (typeof prompt !== 'string' || typeof response !== 'string' || typeof system !== 'string') return undefined
  return stage === undefined ? undefined : { prompt, response, system, stage }
}

export function readMessages(stored: unknown): readonly DraftMessage[] | undefined {
  if (!Array.isArray(stored) || stored.length === 0 || stored.length > MOST_MESSAGES) return undefined
  const messages = stored.flatMap((item: unknown, index) => {
    if (!isJsonObject(item)) return []
    const role = ROLES.find((name) => name === item['role'])
    const { content } = item
    return role === undefined || typeof content !== 'string' ? [] : { id: index + 1, role, content }
  })
  return messages.length === stored.length ? messages : undefined
}
