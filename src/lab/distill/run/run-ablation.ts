/**
 * The papers' ablation from rows to a report: explanations of a teacher, the four arms, figures beside the constants and a classifier, in
 * one folder. Parts that are finished are files; the same call goes on where it stood, and arms may run in processes of their own,
 * once the first has written `data/`.
 *
 * The folder gets `data/`, `arms/ARM-SEED/`, `run.json` and `report.html`.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { ClassifierEngine } from '../../../spec/index.ts'
import { writeAtomically } from '../../train/write-atomically.ts'
import { loadGuard } from '../guard/small-guard.ts'
import { type MeasuredSet, type Opinion, constantOpinions, measuredSets, setFigures } from '../measure/figures.ts'
import { GUARD_TASKS, type GuardedRow, judgeInputOf } from '../rows/guarded-row.ts'
import type { Teacher } from '../teachers/teacher.ts'
import { type AblationData, ablationData } from './ablation-data.ts'
import { renderAblationReport } from './ablation-report.ts'
import type { AblationRun, Baseline, ShownRow } from './ablation-run.ts'
import { ARMS, type AblationSettings, type ArmName, checkAblation } from './ablation-settings.ts'
import type { ArmResult } from './arm.ts'
import { saySamples } from './say-samples.ts'
import { keepSettings } from './run-identity.ts'
import { type ArmOptions, finishedArmOf, trainArm } from './train-arm.ts'

export interface RunAblationOptions {
  readonly rows: readonly GuardedRow[]
  /** Rows that are measured on and never learnt from; a set is a source and a task. */
  readonly dev: readonly GuardedRow[]
  /** What to say of them: where they come from, how many of how many, what was cut. */
  readonly devNote: string
  readonly teacher: Teacher
  /** Measured beside the arms, at a score of one half. */
  readonly classifier?: ClassifierEngine
  readonly settings: AblationSettings
  /** Every arm is trained with each; that of the settings if absent. */
  readonly seeds?: readonly number[]
  /** Trained now; the others are reported where they are finished. All if absent. */
  readonly arms?: readonly ArmName[]
  /** Checkpoint to start from instead of fresh weights. */
  readonly from?: string
  readonly out: string
  readonly runtime: OnnxRuntime
  readonly signal?: AbortSignal
  readonly onProgress?: (message: string) => void
}

/** Rows of the data whose lengths the report shows. */
const SHOWN = 6

/** Trains what is asked for, measures and writes; gives the run. */
export async function runAblation(options: RunAblationOptions): Promise<AblationRun> {
  const { rows, dev, settings, out, runtime, arms = ARMS, seeds = [settings.seed], onProgress } = options
  checkAblation(settings)
  const overlap = overlapOf(rows, dev)
  if (overlap > 0)
    throw new ParapetError(
      'input_invalid',
      `${overlap} texts are both learnt and measured. Remove them from one of the two.`,
    )
  mkdirSync(out, { recursive: true })
  keepSettings(out, settings, { dev, from: options.from, teacher: options.teacher.id })
  const data = await ablationData({ ...options, folder: join(out, 'data') })
  const folderOf = (arm: ArmName, seed: number): string => join(out, 'arms', `${arm}-${seed}`)
  const armOf = (arm: ArmName, seed: number): ArmOptions => ({
    ...{ ...data, arm, runtime, dev, folder: folderOf(arm, seed), reasoningFolder: folderOf('reasoning', seed) },
    settings: { ...settings, seed },
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  })
  const results: ArmResult[] = []
  const missing: { arm: ArmName; seed: number }[] = []
  for (const seed of seeds)
    for (const arm of ARMS) {
      // HS-DPO goes on from the guard of stage 1.
      if (arms.includes(arm) && arm === 'hard') await trainArm(armOf('reasoning', seed))
      const result = arms.includes(arm) ? await trainArm(armOf(arm, seed)) : finishedArmOf(armOf(arm, seed))
      if (result === undefined) missing.push({ arm, seed })
      else results.push(result)
    }
  const run: AblationRun = {
    ...{
      formatVersion: 1,
      papers: ['arXiv 2502.13458', 'arXiv 2501.18492'],
      settings,
      seeds,
      devNote: options.devNote,
    },
    ...{ data: dataFacts(data), arms: results, missing },
    baselines: baselinesOf(measuredSets(dev, GUARD_TASKS), options),
    samples: await samplesOf(results, folderOf, runtime),
  }
  writeAtomically(join(out, 'run.json'), Buffer.from(`${JSON.stringify(run, null, 1)}\n`))
  writeAtomically(join(out, 'report.html'), Buffer.from(renderAblationReport(run)))
  return run
}

/** The same texts, or a prompt whose label was learnt beside another answer. */
function overlapOf(rows: readonly GuardedRow[], dev: readonly GuardedRow[]): number {
  const key = ({ prompt, response }: GuardedRow): string => JSON.stringify([prompt, response ?? null])
  const judgesPrompt = ({ labels }: GuardedRow): boolean => labels.prompt_harm !== null
  const learnt = new Set(rows.map(key))
  const prompts = new Set(rows.filter(judgesPrompt).map(({ prompt }) => prompt))
  return dev.filter((row) => learnt.has(key(row)) || (judgesPrompt(row) && prompts.has(row.prompt))).length
}

function dataFacts({ rows, critiques, reasoning, outcomes, teacher }: AblationData): AblationRun['data'] {
  const sources: Record<string, number> = {}
  for (const { source } of rows) sources[source] = (sources[source] ?? 0) + 1
  const shown = rows.slice(0, SHOWN).map(({ id, source, prompt, response }): ShownRow => ({
    ...{ id, source, prompt: prompt.length, response: response?.length ?? null },
    ...{ critique: critiques.get(id)?.length ?? null, reasoning: reasoning.get(id)?.length ?? null },
  }))
  return { rows: rows.length, sources, teacher, outcomes, shown }
}

function baselinesOf(sets: readonly MeasuredSet[], { settings, classifier }: RunAblationOptions): readonly Baseline[] {
  const constant = {
    name: 'the better constant',
    sets: sets.map((set) => setFigures(set, constantOpinions(set), settings)),
    milliseconds: null,
  }
  if (classifier === undefined) return [constant]
  const times: number[] = []
  const opinion = (row: GuardedRow, { task }: MeasuredSet): Opinion | null => {
    const before = performance.now()
    const score = classifier.classify(judgeInputOf(row))[task]
    times.push(performance.now() - before)
    return score === null ? null : { score, flagged: score >= 0.5 }
  }
  const figures = sets.map((set) =>
    setFigures(
      set,
      set.rows.map((row) => opinion(row, set)),
      settings,
    ),
  )
  const milliseconds = times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0
  return [constant, { name: 'the embedded guard, fast tier', sets: figures, milliseconds }]
}

/** Of the first seed. */
async function samplesOf(
  results: readonly ArmResult[],
  folderOf: (arm: ArmName, seed: number) => string,
  runtime: OnnxRuntime,
): Promise<AblationRun['samples']> {
  const speaking = results.filter(({ arm, seed }) => arm !== 'label' && seed === results[0]?.seed)
  const guards = []
  for (const { arm, seed } of speaking) guards.push({ arm, guard: await loadGuard(join(folderOf(arm, seed), 'model')) })
  return saySamples(guards, runtime)
}
