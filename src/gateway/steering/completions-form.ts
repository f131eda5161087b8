/**
 * Routed turns in the interface before chat, where a conversation is one text. It is written as a transcript, each turn under the name of
 * its speaker, for a model that follows instructions: on every way the prompt is answered as a request, and not merely continued.
 */
import type { Message } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { TEXT_COMPLETION_USAGE } from '../protocols/completions/raw-usage.ts'
import type { UpstreamCall } from '../upstream/upstream.ts'
import type { RoutedForm } from './routed-form.ts'
import { COMMON_FIELDS, spokenText } from './routed-form.ts'

/** What model servers give where a request names no length. */
const USUAL_LENGTH = 16

export const COMPLETIONS_FORM: RoutedForm = {
  limits: ['max_tokens'],
  usualLimit: USUAL_LENGTH,
  shared: ['model'],
  usage: TEXT_COMPLETION_USAGE,
  kept: new Set([...COMMON_FIELDS, 'prompt', 'n', 'seed', 'max_tokens', 'frequency_penalty', 'presence_penalty']),
  directives: [],
  conversation(call) {
    // The first message holds the prompt and whatever else says something; turns behind it are the pipeline's own.
    return [{ role: 'user', content: promptOf(call) }, ...call.messages.slice(1)]
  },
  ask: (messages) => ({ prompt: transcript(messages) }),
  answer: (_call, plan) => ({ prompt: transcript(plan.messages) }),
}

/** The prompt as a text. Throws `input_invalid` where there is more or less than one, or where a route would not hold for the answer. */
function promptOf({ body }: UpstreamCall): string {
  const { prompt, suffix } = body
  for (const name of ['prompt_embeds', 'prompt_token_ids'])
    if (body[name] !== undefined && body[name] !== null) throw unrouted(name, 'nobody here can read it')
  for (const name of ['echo', 'prompt_logprobs'])
    if (body[name] !== undefined && body[name] !== null && body[name] !== false)
      throw unrouted(name, 'it would show what the router tells the model')
  if (typeof suffix === 'string' && suffix !== '') throw unrouted('suffix', 'filling a gap is no request')
  const only = Array.isArray(prompt) && prompt.length === 1 ? (prompt as readonly unknown[])[0] : prompt
  if (typeof only === 'string') return only
  if (only === undefined || only === null) throw unrouted('prompt', 'there is none')
  throw unrouted('prompt', Array.isArray(prompt) && typeof prompt[0] === 'string' ? 'it holds several' : 'it is tokens')
}

function unrouted(param: string, why: string): ParapetError {
  return new ParapetError(
    'input_invalid',
    `\`${param}\` cannot be routed: ${why}. Send one \`prompt\` as a text, or ask through /v1/chat/completions.`,
    { details: { param } },
  )
}

const NAMES: Readonly<Partial<Record<Message['role'], string>>> = {
  system: 'System',
  developer: 'System',
  assistant: 'Assistant',
}

function transcript(messages: readonly Message[]): string {
  const turns = messages.map((message) => `${NAMES[message.role] ?? 'User'}:\n${plainLines(spokenText(message))}`)
  return [...turns, 'Assistant:\n'].join('\n\n')
}

/** A name with its colon at the beginning of a line, whatever signs stand around it. A line is looked through once. */
const TURN =
  /^([^\p{L}\p{N}\n\r\u2028\u2029]*(?:System|User|Assistant)[^\p{L}\p{N}\n\r\u2028\u2029:\uFF1A]*)[:\uFF1A]/gimu

/** A line of a text must not look like the beginning of a turn. */
function plainLines(text: string): string {
  return text.replaceAll(TURN, '$1 -')
}
