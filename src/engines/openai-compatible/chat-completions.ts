/**
 * `POST /v1/chat/completions`, as OpenAI describes it and vLLM and the llama.cpp server extend it (`chat_template_kwargs`,
 * `cache_prompt`). The first choice counts; none other is asked for.
 */
import type { Completion } from '../../spec/index.ts'
import { engineFailure } from '../calls/failure.ts'
import { readLogprobs } from './read-logprobs.ts'
import { schemaFields } from './schema-field.ts'
import { count, isRecord, malformed, record, text, type WireRecord } from './wire.ts'
import type { ChatForm } from './wire-form.ts'

export const chatCompletions: ChatForm = (
  { messages, templateOptions },
  question,
  { model, dialect, schemaField },
) => ({
  path: '/v1/chat/completions',
  body: {
    ...{ model, messages, stream: false },
    ...{ max_tokens: question.maxTokens, temperature: question.temperature ?? 0 },
    ...(question.seed === undefined ? {} : { seed: question.seed }),
    ...(question.stop.length === 0 ? {} : { stop: question.stop }),
    ...(question.candidates === 0 ? {} : { logprobs: true, top_logprobs: question.candidates }),
    ...(templateOptions === undefined ? {} : { chat_template_kwargs: templateOptions }),
    ...(dialect === 'llama.cpp' ? { cache_prompt: true } : {}),
    ...schemaFields(schemaField, question.schema),
  },
  read: readChatCompletion,
})

function readChatCompletion(answer: unknown): Completion {
  const whole = record(answer, 'the answer')
  const choice = firstChoice(whole)
  const message = record(choice['message'], 'its message')
  const { content, refusal } = message
  // A model that declines in a field of its own, or calls a tool, has written no answer.
  const written = content === null || content === undefined ? '' : text(content, 'its content')
  const declined = written === '' && typeof refusal === 'string' && refusal !== ''
  return {
    text: written,
    tokens: readLogprobs(choice['logprobs']),
    finish: declined ? 'filtered' : finishOf(choice['finish_reason']),
    usage: usageOf(whole['usage']),
  }
}

/** The first choice of an answer that has any. */
export function firstChoice(answer: WireRecord): WireRecord {
  const { choices } = answer
  if (!Array.isArray(choices)) throw malformed('it has no list of choices')
  if (choices.length === 0) throw engineFailure('empty', 'The model server answered without a choice. Look at its log.')
  return record(choices[0], 'its first choice')
}

export function finishOf(reason: unknown): Completion['finish'] {
  if (reason === 'length') return 'length'
  if (reason === 'content_filter') return 'filtered'
  // Some servers name no reason. One that none of these is (an abort, a tool call) means the text is not the model's answer.
  if (reason === 'stop' || reason === null || reason === undefined) return 'stop'
  throw malformed('it ended for a reason that is neither stop nor length nor content_filter')
}

/** `prompt_tokens`, `completion_tokens` and, where a cache helped, `prompt_tokens_details.cached_tokens`. */
export function usageOf(value: unknown): Completion['usage'] {
  if (!isRecord(value)) return null
  const promptTokens = count(value['prompt_tokens'])
  const completionTokens = count(value['completion_tokens'])
  if (promptTokens === undefined || completionTokens === undefined) return null
  const details = value['prompt_tokens_details']
  const cachedTokens = isRecord(details) ? count(details['cached_tokens']) : undefined
  return { promptTokens, completionTokens, ...(cachedTokens === undefined ? {} : { cachedTokens }) }
}
