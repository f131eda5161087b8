/**
 * GuardReasoner's records (arXiv 2501.18492 and its released data): instruction and texts as the run-time format writes them, and the reasoning
 * with its answers. At inference the prompt is raw text without a chat template, and so it is here.
 */
import { judgeFormat } from '../../../guards/judge/index.ts'
import type { TextTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { Conversation } from '../../train/decoder/index.ts'
import { type GuardedRow, judgeInputOf } from '../rows/guarded-row.ts'
import { END_OF_TURN, type TrainingExample } from './training-example.ts'

/** What the guard is asked about a row. */
export function guardReasonerPrompt(row: GuardedRow): string {
  return judgeFormat('guardreasoner').ask(judgeInputOf(row)).request.completion ?? ''
}

/** `answer` from synthesis: reasoning, rule, answers. Its answers are a turn of their own where turns are weighed. */
export function guardReasonerExample(row: GuardedRow, answer: string): TrainingExample {
  const block = answer.lastIndexOf('Answers:')
  if (block < 1)
    throw new ParapetError('input_invalid', `The reasoning of row ${row.id} has no answers. Synthesise it again.`)
  return {
    id: row.id,
    parts: [
      { text: guardReasonerPrompt(row) },
      { text: answer.slice(0, block), learn: 'reasoning' },
      { text: `${answer.slice(block)}\n${END_OF_TURN}`, learn: 'label' },
    ],
  }
}

/** The same as messages: what the paper's trainer renders with its own template. */
export function guardReasonerConversation(row: GuardedRow, answer: string): Conversation {
  return {
    messages: [
      { role: 'user', content: guardReasonerPrompt(row) },
      { role: 'assistant', content: `${answer}\n` },
    ],
  }
}

/**
 * The tokenizer with raw chats: contents one after another, each encoded on its own, the end of a turn behind what the guard says. With it
 * `lab/align` learns from the very tokens that the guard is asked with.
 */
export function rawChats(tokenizer: TextTokenizer): TextTokenizer {
  const end = tokenizer.tokenId(END_OF_TURN)
  if (end === undefined) throw new ParapetError('configuration', `The tokenizer has no token ${END_OF_TURN}.`)
  return {
    ...tokenizer,
    endToken: end,
    encodeChat: (messages) =>
      messages.flatMap(({ role, content }) => [...tokenizer.encode(content), ...(role === 'assistant' ? [end] : [])]),
  }
}
