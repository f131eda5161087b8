/** `parapet lab export`: rows from files or from the world, settings from options, a folder for a trainer. */
import { existsSync, readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import type { PreferenceKind, PreferenceSettings } from '../lab/align/preference-loss.ts'
import { readLabelledTurns, readPreferencePairs } from '../lab/align/preference-file.ts'
import type { ExportSource } from '../lab/export/data.ts'
import { runExport } from '../lab/export/run-export.ts'
import { type ExportTrainer, checkExportSettings, defaultLearningRate } from '../lab/export/settings.ts'
import { worldSource } from '../lab/export/world-data.ts'
import { parseConversations } from '../lab/train/decoder/conversation.ts'
import type { WorldStage } from '../lab/world/types.ts'
import { usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { runLabJob } from './lab-run.ts'

type Options = Readonly<Record<string, unknown>>

/** Names of the options of losses, as `parapet/lab/align` has them. */
const LOSS_OPTIONS = [
  ...['beta', 'tau', 'lambda', 'marginRatio', 'labelSmoothing', 'desirableWeight', 'undesirableWeight'],
  ...['sftCoefficient', 'sftMean'],
]

/** Exit code 0. */
export function runLabExport(io: CliIo, options: Options): Promise<number> {
  return runLabJob(io, { quiet: true, whenStopped: 'stopped.' }, async () => {
    const number = (name: string): number => Number(options[name])
    const kind = String(options['method']) as PreferenceKind
    const given = {
      trainer: String(options['trainer']) as ExportTrainer,
      method: lossSettings(kind, options),
      model: modelOf(io.cwd, String(options['model'])),
      name: String(options['name']),
      ...{ loraRank: number('loraRank'), passes: number('passes'), maxLength: number('maxLength') },
      learningRate: options['learningRate'] === undefined ? defaultLearningRate(kind) : number('learningRate'),
      ...{ batchSize: number('batchSize'), accumulation: number('accumulation'), seed: number('seed') },
    }
    const settings = checkExportSettings(given)
    return runExport({
      ...settings,
      source: sourceOf(io.cwd, kind, options),
      out: resolve(io.cwd, String(options['out'])),
    })
  })
}

/** Options that do not go with the method are refused by the loss. */
function lossSettings(kind: PreferenceKind, options: Options): PreferenceSettings {
  const given = LOSS_OPTIONS.filter((name) => options[name] !== undefined).map((name) => [name, options[name]])
  return { kind, ...Object.fromEntries(given) } as PreferenceSettings
}

/** The path of a folder that is there, else the name as it stands. */
function modelOf(cwd: string, name: string): string {
  const path = resolve(cwd, name)
  return existsSync(path) ? path : name
}

function sourceOf(cwd: string, kind: PreferenceKind, options: Options): ExportSource {
  const { chat, pairs, turns, world } = options
  const given = [chat, pairs, turns, world].filter((value) => value !== undefined)
  if (given.length !== 1) throw usageError('Say once where the rows come from: --chat, --pairs, --turns or --world.')
  const paths = (value: unknown): readonly string[] => (value as readonly string[]).map((path) => resolve(cwd, path))
  if (chat !== undefined)
    return {
      kind: 'conversations',
      rows: paths(chat).flatMap((path) => parseConversations(readFileSync(path, 'utf8'), basename(path))),
    }
  if (pairs !== undefined) return { kind: 'pairs', rows: paths(pairs).flatMap(readPreferencePairs) }
  if (turns !== undefined) return { kind: 'turns', rows: paths(turns).flatMap(readLabelledTurns) }
  const stage = String(options['stage']) as WorldStage
  return worldSource(kind, { stage, rows: Number(options['rows']), seed: Number(options['seed']) })
}
