/**
 * One export from files to a folder: what `parapet lab export` does. Settings, rows and template are checked before a file is written,
 * and what was written is read again and checked against the schema of the trainer.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { chatTemplateOf } from '../../nn/checkpoint/index.ts'
import { ParapetError } from '../../spec/errors.ts'
import { FILES } from '../checkpoints/checkpoint.ts'
import { fileExists, readJson, readText } from '../checkpoints/file-source.ts'
import { exportFolderFaults } from './check-folder.ts'
import { chatTemplateKind } from './chat-template.ts'
import { type ExportData, type ExportSource, exportData, throwFaults } from './data.ts'
import { type ExportTemplate, exportFiles } from './files.ts'
import { LLAMA_FACTORY_FORM, llamaFactoryRows } from './llama-factory/rows.ts'
import { llamaFactoryRowFault } from './llama-factory/schema.ts'
import { type ExportRecipe, type ExportSettings, checkExportSettings } from './settings.ts'
import { trlColumns, trlRows } from './trl/rows.ts'
import { trlRowFault } from './trl/schema.ts'

export interface RunExportOptions extends ExportSettings {
  readonly source: ExportSource
  /** An empty folder, or one that is to be made. */
  readonly out: string
}

/** Writes and checks; says what was written. */
export async function runExport(options: RunExportOptions): Promise<readonly string[]> {
  const { source, out, ...given } = options
  const settings = checkExportSettings(given)
  refuseFull(out)
  const { named, ...template } = await templateOf(settings.model, settings.recipe)
  const data = exportData(source, settings.method.kind, settings.seed)
  checkRows(data, settings, template)
  const files = exportFiles(data, settings, template)
  for (const [name, pieces] of Object.entries(files)) writeText(join(out, name), pieces)
  const faults = exportFolderFaults(out, settings.trainer)
  if (faults.length > 0)
    throw new ParapetError('internal', `The export does not keep the schema of its trainer: ${faults.join(' ')}`)
  return [
    ...(named ? [`${settings.model} is no folder here; it is taken for a name on the Hub`] : []),
    `${data.rows.length} ${data.kind} for ${settings.method.kind}, checked against the schema of ${settings.trainer}`,
    `wrote ${Object.keys(files)
      .map((name) => join(out, name))
      .join(', ')}`,
  ]
}

/** Throws `input_invalid` with the rows that the trainer would refuse, or leave out with no more than a warning. */
function checkRows(data: ExportData, { trainer }: ExportSettings, { kind }: ExportTemplate): void {
  const columns = trlColumns(data, kind === 'chatml' || kind === 'marked')
  const form = LLAMA_FACTORY_FORM[data.kind]
  const [rows, faultOf] =
    trainer === 'trl'
      ? [trlRows(data, columns), (row: unknown) => trlRowFault(row, columns)]
      : [llamaFactoryRows(data), (row: unknown) => llamaFactoryRowFault(row, form)]
  const faults: string[] = []
  let at = 0
  for (const row of rows) {
    at += 1
    const fault = faultOf(row)
    if (fault !== undefined) faults.push(`Row ${at}: ${fault}.`)
  }
  throwFaults(faults)
}

/** That of the recipe, else that in the model's folder; a model that is only named has none that could be seen. */
async function templateOf(
  model: string,
  recipe: ExportRecipe | undefined,
): Promise<ExportTemplate & { readonly named: boolean }> {
  const own = recipe === undefined ? undefined : ({ kind: 'marked', source: recipe.template } as const)
  if (!(await fileExists(model))) {
    if (/^[\w.-]+\/[\w.-]+$/.test(model)) return { ...(own ?? { kind: 'unknown' }), named: true }
    throw new ParapetError('input_invalid', `${model} is no folder, and no name on the Hub (OWNER/NAME).`)
  }
  if (!(await fileExists(join(model, FILES.config))))
    throw new ParapetError('input_invalid', `There is no ${FILES.config} in ${model}. Give the folder of a model.`)
  if (own !== undefined) return { ...own, named: false }
  const file = await readText(join(model, FILES.chatTemplate))
  const source = file ?? chatTemplateOf(await readJson(join(model, FILES.tokenizerConfig)))
  if (source === undefined)
    throw new ParapetError('input_invalid', `${model} has no chat template. Put one into ${FILES.chatTemplate} there.`)
  return { kind: await chatTemplateKind(source), source, named: false }
}

/** What an earlier export or a training left behind would be mixed up with this one. */
function refuseFull(out: string): void {
  if (existsSync(out) && readdirSync(out).length > 0)
    throw new ParapetError('configuration', `${out} is not empty. Export into a new folder.`)
}

/** A whole file or none, piece by piece. */
function writeText(path: string, pieces: Iterable<string>): void {
  mkdirSync(dirname(path), { recursive: true })
  const beside = `${path}.partial`
  const file = openSync(beside, 'w')
  try {
    for (const piece of pieces) writeSync(file, piece)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(beside, path)
}
