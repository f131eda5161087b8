/**
 * AgentDojo run logs: what tools returned to an agent, with and without injected instructions.
 *
 * Schema: `TaskResults` in `src/agentdojo/benchmark.py`, read 2026-11-26 in a fork (lindsey98/agentdojo at 42f5892); the
 * publisher's own logs could not be opened. Label rule (this project's): a tool message is 1 where it holds a text of the run's
 * `injections`, else 0; blank space, quotes and escapes do not count, because tools print their results as YAML. `system` is the
 * user's task. Injection tasks themselves are Python classes and are not read. Empty tool messages carry nothing and are left out.
 */
import { type Draft, type Reader, sample } from './reader.ts'
import type { Row } from './row.ts'
import type { Table } from './table.ts'

export const agentDojo: Reader = {
  name: 'agentdojo',
  description: 'AgentDojo logs: tool outputs with and without injections',
  files: 'runs/{pipeline}/{suite}/{user task}/{attack}/{injection task}.json',
  citation: 'AgentDojo, arXiv 2406.13352; github.com/ethz-spylab/agentdojo (schema seen in a fork 2026-11-26)',
  licence: 'MIT',
  forms: [
    {
      name: 'run log json',
      container: 'json',
      columns: {
        required: [
          'suite_name',
          'pipeline_name',
          'user_task_id',
          'injection_task_id',
          'attack_type',
          'injections',
          'messages',
          'error',
          'utility',
          'security',
          'duration',
        ],
        optional: ['benchmark_version', 'agentdojo_package_version', 'evaluation_timestamp'],
      },
      verified: 'third_party',
      read: readLogs,
    },
  ],
}

function readLogs(table: Table): readonly Draft[] {
  return [{ name: 'agentdojo', task: 'injection', samples: table.rows.flatMap(readLog) }]
}

function readLog(row: Row): Draft['samples'] {
  const parts = [row.textOrNull('attack_type') ?? 'none', row.textOrNull('injection_task_id') ?? 'none']
  const run = [row.filled('pipeline_name'), row.filled('suite_name'), row.filled('user_task_id'), ...parts].join('/')
  const injections = row.object('injections')
  const injected = injections.columns.map((name) => bare(injections.text(name))).filter((text) => text !== '')
  const messages = row
    .objects('messages')
    .map((message) => ({ role: message.filled('role'), text: contentOf(message) }))
  const system = messages.find(({ role }) => role === 'user')?.text ?? null
  return messages.flatMap(({ role, text }, index) => {
    if (role !== 'tool' || text.trim() === '') return []
    const seen = bare(text)
    const label = injected.some((attack) => seen.includes(attack)) ? 1 : 0
    return [sample({ id: `${run}/${index}`, prompt: text, system, label, categories: parts })]
  })
}

/** Content is a text in older logs and a list of blocks in newer ones; an assistant's may be null. */
function contentOf(message: Row): string {
  const content = message.value('content')
  if (content === null || typeof content === 'string') return content ?? ''
  return message
    .objects('content')
    .map((block) => block.textOrNull('content') ?? '')
    .join('\n')
}

/** Text without what a YAML printer adds or changes: quotes, folds, and escapes. Used on both sides of the comparison. */
function bare(text: string): string {
  return text
    .replace(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4}))/gi, (_, short?: string, long?: string) =>
      String.fromCharCode(Number.parseInt(short ?? long ?? '', 16)),
    )
    .replace(/\\[nrt]|[\s"'\\]+/g, '')
}
