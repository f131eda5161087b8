/**
 * JailbreakBench: submitted jailbreaks with the answers they got, and the behaviours behind them.
 *
 * Schema: JailbreakBench/artifacts `attack-artifacts/JBC/manual/llama-2-7b-chat-hf.json` at 1410987 and
 * `attack-artifacts/test-artifact/black_box/llama-2-7b-chat-hf.json` at 4a12e68, last entries of DSN, GCG, PAIR and random search
 * (the older commit 1b8eaeb adds `jailbroken_llama_guard1`); the columns of
 * `data/{harmful,benign}-behaviors.csv` from the card of JailbreakBench/JBB-Behaviors. Read 2026-11-26. Label rules: every
 * submitted prompt is an attack (`recall_only`); an answer is harmful where the judge's `jailbroken` says so; a behaviour is 1 in
 * the harmful file, 0 in the benign one, which only the file's name tells. Behaviours for which the attack gave no prompt, or the
 * model no answer, are null in the file and left out.
 */
import { type Draft, type Reader, rowId, sample } from './reader.ts'
import { type Row, checkColumns } from './row.ts'
import { stem } from './source-file.ts'
import type { Table } from './table.ts'

const JAILBREAK = {
  required: ['index', 'goal', 'behavior', 'category', 'prompt', 'response', 'jailbroken'],
  optional: [
    'number_of_queries',
    'queries_to_jailbreak',
    'prompt_tokens',
    'response_tokens',
    'jailbroken_llama_guard1',
  ],
}

export const jailbreakBench: Reader = {
  name: 'jailbreakbench',
  description: 'JailbreakBench: jailbreak prompts, their answers, and behaviours',
  files: 'attack-artifacts/{method}/{type}/{model}.json, {harmful,benign}-behaviors.csv',
  citation: 'JailbreakBench, arXiv 2404.01318; github.com/JailbreakBench/artifacts (seen 2026-11-26)',
  licence: 'MIT',
  forms: [
    {
      name: 'artifact json',
      container: 'json',
      columns: { required: ['parameters', 'jailbreaks'] },
      verified: 'published_file',
      read: readArtifact,
    },
    {
      name: 'behaviours csv',
      container: 'csv',
      columns: { required: ['Goal', 'Target', 'Behavior', 'Category', 'Source'], optional: ['Index', ''] },
      verified: 'documentation',
      read: readBehaviours,
    },
  ],
}

function readArtifact(table: Table): readonly Draft[] {
  const entries = table.rows.flatMap((row) => {
    const parameters = row.object('parameters')
    const attack = `${parameters.filled('method')}/${parameters.filled('attack_type')}/${parameters.filled('model')}`
    return row.objects('jailbreaks').map((entry) => ({ entry, attack }))
  })
  return [
    {
      name: 'jailbreakbench_prompts',
      task: 'injection',
      samples: entries.flatMap((one) => attackSample(one.entry, one.attack)),
    },
    {
      name: 'jailbreakbench_responses',
      task: 'response_harm',
      samples: entries.flatMap((one) => answerSample(one.entry, one.attack)),
    },
  ]
}

function attackSample(entry: Row, attack: string): Draft['samples'] {
  checkColumns(entry, JAILBREAK)
  const prompt = entry.textOrNull('prompt')
  if (prompt === null) return []
  return [sample({ id: `${attack}/${entry.key('index')}`, prompt, label: 1, categories: [entry.filled('category')] })]
}

function answerSample(entry: Row, attack: string): Draft['samples'] {
  const [prompt, response] = [entry.textOrNull('prompt'), entry.textOrNull('response')]
  const label = entry.flag('jailbroken') ? 1 : 0
  if (prompt === null || response === null) return []
  return [
    sample({ id: `${attack}/${entry.key('index')}`, prompt, response, label, categories: [entry.filled('category')] }),
  ]
}

function readBehaviours(table: Table): readonly Draft[] {
  const part = /harmful|benign/i.exec(stem(table.name))?.[0]?.toLowerCase()
  if (part === undefined)
    return (
      table.rows[0]?.fail('Goal', 'a file name with harmful or benign in it', 'another name, which hides the label') ??
      []
    )
  const samples = table.rows.map((row) => {
    const prompt = row.filled('Goal')
    return sample({
      id: rowId(row, prompt),
      prompt,
      label: part === 'harmful' ? 1 : 0,
      categories: [row.filled('Category')],
    })
  })
  return [{ name: `jailbreakbench_${part}`, task: 'prompt_harm', samples }]
}
