/**
 * What a judge is shown of a request: a passage of the judged text, the prompt that led to it, turns before it and the system prompt.
 * What is context only is shortened to a limit; the judged text itself never is.
 */
import type { GuardRequest, Message, Stage, StreamRequest, TextView } from '../../spec/index.ts'
import type { JudgeInput, JudgeTask, JudgeTurn } from './judge-input.ts'

/** Tasks that are about a text given to the model, and those about one it gave. */
const TASKS_OF: Readonly<Record<'given' | 'answered', readonly JudgeTask[]>> = {
  given: ['prompt_harm', 'off_topic'],
  answered: ['response_harm', 'refusal'],
}

function isAnswer(stage: Stage): boolean {
  return stage === 'output' || stage === 'tool_call'
}

/** Those of the tasks that mean something at a stage. */
export function tasksAt(stage: Stage, tasks: readonly JudgeTask[]): readonly JudgeTask[] {
  return tasks.filter((task) => TASKS_OF[isAnswer(stage) ? 'answered' : 'given'].includes(task))
}

export interface ContextLimits {
  /** Characters of the prompt beside an answer, and of all earlier turns together. */
  readonly context: number
  /** Earlier turns shown at most. */
  readonly turns: number
  /** Used where a request has no system prompt. */
  readonly system: string | undefined
}

/** A request about a whole text, or about one that still grows. */
export type JudgedRequest = StreamRequest & Partial<Pick<GuardRequest, 'text'>>

/** A passage as the judge sees it: normalised, so that nothing in it is invisible to a reader. */
export function inputFor(passage: TextView, request: JudgedRequest, limits: ContextLimits): JudgeInput {
  const { stage, messages = [] } = request
  const judged = wellFormed(passage.normalised)
  const system = request.system ?? limits.system
  const shared = system === undefined ? {} : { system: wellFormed(system) }
  if (isAnswer(stage)) {
    const at = promptBefore(messages, messages.length)
    const prompt = promptOf(request)
    const before = request.prompt === undefined ? at : lastIndexOf(messages, 'user', request.prompt)
    const earlier = earlierTurns(messages, before, limits)
    return { prompt: wellFormed(middleOut(prompt, limits.context)), response: judged, ...shared, ...earlier }
  }
  // A document or a tool's result is no turn of a conversation.
  const earlier = stage === 'input' ? earlierTurns(messages, startOf(messages, request), limits) : {}
  return { prompt: judged, ...shared, ...earlier }
}

/**
 * What a passage and the prompt beside an answer were cut from. Where a cut goes through what is a secret only as a whole, the rest of it
 * can be told in these alone.
 */
export function wholeTexts(text: string, request: JudgedRequest): readonly string[] {
  return isAnswer(request.stage) ? [text, promptOf(request)] : [text]
}

/** The prompt that an answer is about, in full. */
function promptOf({ prompt, messages = [] }: JudgedRequest): string {
  return prompt ?? messageText(messages[promptBefore(messages, messages.length)]) ?? ''
}

/** Where in the conversation the judged text stands; its end where it is not found. */
function startOf(messages: readonly Message[], { text }: JudgedRequest): number {
  const at = text === undefined ? -1 : lastIndexOf(messages, 'user', text.original)
  return at < 0 ? messages.length : at
}

function lastIndexOf(messages: readonly Message[], role: Message['role'], text: string): number {
  return messages.findLastIndex((message) => message.role === role && textsOf(message).includes(text))
}

function promptBefore(messages: readonly Message[], end: number): number {
  return messages.slice(0, end).findLastIndex(({ role }) => role === 'user')
}

/** The newest turns before a message that fit into the limits, oldest first. */
function earlierTurns(
  messages: readonly Message[],
  end: number,
  { turns: most, context }: ContextLimits,
): Pick<JudgeInput, 'earlier'> {
  const turns: JudgeTurn[] = []
  let left = context
  for (const message of messages.slice(0, Math.max(0, end)).toReversed()) {
    const { role } = message
    if (role !== 'user' && role !== 'assistant') continue
    const text = messageText(message) ?? ''
    left -= text.length
    if (left < 0 || turns.length === most) break
    turns.unshift({ role, text: wellFormed(text) })
  }
  return turns.length === 0 ? {} : { earlier: turns }
}

function textsOf({ content }: Message): readonly string[] {
  if (typeof content === 'string') return [content]
  const parts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []))
  return [parts.join('\n'), ...parts]
}

function messageText(message: Message | undefined): string | undefined {
  return message === undefined ? undefined : textsOf(message)[0]
}

/** Halves of characters, such as the edge of a window leaves, become marks of the same length: servers refuse them. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD')
}

/** A text of at most this length: beginning and end with a mark between them. */
function middleOut(text: string, limit: number): string {
  if (text.length <= limit) return text
  const half = Math.floor((limit - MARK.length) / 2)
  return half <= 0 ? text.slice(0, limit) : `${text.slice(0, half)}${MARK}${text.slice(-half)}`
}

const MARK = '\n[…]\n'
