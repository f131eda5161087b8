/**
 * InjecAgent: tool responses that carry an attacker's instruction.
 *
 * Schema: uiuc-kang-lab/InjecAgent could not be opened; read 2026-11-26 on the rows that enkryptai/xInjectAgent
 * `results/{BASE,ENHANCED}/*` at 21af277 keep of `data/test_cases_{dh,ds}_{base,enhanced}.json`, which add `output`, `eval` and
 * `invalid_reason`. Label rule: every case is an attack, so 1 and `recall_only`. `prompt` is the tool response as the agent sees
 * it, `system` the user's instruction.
 */
import { type Draft, type Reader, rowId, sample } from './reader.ts'
import { setName, stem } from './source-file.ts'
import type { Table } from './table.ts'

export const injecAgent: Reader = {
  name: 'injecagent',
  description: 'InjecAgent: indirect injections in tool responses, recall only',
  files: 'data/test_cases_{dh,ds}_{base,enhanced}.json',
  citation:
    'InjecAgent, arXiv 2403.02691; github.com/uiuc-kang-lab/InjecAgent (rows seen in enkryptai/xInjectAgent 2026-11-26)',
  licence: 'MIT',
  forms: [
    {
      name: 'cases json',
      container: 'json',
      columns: {
        required: ['Attacker Instruction', 'Attack Type', 'User Tool', 'User Instruction', 'Tool Response'],
        optional: [
          'Attacker Tools',
          'Modifed',
          'Expected Achievements',
          'Tool Parameters',
          'Tool Response Template',
          'Thought',
          'output',
          'eval',
          'invalid_reason',
        ],
      },
      verified: 'third_party',
      read: readCases,
    },
  ],
}

function readCases(table: Table): readonly Draft[] {
  const part = /(dh|ds)_(base|enhanced)/i.exec(stem(table.name))?.[0] ?? ''
  const samples = table.rows.map((row) => {
    const [prompt, system] = [row.filled('Tool Response'), row.filled('User Instruction')]
    return sample({ id: rowId(row, system, prompt), prompt, system, label: 1, categories: [row.filled('Attack Type')] })
  })
  return [{ name: setName('injecagent', part), task: 'injection', samples }]
}
