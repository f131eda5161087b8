/**
 * An export as files in memory: names and the pieces of their texts, so that large data sets need not stand in memory twice. It touches
 * no disk.
 */
import { CHATML_TRAINING_TEMPLATE, type ChatTemplateKind } from './chat-template.ts'
import type { ExportData } from './data.ts'
import { flatYaml } from './flat-yaml.ts'
import { llamaFactoryOptions } from './llama-factory/options.ts'
import { LLAMA_FACTORY_FORM, datasetInfo, llamaFactoryRows } from './llama-factory/rows.ts'
import { exportReadme } from './readme.ts'
import type { ExportSettings } from './settings.ts'
import { TRL_DATA, TRL_METHOD, TRL_TEMPLATE, trlOptions } from './trl/options.ts'
import { trlColumns, trlRows } from './trl/rows.ts'
import { trlScript } from './trl/script.ts'

/** By the path in the folder. */
export type ExportFiles = Readonly<Record<string, Iterable<string>>>

export interface ExportTemplate {
  readonly kind: ChatTemplateKind
  /** The template itself, where one was seen. */
  readonly source?: string
}

/** Throws `configuration` for what the trainer cannot do. */
export function exportFiles(data: ExportData, settings: ExportSettings, template: ExportTemplate): ExportFiles {
  return settings.trainer === 'trl' ? trlFiles(data, settings, template) : llamaFactoryFiles(data, settings, template)
}

function trlFiles(data: ExportData, settings: ExportSettings, template: ExportTemplate): ExportFiles {
  const { kind, source } = template
  const columns = trlColumns(data, kind === 'chatml' || kind === 'marked')
  const { options, notes } = trlOptions(settings, data.rows.length, { columns, template: kind })
  const script = trlScript(TRL_METHOD[settings.method.kind])
  const templateText =
    columns !== 'messages'
      ? undefined
      : kind === 'chatml'
        ? CHATML_TRAINING_TEMPLATE
        : kind === 'marked'
          ? source
          : undefined
  return {
    [TRL_DATA]: lines(trlRows(data, columns)),
    'config.yaml': [flatYaml(HEAD.trl, options)],
    ...(templateText === undefined ? {} : { [TRL_TEMPLATE]: [templateText] }),
    ...(script === undefined ? {} : { 'train.py': [script] }),
    'README.md': [exportReadme(data, settings, notes)],
  }
}

function llamaFactoryFiles(data: ExportData, settings: ExportSettings, template: ExportTemplate): ExportFiles {
  const { name } = settings
  const { train, merge, notes } = llamaFactoryOptions(settings, data.rows.length, template.kind)
  const info = datasetInfo(name, LLAMA_FACTORY_FORM[data.kind])
  return {
    [`data/${name}.json`]: list(llamaFactoryRows(data)),
    'data/dataset_info.json': [`${JSON.stringify(info, null, 2)}\n`],
    'train.yaml': [flatYaml(HEAD['llama-factory'], train)],
    ...(merge === undefined ? {} : { 'merge.yaml': [flatYaml([], merge)] }),
    'README.md': [exportReadme(data, settings, notes)],
  }
}

const HEAD = {
  trl: ['Options of TRL 1.13.0 and TrainingArguments of transformers.'],
  'llama-factory': ['Options of LLaMA-Factory 0.9 and TrainingArguments of transformers.'],
} as const

function* lines(rows: Iterable<unknown>): Generator<string, void, undefined> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`
}

/** One JSON list, a row a line. */
function* list(rows: Iterable<unknown>): Generator<string, void, undefined> {
  let before = '[\n'
  for (const row of rows) {
    yield before + JSON.stringify(row)
    before = ',\n'
  }
  yield '\n]\n'
}
