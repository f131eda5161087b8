/**
 * ToxicChat: user prompts to a chat demo with labels for toxicity and jailbreaking.
 *
 * Schema: dataset card of lmsys/toxic-chat (configurations toxicchat0124 and toxicchat1123), read 2026-11-26. Label rule:
 * `toxicity`; the benchmark of 2,853 prompts that GuardReasoner and DuoGuard use is the part with `human_annotation` true, so
 * that part is `toxic_chat` and the part that only models labelled is a set of its own. `jailbreaking` gives a third, human part
 * only. The answer in `model_output` was not judged and is left out.
 */
import { type Draft, type Reader, sample, textHash } from './reader.ts'
import type { Row } from './row.ts'
import type { Table } from './table.ts'

export const toxicChat: Reader = {
  name: 'toxic_chat',
  description: 'ToxicChat: toxicity and jailbreaking of user prompts',
  files: 'data/{0124,1123}/toxic-chat_annotation_{train,test}.csv',
  citation: 'ToxicChat, arXiv 2310.17389; huggingface.co/datasets/lmsys/toxic-chat (card seen 2026-11-26)',
  licence: 'CC-BY-NC-4.0',
  forms: [
    {
      name: 'csv',
      container: 'any',
      columns: {
        required: [
          'conv_id',
          'user_input',
          'model_output',
          'human_annotation',
          'toxicity',
          'jailbreaking',
          'openai_moderation',
        ],
      },
      verified: 'documentation',
      read: readToxicChat,
    },
  ],
}

function readToxicChat(table: Table): readonly Draft[] {
  const rows = table.rows.map((row) => ({ row, human: row.flag('human_annotation') }))
  const human = rows.filter((one) => one.human).map(({ row }) => row)
  const others = rows.filter((one) => !one.human).map(({ row }) => row)
  return [
    { name: 'toxic_chat', task: 'prompt_harm', samples: human.map((row) => labelled(row, 'toxicity')) },
    { name: 'toxic_chat_model_labelled', task: 'prompt_harm', samples: others.map((row) => labelled(row, 'toxicity')) },
    { name: 'toxic_chat_jailbreak', task: 'injection', samples: human.map((row) => labelled(row, 'jailbreaking')) },
  ]
}

function labelled(row: Row, column: string): Draft['samples'][number] {
  const prompt = row.text('user_input')
  return sample({ id: `${row.key('conv_id')}-${textHash(prompt)}`, prompt, label: row.flag(column) ? 1 : 0 })
}
