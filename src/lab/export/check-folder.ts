/**
 * Reads a folder that `parapet lab export` wrote, or that was changed since, and says what the trainer would not take: the checks of its
 * schema on every option and every row. It loads no model and starts no trainer.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { isMapping } from './field-schema.ts'
import type { LlamaFactoryForm } from './llama-factory/rows.ts'
import {
  datasetInfoFaults,
  llamaFactoryRowFault,
  mergeConfigFaults,
  trainConfigFaults,
} from './llama-factory/schema.ts'
import type { ExportTrainer } from './settings.ts'
import { TRL_DATA, TRL_TEMPLATE, type TrlMethod } from './trl/options.ts'
import type { TrlColumns } from './trl/rows.ts'
import { trlConfigFaults, trlRowFault } from './trl/schema.ts'

/** One line a fault; nothing where all is well. Rows beyond the first ten bad ones are counted. */
export function exportFolderFaults(folder: string, trainer: ExportTrainer): readonly string[] {
  return trainer === 'trl' ? trlFaults(folder) : llamaFactoryFaults(folder)
}

function trlFaults(folder: string): readonly string[] {
  const config = read(folder, 'config.yaml', yaml)
  const rows = read(folder, TRL_DATA, jsonLines)
  const script = textOf(folder, 'train.py')
  const faults = [...config.faults, ...rows.faults]
  if (!Array.isArray(rows.value)) return faults
  const columns = columnsOf(rows.value[0])
  if (columns === undefined) return [...faults, `${TRL_DATA}: its first row has the columns of no form of TRL.`]
  const method = methodOf(columns, script)
  const template = isMapping(config.value) ? config.value['chat_template_path'] : undefined
  return [
    ...faults,
    ...(config.faults.length > 0 ? [] : trlConfigFaults('config.yaml', config.value, method)),
    ...(template === undefined || textOf(folder, String(template)) !== undefined
      ? []
      : [`${TRL_TEMPLATE} is missing.`]),
    ...rowFaults(TRL_DATA, rows.value, (row) => trlRowFault(row, columns)),
  ]
}

function columnsOf(row: unknown): TrlColumns | undefined {
  if (!isMapping(row)) return undefined
  if (Object.hasOwn(row, 'messages')) return 'messages'
  if (Object.hasOwn(row, 'chosen')) return 'preference'
  if (Object.hasOwn(row, 'label')) return 'unpaired'
  return Object.hasOwn(row, 'completion') ? 'prompt-completion' : undefined
}

/** Which class reads the options: the one the script names, else the command that takes such rows. */
function methodOf(columns: TrlColumns, script: string | undefined): TrlMethod {
  if (script !== undefined) return script.includes('CPOTrainer') ? 'cpo' : 'orpo'
  if (columns === 'preference') return 'dpo'
  return columns === 'unpaired' ? 'kto' : 'sft'
}

function llamaFactoryFaults(folder: string): readonly string[] {
  const config = read(folder, 'train.yaml', yaml)
  const info = read(folder, 'data/dataset_info.json', JSON.parse)
  const merge = textOf(folder, 'merge.yaml') === undefined ? undefined : read(folder, 'merge.yaml', yaml)
  const faults = [
    ...[...config.faults, ...info.faults, ...(merge?.faults ?? [])],
    ...(config.faults.length > 0 ? [] : trainConfigFaults('train.yaml', config.value)),
    ...(info.faults.length > 0 ? [] : datasetInfoFaults('data/dataset_info.json', info.value)),
    ...(merge === undefined || merge.faults.length > 0 ? [] : mergeConfigFaults('merge.yaml', merge.value)),
  ]
  if (!isMapping(config.value) || !isMapping(info.value)) return faults
  const name = String(config.value['dataset'])
  const entry = info.value[name]
  if (!isMapping(entry)) return [...faults, `data/dataset_info.json: there is no data set ${name}.`]
  const file = `data/${String(entry['file_name'])}`
  const rows = read(folder, file, JSON.parse)
  if (!Array.isArray(rows.value)) return [...faults, ...rows.faults, `${file}: it is no list of rows.`]
  const form = formOf(entry)
  const stages = { sft: ['sft'], ranking: ['dpo'], kto: ['kto'] }[form]
  return [
    ...faults,
    ...(stages.includes(String(config.value['stage'])) ? [] : [`train.yaml: the stage does not go with ${form} rows.`]),
    ...rowFaults(file, rows.value, (row) => llamaFactoryRowFault(row, form)),
  ]
}

function formOf({ ranking, columns }: Readonly<Record<string, unknown>>): LlamaFactoryForm {
  if (ranking === true) return 'ranking'
  return isMapping(columns) && Object.hasOwn(columns, 'kto_tag') ? 'kto' : 'sft'
}

const SHOWN = 10

function rowFaults(
  file: string,
  rows: readonly unknown[],
  faultOf: (row: unknown) => string | undefined,
): readonly string[] {
  if (rows.length === 0) return [`${file}: there are no rows.`]
  const faults = rows.flatMap((row, at) => {
    const fault = faultOf(row)
    return fault === undefined ? [] : [`${file}, row ${at + 1}: ${fault}.`]
  })
  return faults.length > SHOWN ? [...faults.slice(0, SHOWN), `${file}: and ${faults.length - SHOWN} more.`] : faults
}

interface Read {
  readonly value: unknown
  readonly faults: readonly string[]
}

function read(folder: string, file: string, parseText: (text: string) => unknown): Read {
  const text = textOf(folder, file)
  if (text === undefined) return { value: undefined, faults: [`${file} is missing.`] }
  try {
    return { value: parseText(text), faults: [] }
  } catch (error) {
    return { value: undefined, faults: [`${file} cannot be read: ${error instanceof Error ? error.message : ''}`] }
  }
}

/** As Python reads it, by YAML 1.1. */
const yaml = (text: string): unknown => parse(text, { version: '1.1' })

function jsonLines(text: string): readonly unknown[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as unknown)
}

function textOf(folder: string, file: string): string | undefined {
  try {
    return readFileSync(join(folder, file), 'utf8')
  } catch {
    return undefined
  }
}
