/**
 * `POST /v1/completions`, the older interface that takes a raw prompt, as OpenAI describes it and vLLM extends it. Probabilities are read
 * in both shapes in which servers give them.
 */
import { readLogprobs } from './read-logprobs.ts'
import { finishOf, firstChoice, usageOf } from './chat-completions.ts'
import { schemaFields } from './schema-field.ts'
import { record, text } from './wire.ts'
import { beginsItself, type TextForm } from './wire-form.ts'

/** OpenAI's own limit of candidates in this interface. */
const MOST_CANDIDATES = 5

export const textCompletions: TextForm = (prompt, question, { model, dialect, schemaField }) => ({
  path: '/v1/completions',
  body: {
    ...{ model, prompt, stream: false },
    ...{ max_tokens: question.maxTokens, temperature: question.temperature ?? 0 },
    ...(question.seed === undefined ? {} : { seed: question.seed }),
    ...(question.stop.length === 0 ? {} : { stop: question.stop }),
    ...(question.candidates === 0
      ? {}
      : { logprobs: dialect === 'openai' ? Math.min(MOST_CANDIDATES, question.candidates) : question.candidates }),
    ...(dialect === 'vllm' && beginsItself(prompt) ? { add_special_tokens: false } : {}),
    ...schemaFields(schemaField, question.schema),
  },
  read(answer) {
    const whole = record(answer, 'the answer')
    const choice = firstChoice(whole)
    return {
      text: text(choice['text'], 'its text'),
      tokens: readLogprobs(choice['logprobs']),
      finish: finishOf(choice['finish_reason']),
      usage: usageOf(whole['usage']),
    }
  },
})
