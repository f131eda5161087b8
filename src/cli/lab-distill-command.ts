/** The stages of `parapet lab distill`: options and paths in, a job of the lab out. Ctrl-C stops where the same command goes on. */
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import type { ExportTrainer } from '../lab/export/settings.ts'
import type { Reduction } from '../lab/distill/examples/turn-weights.ts'
import type { GuardShape } from '../lab/distill/guard/small-guard.ts'
import type { GuardFormatName } from '../lab/distill/measure/measure-guard.ts'
import type { ArmName } from '../lab/distill/run/ablation-settings.ts'
import type { ExportKind } from '../lab/distill/run/export-distilled.ts'
import type { SynthesisKind } from '../lab/distill/synthesis/synthesis-file.ts'
import { usageError } from './exit.ts'
import type { CliIo } from './io.ts'
import { type LabContext, runLabJob } from './lab-run.ts'

type Distill = typeof import('../lab/distill/index.ts')

/** Options of one stage, read. */
interface Given {
  readonly text: (name: string) => string
  readonly number: (name: string) => number
  /** Absolute. */
  readonly path: (name: string) => string
  readonly given: (name: string) => boolean
  readonly list: (name: string) => readonly string[]
  readonly io: CliIo
}

type StageJob = (lab: Distill, options: Given, context: LabContext) => Promise<readonly string[]>

export type DistillStage = 'rows' | 'synthesise' | 'train' | 'mine' | 'align' | 'evaluate' | 'export' | 'run'

const STAGES: Readonly<Record<DistillStage, StageJob>> = {
  rows: rowsStage,
  synthesise: synthesiseStage,
  train: (lab, { text, number, path, given }, context) =>
    lab.trainStage({
      ...{ format: text('format') as GuardFormatName, rows: path('rows'), out: path('out'), shape: shapeOf(number) },
      ...(given('explanations') ? { explanations: path('explanations') } : {}),
      ...(given('from') ? { from: path('from') } : {}),
      ...{ passes: number('passes'), learningRate: number('learningRate') },
      ...(given('reduction') ? { reduction: text('reduction') as Reduction } : {}),
      ...{ seed: number('seed'), threads: number('threads'), ...context },
    }),
  mine: (lab, { text, number, path, list, io }, context) =>
    lab.mineStage({
      ...{ models: list('model').map((model) => resolve(io.cwd, model)), rows: path('rows'), out: path('out') },
      ...{
        samples: number('samples'),
        temperature: number('temperature'),
        topP: number('topP'),
        gamma: number('gamma'),
      },
      ...{ pick: text('pick') as 'random' | 'longest', seed: number('seed'), threads: number('threads'), ...context },
    }),
  align: (lab, { number, path, given }, context) =>
    lab.alignStage({
      ...{ model: path('model'), rows: path('rows'), hard: path('hard'), out: path('out'), passes: number('passes') },
      loss: { beta: number('beta'), sftCoefficient: number('sftCoefficient'), weighSft: given('weighSft') },
      ...{
        learningRate: number('learningRate'),
        batch: number('batch'),
        seed: number('seed'),
        threads: number('threads'),
      },
      ...context,
    }),
  evaluate: (lab, { text, number, path }, context) =>
    lab.evaluateStage({
      ...{ model: path('model'), format: text('format') as GuardFormatName, rows: path('rows'), out: path('out') },
      ...{ resamples: number('resamples'), seed: number('seed'), ...context },
    }),
  export: exportStage,
  run: ablationStage,
}

/** Exit code 0; 130 or 143 when stopped. */
export async function runLabDistill(
  io: CliIo,
  stage: DistillStage,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const text = (name: string): string => String(options[name])
  const given: Given = {
    ...{ text, io, number: (name) => Number(options[name]), given: (name) => options[name] !== undefined },
    path: (name) => resolve(io.cwd, text(name)),
    list: (name) => (Array.isArray(options[name]) ? (options[name] as readonly string[]) : text(name).split(',')),
  }
  const job = STAGES[stage]
  return runLabJob(
    io,
    { quiet: options['quiet'] === true, whenStopped: 'stopped. The same command goes on.' },
    async (context) => job(await import('../lab/distill/index.ts'), given, context),
  )
}

async function rowsStage(lab: Distill, { number, path, given, list }: Given): Promise<readonly string[]> {
  const { readRecordFiles } = await import('../lab/train/records.ts')
  const { writeAtomically } = await import('../lab/train/write-atomically.ts')
  const found = lab.rowsOfRecords(readRecordFiles(path('data')), {
    longest: number('longest'),
    ...(given('language') ? { languages: list('language') } : {}),
  })
  const rows = lab.balancedRows(found.rows, number('count'), number('seed'))
  mkdirSync(dirname(path('out')), { recursive: true })
  writeAtomically(path('out'), Buffer.from(lab.guardedRowLines(rows)))
  return [
    `${rows.length} of ${found.rows.length} rows; ${found.cut} have a text that was cut, ${found.conflicts} with two labels are left out`,
    `wrote ${path('out')}`,
  ]
}

async function synthesiseStage(
  lab: Distill,
  options: Given,
  { onProgress, signal }: LabContext,
): Promise<readonly string[]> {
  const { text, number, path, given } = options
  const rows = lab.readGuardedRows(path('rows'))
  const { teacher, close } = await lab.openTeacher(teacherOf(options))
  try {
    const outcome = await lab.synthesise({
      ...{ kind: text('kind') as SynthesisKind, rows, teacher, out: path('out') },
      ...{ tries: number('tries'), concurrency: number('concurrency'), signal },
      budget: {
        ...(given('maxCalls') ? { calls: number('maxCalls') } : {}),
        ...(given('maxTokens') ? { tokens: number('maxTokens') } : {}),
      },
      onProgress: (finished, all) => {
        if (finished % 100 === 0) onProgress(`${finished} of ${all} rows`)
      },
    })
    const faults = Object.entries(outcome.faults).filter(([, count]) => count > 0)
    return [
      `${outcome.kept} kept, ${outcome.dropped} dropped, in ${outcome.calls} calls and ${outcome.tokens} tokens by ${teacher.id}`,
      ...(faults.length === 0
        ? []
        : [`failed tries: ${faults.map(([fault, count]) => `${count} ${fault}`).join(', ')}`]),
      ...(outcome.unlabelled === 0 ? [] : [`${outcome.unlabelled} rows have no label of the judged text`]),
      ...(outcome.unreached === 0
        ? []
        : [`${outcome.unreached} rows were not reached: the budget is used up. The same command with more goes on.`]),
      `wrote ${path('out')}`,
    ]
  } finally {
    await close()
  }
}

function exportStage(lab: Distill, { text, number, path, given, io }: Given): Promise<readonly string[]> {
  const model = resolve(io.cwd, text('model'))
  return lab.exportDistilled({
    ...{
      kind: text('kind') as ExportKind,
      rows: lab.readGuardedRows(path('rows')),
      trainer: text('trainer') as ExportTrainer,
    },
    ...(given('explanations') ? { explanations: lab.keptTexts(path('explanations')) } : {}),
    ...(given('hard') ? { hard: lab.parseHardSamples(path('hard')) } : {}),
    ...{ model: isThere(model) ? model : text('model'), out: path('out'), seed: number('seed') },
    loraRank: number('loraRank'),
    ...(given('batchSize') ? { batchSize: number('batchSize') } : {}),
    ...(given('accumulation') ? { accumulation: number('accumulation') } : {}),
  })
}

async function ablationStage(
  lab: Distill,
  options: Given,
  { onProgress, signal }: LabContext,
): Promise<readonly string[]> {
  const { text, number, path, given } = options
  const names = text('arms').split(',')
  const unknown = names.find((name) => name !== 'none' && !(lab.ARMS as readonly string[]).includes(name))
  if (unknown !== undefined) throw usageError(`There is no arm ${unknown}. There are ${lab.ARMS.join(', ')}, or none.`)
  const [rows, dev] = [lab.readGuardedRows(path('rows')), lab.readGuardedRows(path('dev'))]
  const { loadClassifierAndRuntime } = await import('../lab/distill/run/open-parts.ts')
  const parts = await loadClassifierAndRuntime()
  const { teacher, close } = await lab.openTeacher(teacherOf(options))
  try {
    const run = await lab.runAblation({
      ...{ rows, dev, teacher, out: path('out'), ...parts, onProgress, signal },
      devNote: `Rows of ${text('dev')}, as they stand.`,
      arms: names.filter((name): name is ArmName => (lab.ARMS as readonly string[]).includes(name)),
      seeds: Array.from({ length: number('seeds') }, (_, at) => at + 1),
      ...(given('from') ? { from: path('from') } : {}),
      settings: {
        ...{ ...lab.ABLATION_DEFAULTS, shape: shapeOf(number), passes: number('passes'), threads: number('threads') },
        learningRate: number('learningRate'),
        ...(given('reduction') ? { reduction: text('reduction') as Reduction } : {}),
        mining: { ...lab.ABLATION_DEFAULTS.mining, rows: number('mined'), members: number('members') },
      },
    })
    return [
      `${run.arms.length} arms are finished${run.missing.length === 0 ? '' : `, ${run.missing.length} are not`}`,
      `wrote ${path('out')}/run.json and ${path('out')}/report.html`,
    ]
  } finally {
    await close()
  }
}

function teacherOf({ text, given, io }: Given): Parameters<Distill['openTeacher']>[0] {
  const name = text('teacher')
  const apiKey = io.env[text('apiKeyEnv')]
  return {
    name: extname(name) === '.gguf' ? resolve(io.cwd, name) : name,
    ...(given('teacherModel') ? { model: text('teacherModel') } : {}),
    ...(apiKey === undefined || apiKey === '' ? {} : { apiKey }),
  }
}

function shapeOf(number: Given['number']): GuardShape {
  const [width, layers, heads] = ['width', 'layers', 'heads'].map(number) as [number, number, number]
  return { width, layers, heads, maxLength: number('maxLength'), vocabularySize: number('vocabulary') }
}

function isThere(folder: string): boolean {
  try {
    readFileSync(resolve(folder, 'config.json'))
    return true
  } catch {
    return false
  }
}
