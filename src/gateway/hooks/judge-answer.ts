/**
 * Judges a model's answer that is known in full. Each text is a row of its own, because the policy's window is about history: an
 * answer is judged even where the window leaves assistant messages out, and the user's text beside it is context, not judged again.
 */
import type { CheckResult, MediaPart, Message, ToolCall } from '../../spec/index.ts'
import type { Inquiry } from './hook.ts'
import { inquire } from './hook.ts'

/** What an answer holds. */
export interface AnswerContent {
  readonly texts: readonly string[]
  readonly calls: readonly ToolCall[]
  readonly media: readonly MediaPart[]
}

/** What led to it. */
export interface AnswerContext {
  readonly prompt?: string
  readonly system?: string
}

export interface JudgedAnswer {
  /** In no particular order. */
  readonly results: readonly CheckResult[]
  /** As many as were given, in the same order, as the policy left them. */
  readonly texts: readonly string[]
  /** Arguments of the calls, likewise. */
  readonly inputs: readonly string[]
  /** The policy changes a medium, of which no new version can be given back. */
  readonly lost: boolean
}

export async function judgeAnswer(
  inquiry: Inquiry,
  { texts, calls, media }: AnswerContent,
  context: AnswerContext = {},
): Promise<JudgedAnswer> {
  const [rows, called, seen] = await Promise.all([
    Promise.all(texts.map((response) => inquire(inquiry, { stage: 'output', response, ...context }))),
    judgeCalls(inquiry, calls),
    judgeMedia(inquiry, media),
  ])
  return {
    results: [...rows, ...called.results, ...seen.results],
    texts: texts.map((text, index) => rows[index]?.modified?.response ?? text),
    inputs: called.inputs,
    lost: seen.lost,
  }
}

/**
 * Whose message holds what no row can hold. Of which roles messages are judged is the policy's choice for the history, and users
 * are the role that no policy leaves out; arguments are judged as a tool call whatever the role.
 */
const ROLE = 'user'

/** Judges the arguments of tool calls, all in one decision. */
export async function judgeCalls(
  inquiry: Inquiry,
  calls: readonly ToolCall[],
): Promise<{ readonly results: readonly CheckResult[]; readonly inputs: readonly string[] }> {
  if (calls.length === 0) return { results: [], inputs: [] }
  const messages: readonly Message[] = [{ role: ROLE, content: '', toolCalls: calls }]
  const result = await inquire(inquiry, { messages })
  const judged = result.messages?.[0]?.toolCalls ?? calls
  return { results: [result], inputs: calls.map(({ input }, index) => judged[index]?.input ?? input) }
}

/** Judges images and files, all in one decision: by guards that can look at them, else by the policy's rule for media. */
export async function judgeMedia(
  inquiry: Inquiry,
  media: readonly MediaPart[],
): Promise<{ readonly results: readonly CheckResult[]; readonly lost: boolean }> {
  if (media.length === 0) return { results: [], lost: false }
  const result = await inquire(inquiry, { messages: [{ role: ROLE, content: media }] })
  return { results: [result], lost: result.decision === 'modify' }
}
