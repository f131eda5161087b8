/**
 * Ollama's own interface, `POST /api/chat` and `/api/generate`, rather than its OpenAI one: only here a raw prompt stays raw, the context
 * can be sized, and a prompt that does not fit is refused instead of cut at its beginning, where the judged text may stand.
 *
 * Probabilities (`logprobs`) and `truncate: false` are known to newer servers only; older ones ignore the fields.
 */
import type { Completion } from '../../spec/index.ts'
import type { ServerSettings } from './options.ts'
import { readLogprobs } from './read-logprobs.ts'
import { schemaFields } from './schema-field.ts'
import { count, malformed, record, text, type WireRecord } from './wire.ts'
import { withoutBegin, type ChatForm, type TextForm, type WireQuestion } from './wire-form.ts'

export const ollamaChat: ChatForm = ({ messages }, question, settings) => ({
  path: '/api/chat',
  body: { messages, ...fields(question, settings) },
  read: (answer) => readAnswer(answer, (whole) => record(whole['message'], 'its message')['content']),
})

export const ollamaGenerate: TextForm = (prompt, question, settings) => ({
  path: '/api/generate',
  body: { prompt: withoutBegin(prompt), raw: true, ...fields(question, settings) },
  read: (answer) => readAnswer(answer, (whole) => whole['response']),
})

function fields(question: WireQuestion, { model, context, schemaField }: ServerSettings): WireRecord {
  return {
    ...{ model, stream: false, truncate: false, shift: false },
    options: {
      ...{ num_predict: question.maxTokens, temperature: question.temperature ?? 0 },
      ...(question.seed === undefined ? {} : { seed: question.seed }),
      ...(question.stop.length === 0 ? {} : { stop: question.stop }),
      ...(context === undefined ? {} : { num_ctx: context }),
    },
    ...(question.candidates === 0 ? {} : { logprobs: true, top_logprobs: question.candidates }),
    ...schemaFields(schemaField, question.schema),
  }
}

function readAnswer(answer: unknown, textIn: (whole: WireRecord) => unknown): Completion {
  const whole = record(answer, 'the answer')
  if (whole['done'] !== true) throw malformed('it is not done')
  return {
    text: text(textIn(whole), 'its text'),
    tokens: readLogprobs(whole['logprobs']),
    finish: finishOf(whole['done_reason']),
    usage: usageOf(whole),
  }
}

function finishOf(reason: unknown): Completion['finish'] {
  if (reason === 'length') return 'length'
  // Older servers name no reason. Others are `load` and `unload`, where nothing was answered.
  if (reason === 'stop' || reason === undefined || reason === '') return 'stop'
  throw malformed('its done_reason is neither stop nor length')
}

/** Counts of nothing are left out: a prompt that was cached as a whole has none. */
function usageOf({ prompt_eval_count: prompt = 0, eval_count: answer = 0 }: WireRecord): Completion['usage'] {
  const promptTokens = count(prompt)
  const completionTokens = count(answer)
  return promptTokens === undefined || completionTokens === undefined ? null : { promptTokens, completionTokens }
}
