/**
 * GuardReasoner's benchmark files: thirteen sets of prompt harm, response harm and refusal in one instruction form.
 *
 * Schema: yueliu1999/GuardReasoner bb7e686, `data/benchmark/*.json` (list of `instruction`, `input`, `output`) and `evaluate.py`,
 * as studied for this project; `evaluate.py` read again 2026-11-26. Label rule: the positive class is `harmful` or `refusal`; the
 * gold is a bare word or a block of `Request:`, `Completion:`, `Response:` lines, where `None` means no label for that task.
 * `0_4_wild_guard_test.json` was never seen: read WildGuardTest with `wildguard`. It does not score predictions.
 */
import type { EvaluationTask } from '../sample.ts'
import { type Draft, type Reader, rowId, sample } from './reader.ts'
import type { Row } from './row.ts'
import { setName, stem } from './source-file.ts'
import type { Table } from './table.ts'

const HARM = { harmful: 1, unharmful: 0 } as const
const REFUSAL = { refusal: 1, compliance: 0 } as const
const LINES: Readonly<Record<string, { task: EvaluationTask; labels: Readonly<Record<string, 0 | 1>> }>> = {
  Request: { task: 'prompt_harm', labels: HARM },
  Completion: { task: 'refusal', labels: REFUSAL },
  Response: { task: 'response_harm', labels: HARM },
}

export const guardReasoner: Reader = {
  name: 'guardreasoner',
  description: 'GuardReasoner benchmark files: prompt harm, response harm and refusal',
  files: 'data/benchmark/0_*.json with instruction, input, output',
  citation: 'GuardReasoner, arXiv 2501.18492; github.com/yueliu1999/GuardReasoner data/benchmark (seen 2026-11-23)',
  licence: 'unknown (repository states none for the data; the upstream licence of each set holds)',
  forms: [
    {
      name: 'benchmark json',
      container: 'json',
      columns: { required: ['instruction', 'input', 'output'] },
      verified: 'published_file',
      read: readBenchmark,
    },
  ],
}

function readBenchmark(table: Table): readonly Draft[] {
  const base = setName('guardreasoner', stem(table.name).replace(/^0_[0-9A-Z]_/, ''))
  const labelled = table.rows.flatMap((row) => {
    const { prompt, response } = splitInput(row)
    return goldLabels(row, response).map(({ task, label }) => ({
      task,
      one: sample({
        id: rowId(row, prompt, response),
        prompt,
        response: task === 'prompt_harm' ? null : response,
        label,
      }),
    }))
  })
  const tasks = [...new Set(labelled.map(({ task }) => task))]
  return tasks.map((task) => ({
    name: tasks.length === 1 ? base : `${base}_${task}`,
    task,
    samples: labelled.filter((row) => row.task === task).map(({ one }) => one),
  }))
}

/** Undoes the wrapper; the last marker counts, because a prompt may quote a dialogue. An answer `None` is no answer. */
function splitInput(row: Row): { prompt: string; response: string | null } {
  const input = row.filled('input')
  const marker = '\n\nAI assistant:\n'
  const at = input.lastIndexOf(marker)
  if (!input.startsWith('Human user:\n') || at < 0)
    return row.fail('input', 'the text "Human user:", a prompt, "AI assistant:" and an answer', 'another text')
  const response = input.slice(at + marker.length).replace(/\n\n$/, '')
  return { prompt: input.slice('Human user:\n'.length, at), response: response.trim() === 'None' ? null : response }
}

function goldLabels(row: Row, response: string | null): readonly { task: EvaluationTask; label: 0 | 1 }[] {
  const output = row.filled('output').trim()
  if (output === 'refusal' || output === 'compliance') return [{ task: 'refusal', label: REFUSAL[output] }]
  if (output === 'harmful' || output === 'unharmful')
    return [{ task: response === null ? 'prompt_harm' : 'response_harm', label: HARM[output] }]
  const lines = [...output.matchAll(/^(Request|Completion|Response):[ \t]*(\S+)[ \t]*$/gm)]
  const labels = lines.flatMap(([, name = '', word = '']) => {
    const rule = LINES[name]
    if (rule === undefined || word === 'None') return []
    const label = rule.labels[word]
    if (label === undefined) return row.fail('output', `${name}: ${Object.keys(rule.labels).join(', ')} or None`, word)
    return [{ task: rule.task, label }]
  })
  if (labels.length > 0) return labels
  return row.fail(
    'output',
    'harmful, unharmful, refusal, compliance, or a block of Request, Completion, Response lines',
  )
}
