/**
 * Rows in the conversational columns of TRL (docs/source/dataset_formats.md of 1.13.0): `messages` or `prompt` and `completion` for SFT,
 * `prompt`, `chosen` and `rejected` for pairs, `prompt`, `completion` and `label` for KTO. It decides no options.
 */
import type { ChatMessage } from '../../train/decoder/conversation.ts'
import type { ExportData } from '../data.ts'

export type TrlColumns = 'messages' | 'prompt-completion' | 'preference' | 'unpaired'

/**
 * The columns for these rows. With `prompt` and `completion` any chat template will do, and only a last, single answer is learnt; with
 * `messages` every answer is, and the template has to mark them.
 */
export function trlColumns(data: ExportData, templateMarksAnswers: boolean): TrlColumns {
  if (data.kind === 'pairs') return 'preference'
  if (data.kind === 'turns') return 'unpaired'
  return !templateMarksAnswers && data.rows.every(hasOneAnswer) ? 'prompt-completion' : 'messages'
}

export function* trlRows(data: ExportData, columns: TrlColumns): Generator<unknown, void, undefined> {
  switch (data.kind) {
    case 'conversations':
      for (const messages of data.rows)
        yield columns === 'messages' ? { messages } : { prompt: messages.slice(0, -1), completion: messages.slice(-1) }
      return
    case 'pairs':
      for (const { prompt, chosen, rejected } of data.rows)
        yield { prompt, chosen: answer(chosen), rejected: answer(rejected) }
      return
    case 'turns':
      for (const { prompt, response, desirable } of data.rows)
        yield { prompt, completion: answer(response), label: desirable }
  }
}

function hasOneAnswer(messages: readonly ChatMessage[]): boolean {
  return (
    messages.at(-1)?.role === 'assistant' &&
    messages.at(-2)?.role === 'user' &&
    messages.filter(({ role }) => role === 'assistant').length === 1
  )
}

function answer(content: string): readonly ChatMessage[] {
  return [{ role: 'assistant', content }]
}
