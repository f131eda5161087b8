/**
 * NVIDIA NemoGuard 8B Topic Control: is the last user message within what the system prompt allows. NeMo Guardrails takes every answer
 * but `off-topic` as on topic; here every other answer is unparsable.
 */
import { ParapetError } from '../../../../spec/index.ts'
import type { JudgeInput } from '../../judge-input.ts'
import { labelReading, unparsable, type JudgeReading } from '../../judge-reading.ts'
import type { FormatSource, JudgeCall, JudgeFormat } from '../format.ts'
import { labelProbability } from '../label-probability.ts'
import { createNeutraliser } from '../neutralise.ts'

const SOURCE: FormatSource = {
  follows: ['NVIDIA-NeMo/Guardrails nemoguardrails/library/topic_safety/actions.py @0c12e1cb6735'],
  verified: true,
  open: '',
}

const RESTRICTION =
  'If any of the above conditions are violated, please respond with "off-topic". Otherwise, respond with "on-topic". ' +
  'You must respond with "on-topic" or "off-topic".'

const neutralise = createNeutraliser({})

export function createNemoGuardTopicFormat(): JudgeFormat {
  const ask = (input: JudgeInput): JudgeCall => {
    const system = scopeOf('nemoguard-topic', input)
    const instruction = system.endsWith(RESTRICTION) ? system : `${system}\n\n${RESTRICTION}`
    return {
      tasks: ['off_topic'],
      request: {
        chat: {
          messages: [
            { role: 'system', content: instruction },
            ...(input.earlier ?? []).map(({ role, text }) => ({ role, content: neutralise(text) })),
            { role: 'user', content: neutralise(input.prompt) },
          ],
        },
        completion: null,
        stop: ['<|eot_id|>'],
        maxTokens: 10,
      },
      parse: readTopic,
      score: (tokens, task = 'off_topic') => (task === 'off_topic' ? scoreTopic(tokens) : null),
    }
  }
  return {
    name: 'nemoguard-topic',
    source: SOURCE,
    tasks: ['off_topic'],
    sees: 'conversation',
    clauses: [],
    ask,
  }
}

/**
 * The system prompt that says what is on topic.
 *
 * @throws ParapetError `input_invalid` without one.
 */
export function scopeOf(format: string, { system }: JudgeInput): string {
  const scope = system?.trim() ?? ''
  if (scope === '')
    throw new ParapetError('input_invalid', `Judge format ${format} needs the system prompt: it says what is on topic.`)
  return scope
}

/** `off-topic` or `on-topic` and nothing else, in any case. */
export function readTopic(text: string): JudgeReading {
  const word = text.trim().toLowerCase()
  if (word === '') return unparsable('empty', text)
  if (word !== 'off-topic' && word !== 'on-topic') return unparsable('no_label', text)
  return labelReading({ off_topic: word === 'off-topic' })
}

export function scoreTopic(tokens: Parameters<JudgeCall['score']>[0]): number | null {
  return labelProbability(tokens, { positive: ['off-topic'], negative: ['on-topic'] })
}
