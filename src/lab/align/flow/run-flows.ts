/**
 * The flow experiment from nothing to files: what `parapet lab align --flows` does. The folder gets `run.json` and `report.html`, and the
 * models of the first seed under `models`; its folder `run` keeps what is finished of a run that is not.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type OnnxRuntime, loadOnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { writeAtomically } from '../../train/write-atomically.ts'
import type { WorldLanguage } from '../../world/types.ts'
import { type FlowExperiment, runFlowExperiment } from './flow-experiment.ts'
import type { FlowRegime } from './flow-regimes.ts'
import { renderFlowReport } from './flow-report.ts'
import { type FlowSummary, summarise } from './flow-summary.ts'
import { flowTable } from './flow-table.ts'
import type { FlowExperimentSize } from './seed-bench.ts'

export interface RunFlowsOptions {
  readonly out: string
  readonly seeds: readonly number[]
  readonly size: FlowExperimentSize
  /** All if absent. */
  readonly regimes?: readonly FlowRegime[]
  readonly language?: WorldLanguage
  readonly threads?: number
  readonly resume: boolean
  /** Loaded when absent. */
  readonly runtime?: OnnxRuntime
  readonly signal?: AbortSignal
  readonly onProgress?: (message: string) => void
}

/** What `run.json` holds. */
export interface FlowRun extends FlowSummary {
  readonly formatVersion: 1
  readonly paper: 'arXiv 2406.18954'
  readonly language: WorldLanguage
  readonly history: Readonly<Record<string, readonly { readonly step: number; readonly loss: number }[]>>
  readonly samples: readonly FlowSample[]
}

export interface FlowSample {
  readonly asked: string
  readonly guideline: string
  /** By title of the regime. */
  readonly answers: Readonly<Record<string, string>>
}

/** Runs and writes; gives the table and what was written. */
export async function runFlows(options: RunFlowsOptions): Promise<readonly string[]> {
  const { out, language = 'en', resume } = options
  const folder = join(out, 'run')
  if (!resume && existsSync(folder))
    throw new ParapetError('configuration', `${folder} holds an unfinished run. Resume it, or remove it first.`)
  mkdirSync(folder, { recursive: true })
  const runtime = options.runtime ?? (await loadOnnxRuntime())
  const experiment = await runFlowExperiment({ ...options, runtime, folder, language })
  const summary = summarise(experiment)
  const run: FlowRun = {
    ...{ formatVersion: 1, paper: 'arXiv 2406.18954', language, ...summary },
    ...{ history: historyOf(experiment), samples: samplesOf(experiment, summary) },
  }
  writeAtomically(join(out, 'run.json'), Buffer.from(`${JSON.stringify(run, null, 2)}\n`))
  writeAtomically(join(out, 'report.html'), Buffer.from(renderFlowReport(run)))
  rmSync(join(out, 'models'), { recursive: true, force: true })
  mkdirSync(join(out, 'models'))
  for (const id of Object.keys(experiment.results))
    renameSync(join(folder, String(options.seeds[0]), id), join(out, 'models', id))
  rmSync(folder, { recursive: true })
  return [
    ...flowTable(summary),
    '',
    `wrote ${join(out, 'run.json')}, ${join(out, 'report.html')} and ${join(out, 'models')}`,
  ]
}

/** Loss curves of the first seed. */
function historyOf({ results, pretraining }: FlowExperiment): FlowRun['history'] {
  const short = (history: readonly { readonly step: number; readonly loss: number }[]): FlowRun['history'][string] =>
    history.map(({ step, loss }) => ({ step, loss }))
  return {
    pretraining: short(pretraining[0] ?? []),
    ...Object.fromEntries(Object.entries(results).map(([id, [first]]) => [id, short(first?.history ?? [])])),
  }
}

const SAMPLES = 12

function samplesOf({ situations, results }: FlowExperiment, { rows }: FlowSummary): readonly FlowSample[] {
  return situations.slice(0, SAMPLES).map(({ messages }, at) => ({
    guideline: messages[0]?.content ?? '',
    asked: messages
      .slice(1)
      .map(({ content }) => content)
      .join(' / '),
    answers: Object.fromEntries(rows.map(({ id, title }) => [title, results[id]?.[0]?.figures.texts[at] ?? ''])),
  }))
}
