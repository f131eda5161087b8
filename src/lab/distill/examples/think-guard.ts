/**
 * ThinkGuard's records (arXiv 2502.13458): the prompt of Llama Guard 3, the label, the question of the second turn, the critique. Every
 * byte that the guard is given comes from the run-time format, so that what was trained is what is asked. The second question's words are
 * the format's: the paper's are not known.
 */
import { type JudgeFormat, judgeFormat } from '../../../guards/judge/index.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { Conversation } from '../../train/decoder/index.ts'
import { type GuardedRow, judgeInputOf, judgedTask } from '../rows/guarded-row.ts'
import { brokenClauses } from '../synthesis/synthesise.ts'
import { END_OF_TURN, type TrainingExample } from './training-example.ts'

const HEAD_OF_USER = '<|start_header_id|>user<|end_header_id|>'
const HEAD_OF_GUARD = '<|start_header_id|>assistant<|end_header_id|>'

/** The label turn and, where there is a critique, the second. Throws `input_invalid` for a row whose judged text has no label. */
export function thinkGuardExample(
  row: GuardedRow,
  critique: string | null,
  format: JudgeFormat = judgeFormat('thinkguard'),
): TrainingExample {
  const { prompt, label, question } = turnsOf(row, format)
  return {
    id: row.id,
    parts: [
      { text: prompt },
      { text: `\n\n${label}${END_OF_TURN}`, learn: 'label' },
      ...(critique === null
        ? []
        : [{ text: question }, { text: `${critique}${END_OF_TURN}`, learn: 'critique' as const }]),
    ],
  }
}

/**
 * The same as messages, for trainers that render a template. With `THINKGUARD_TEMPLATE` they give the same bytes; with Llama 3's own the
 * spaces and newlines around the first message differ.
 */
export function thinkGuardConversation(
  row: GuardedRow,
  critique: string | null,
  format: JudgeFormat = judgeFormat('thinkguard'),
): Conversation {
  const { prompt, label, question } = turnsOf(row, format)
  const start = `<|begin_of_text|>${HEAD_OF_USER} `
  const end = ` ${END_OF_TURN}${HEAD_OF_GUARD}`
  const from = question.indexOf(HEAD_OF_USER) + HEAD_OF_USER.length + 2
  return {
    messages: [
      { role: 'user', content: prompt.slice(start.length, -end.length) },
      { role: 'assistant', content: label },
      ...(critique === null
        ? []
        : [
            { role: 'user' as const, content: question.slice(from, question.indexOf(END_OF_TURN, from)) },
            { role: 'assistant' as const, content: critique },
          ]),
    ],
  }
}

/**
 * Renders conversations as the run-time format writes them, and marks what the guard says: the breaks before the label are its own, those
 * before the critique are given. Jinja.
 */
export const THINKGUARD_TEMPLATE: string = [
  String.raw`{{ '<|begin_of_text|>' }}{% for message in messages %}`,
  String.raw`{% if loop.first %}{{ '<|start_header_id|>user<|end_header_id|> ' + message['content'] + ' <|eot_id|>' }}`,
  String.raw`{% elif message['role'] == 'assistant' %}{{ '<|start_header_id|>assistant<|end_header_id|>' }}`,
  String.raw`{% if loop.index0 == 1 %}{% generation %}{{ '\n\n' + message['content'] + '<|eot_id|>' }}{% endgeneration %}`,
  String.raw`{% else %}{{ '\n\n' }}{% generation %}{{ message['content'] + '<|eot_id|>' }}{% endgeneration %}{% endif %}`,
  String.raw`{% else %}{{ '<|start_header_id|>user<|end_header_id|>\n\n' + message['content'] + '<|eot_id|>' }}{% endif %}`,
  String.raw`{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>' }}{% endif %}`,
].join('')

interface Turns {
  /** All that the guard is given before its label. */
  readonly prompt: string
  readonly label: string
  /** Between label and critique. */
  readonly question: string
}

function turnsOf(row: GuardedRow, format: JudgeFormat): Turns {
  const unsafe = row.labels[judgedTask(row)]
  if (unsafe === null)
    throw new ParapetError('input_invalid', `Row ${row.id} has no label of the text that is judged. Leave it out.`)
  const codes = unsafe ? brokenClauses(row, format.clauses).map(({ id }) => id) : []
  const label = unsafe ? ['unsafe', ...(codes.length === 0 ? [] : [codes.join(',')])].join('\n') : 'safe'
  const call = format.ask(judgeInputOf(row))
  const reading = call.parse(label)
  const prompt = call.request.completion ?? ''
  const told = `${prompt}\n\n${label}${END_OF_TURN}`
  const whole = reading.kind === 'label' ? call.later?.request(reading).completion : undefined
  if (whole === undefined || whole === null || !whole.startsWith(told))
    throw new ParapetError('internal', `The format ${format.name} does not continue from its own label.`)
  return { prompt, label, question: whole.slice(told.length) }
}
