/**
 * Which text of a decision a reviewer's word is about, and for which task. Where that cannot be told, the reason is given instead: a
 * wrong guess would teach the guard the opposite of what was meant.
 */
import type { Task } from '../../train/records.ts'
import type { ExportedDecision, ExportedMessage } from './decision-line.ts'
import type { Opinion } from './opinions.ts'

/** A labelled text before redaction. */
export interface JudgedItem {
  readonly task: Task
  readonly label: 0 | 1
  readonly prompt: string
  readonly response: string | null
  readonly system: string | null
  readonly categories: readonly string[]
}

/** Why a word gives no row. */
export type NoItem = 'no-text' | 'other-guard' | 'which-text' | 'contradicts-text'

const TASKS = ['prompt_harm', 'response_harm', 'refusal', 'injection', 'toxicity'] as const
type Learnt = (typeof TASKS)[number]

const OF_STAGE: Readonly<Record<string, Learnt>> = {
  input: 'prompt_harm',
  output: 'response_harm',
  retrieval: 'injection',
  tool_result: 'injection',
}

/** Rows of one opinion. */
export function judgedItems(decision: ExportedDecision, opinion: Opinion): readonly JudgedItem[] | NoItem {
  const texts = textsOf(decision)
  if (texts === null) return 'no-text'
  const tasks = tasksOf(decision, opinion, texts)
  if (typeof tasks === 'string') return tasks
  const items = tasks.map((task) => itemOf(task, decision, opinion, texts))
  const wrong = items.find((item) => typeof item === 'string')
  if (wrong !== undefined) return wrong
  return items.filter((item) => typeof item !== 'string')
}

interface Texts {
  readonly prompt: string
  readonly response: string | null
  readonly system: string | null
  readonly stage: string | null
  /** Index of the message that `prompt` is, where there was a conversation. */
  readonly message: number | null
}

/** Null without captured texts. Several answers to one request are none: a word cannot be about all of them. */
function textsOf({ content }: ExportedDecision): Texts | null {
  if (content === null) return null
  const { messages, answers, stage = null } = content
  if (messages === undefined || messages === null || messages.length === 0) {
    const [prompt, response] = [content.prompt ?? '', content.response ?? null]
    if (prompt === '' && response === null) return null
    return { prompt, response, system: content.system ?? null, stage, message: null }
  }
  const last = messages.findLastIndex(({ role }) => role === 'user')
  const answered = answers === undefined || answers === null ? messages.slice(last + 1) : answers
  const replies = answered.filter(({ role }) => role === 'assistant').map(wordsOf)
  const system = messages.filter(({ role }) => role === 'system' || role === 'developer').map(wordsOf)
  if (last < 0 || (answers !== undefined && answers !== null && answers.length > 1)) return null
  return {
    prompt: wordsOf(messages[last]),
    response: replies.at(-1) ?? null,
    system: system.length === 0 ? (content.system ?? null) : system.join('\n'),
    ...{ stage, message: last },
  }
}

function wordsOf(message: ExportedMessage | undefined): string {
  const { content } = message ?? {}
  if (typeof content === 'string') return content
  return (content ?? []).flatMap((part) => (part.text === undefined ? [] : [part.text])).join('\n')
}

function tasksOf(
  decision: ExportedDecision,
  { labels, harmful }: Opinion,
  { response, stage }: Texts,
): readonly Learnt[] | NoItem {
  const named = TASKS.filter((task) => labels.some((label) => label === task || label.startsWith(`${task}.`)))
  if (named.length > 0) return named
  if (stage !== null && stage in OF_STAGE) return [OF_STAGE[stage] ?? 'prompt_harm']
  const labelsFired = decision.guards
    .filter(({ status, decision: own }) => status === 'judged' && own !== 'pass')
    .flatMap((guard) => guard.labels)
  const fired = TASKS.filter((task) => labelsFired.some((label) => label === task || label.startsWith(`${task}.`)))
  if (fired.length === 1) return fired
  // What was stopped without need was none of it; what was stopped rightly may be any of it.
  if (fired.length > 1) return harmful ? 'which-text' : fired
  if (labelsFired.length > 0) return 'other-guard'
  if (response === null) return ['prompt_harm']
  return harmful ? 'which-text' : ['prompt_harm', 'response_harm']
}

function itemOf(task: Learnt, decision: ExportedDecision, opinion: Opinion, texts: Texts): JudgedItem | NoItem {
  const { prompt, response, system, message, stage } = texts
  const label = opinion.harmful ? 1 : 0
  const hazards = opinion.labels.filter((name) => /^S\d{1,2}$/.test(name))
  if (task === 'response_harm' || task === 'refusal') {
    if (response === null || response === '') return 'no-text'
    return { task, label, prompt, response, system, categories: label === 1 ? hazards : [] }
  }
  const spans = decision.spans.filter((span) => span.label === task || span.label.startsWith(`${task}.`))
  const elsewhere = spans.length > 0 && spans.every((span) => span.message !== undefined && span.message !== message)
  const ofAnswer = task === 'toxicity' && firedAtOutput(decision, task)
  if (elsewhere && !ofAnswer) return 'contradicts-text'
  const text = ofAnswer ? (response ?? '') : prompt
  if (text === '') return 'no-text'
  const indirect = stage === 'retrieval' || stage === 'tool_result' || opinion.labels.includes('injection.indirect')
  const categories = task === 'injection' ? [indirect ? 'indirect' : 'direct'] : label === 1 ? hazards : []
  return { task, label, prompt: text, response: null, system, categories }
}

function firedAtOutput({ guards }: ExportedDecision, task: string): boolean {
  const fired = guards.filter(({ labels }) => labels.includes(task))
  return fired.length > 0 && fired.every(({ stage }) => stage === 'output')
}
