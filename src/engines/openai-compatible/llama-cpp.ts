/**
 * The llama.cpp server's own `POST /completion`, which takes a raw prompt, keeps its prefix for the next call (`cache_prompt`), and says
 * when it had to cut something.
 */
import type { Completion } from '../../spec/index.ts'
import { engineFailure } from '../calls/failure.ts'
import { readLogprobs } from './read-logprobs.ts'
import { schemaFields } from './schema-field.ts'
import { count, isRecord, malformed, record, text, type WireRecord } from './wire.ts'
import { withoutBegin, type TextForm } from './wire-form.ts'

export const llamaCppCompletion: TextForm = (prompt, question, { model, schemaField }) => ({
  path: '/completion',
  body: {
    ...{ model, prompt: withoutBegin(prompt), stream: false, cache_prompt: true },
    ...{ n_predict: question.maxTokens, temperature: question.temperature ?? 0, stop: question.stop },
    ...(question.seed === undefined ? {} : { seed: question.seed }),
    ...(question.candidates === 0 ? {} : { n_probs: question.candidates }),
    ...schemaFields(schemaField, question.schema),
  },
  read: readAnswer,
})

function readAnswer(answer: unknown): Completion {
  const whole = record(answer, 'the answer')
  if (whole['truncated'] === true) throw truncated()
  return {
    text: text(whole['content'], 'its content'),
    tokens: readLogprobs(whole['completion_probabilities']),
    finish: finishOf(whole['stop_type']),
    usage: usageOf(whole),
  }
}

/** Of a server that left out a part of what it was given: an answer to something else. */
export function truncated(): unknown {
  return engineFailure(
    'truncated',
    'The model server cut the prompt to fit its context. Give it a larger context, or judge shorter texts.',
  )
}

function finishOf(type: unknown): Completion['finish'] {
  if (type === 'limit') return 'length'
  if (type === 'eos' || type === 'word') return 'stop'
  throw malformed('its stop_type is none of eos, word and limit')
}

function usageOf({
  tokens_evaluated: evaluated,
  tokens_predicted: predicted,
  timings,
}: WireRecord): Completion['usage'] {
  const promptTokens = count(evaluated)
  const completionTokens = count(predicted)
  if (promptTokens === undefined || completionTokens === undefined) return null
  const cachedTokens = isRecord(timings) ? count(timings['cache_n']) : undefined
  return { promptTokens, completionTokens, ...(cachedTokens === undefined ? {} : { cachedTokens }) }
}
