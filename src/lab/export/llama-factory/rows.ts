/**
 * Rows in the sharegpt form of LLaMA-Factory, with the tags of OpenAI's messages, and their entry in `dataset_info.json`
 * (data/README.md, src/llamafactory/data/parser.py `DatasetAttr`). It decides no options.
 */
import type { ChatMessage } from '../../train/decoder/conversation.ts'
import type { ExportData } from '../data.ts'

/** Which of the three forms of `dataset_info.json` a data set has. */
export type LlamaFactoryForm = 'sft' | 'ranking' | 'kto'

export const LLAMA_FACTORY_FORM: Readonly<Record<ExportData['kind'], LlamaFactoryForm>> = {
  ...{ conversations: 'sft', pairs: 'ranking', turns: 'kto' },
}

export function* llamaFactoryRows(data: ExportData): Generator<unknown, void, undefined> {
  switch (data.kind) {
    case 'conversations':
      for (const messages of data.rows) yield { messages }
      return
    case 'pairs':
      for (const { prompt, chosen, rejected } of data.rows)
        yield { messages: prompt, chosen: answer(chosen), rejected: answer(rejected) }
      return
    case 'turns':
      for (const { prompt, response, desirable } of data.rows)
        yield { messages: [...prompt, answer(response)], label: desirable }
  }
}

/** The content of `dataset_info.json` for one data set in `NAME.json`. */
export function datasetInfo(name: string, form: LlamaFactoryForm): Readonly<Record<string, unknown>> {
  return {
    [name]: {
      file_name: `${name}.json`,
      formatting: 'sharegpt',
      ...(form === 'ranking' ? { ranking: true } : {}),
      columns: {
        messages: 'messages',
        ...(form === 'ranking' ? { chosen: 'chosen', rejected: 'rejected' } : {}),
        ...(form === 'kto' ? { kto_tag: 'label' } : {}),
      },
      tags: {
        role_tag: 'role',
        content_tag: 'content',
        user_tag: 'user',
        assistant_tag: 'assistant',
        system_tag: 'system',
      },
    },
  }
}

function answer(content: string): ChatMessage {
  return { role: 'assistant', content }
}
