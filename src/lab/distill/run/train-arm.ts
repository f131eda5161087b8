/**
 * Trains and measures one arm of an ablation in a folder of its own: `model/` is the guard, `arm.json` what came of it, `run/` the parts of
 * a run that is not finished. The same seed gives every arm the same first weights, tokenizer and rows.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { judgeFormat } from '../../../guards/judge/index.ts'
import { parameterCount } from '../../../nn/decoder/config.ts'
import { createRandom } from '../../../nn/random.ts'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { writeCheckpoint } from '../../checkpoints/index.ts'
import type { CheckpointTokenizer } from '../../checkpoints/index.ts'
import { holdFolder } from '../../jobs/hold-folder.ts'
import { RunStore } from '../../jobs/run-store.ts'
import { writeAtomically } from '../../train/write-atomically.ts'
import { shuffle } from '../../train/decoder/batches.ts'
import { guardReasonerExample } from '../examples/guard-reasoner.ts'
import { thinkGuardExample } from '../examples/think-guard.ts'
import type { TrainingExample } from '../examples/training-example.ts'
import { type Guard, checkpointOf, copyOfGuard, freshGuard, loadGuard } from '../guard/small-guard.ts'
import { startGuard } from '../guard/start-guard.ts'
import { type TrainingCall, alignGuard, hardPairs, trainGuard } from '../guard/train-guard.ts'
import { ANSWER_TOKENS, measureGuard } from '../measure/measure-guard.ts'
import { type MeasuredSet, measuredSets } from '../measure/figures.ts'
import { type HardSample, mergeHardSamples, weighHardSamples } from '../mining/hard-samples.ts'
import { mineHardSamples } from '../mining/mine.ts'
import { type GuardedRow, judgedTask } from '../rows/guarded-row.ts'
import { ARM_FORMATS, type AblationSettings, type ArmName, FORMAT_TASKS } from './ablation-settings.ts'
import type { ArmResult, MiningFacts, TrainingFacts } from './arm.ts'

export interface ArmOptions {
  readonly arm: ArmName
  readonly runtime: OnnxRuntime
  readonly settings: AblationSettings
  readonly rows: readonly GuardedRow[]
  /** Kept explanations by the id of their row. */
  readonly critiques: ReadonlyMap<string, string>
  readonly reasoning: ReadonlyMap<string, string>
  readonly tokenizer: CheckpointTokenizer
  /** Start from this checkpoint instead of fresh weights. */
  readonly from?: string
  /** Rows that are measured on. */
  readonly dev: readonly GuardedRow[]
  readonly folder: string
  /** Of the arm `reasoning`, which the arm `hard` goes on from. */
  readonly reasoningFolder: string
  readonly signal?: AbortSignal
  readonly onProgress?: (message: string) => void
}

/** What an earlier run finished is given back; what it began is gone on with. */
export async function trainArm(options: ArmOptions): Promise<ArmResult> {
  const { arm, folder, settings, onProgress } = options
  const release = holdFolder(folder)
  try {
    const identity = identityOf(options)
    const known = finishedArm(folder, identity)
    if (known !== undefined) return known
    if (existsSync(join(folder, 'arm.json')))
      throw new ParapetError(
        'configuration',
        `${folder} holds an arm of other options, other data or an earlier release. Give another folder for this run, or delete ${folder} to train it again.`,
      )
    const store = new RunStore(join(folder, 'run'), identity, true)
    const format = ARM_FORMATS[arm]
    const [guard, trainings, mining] = arm === 'hard' ? await hardArm(options, store) : await supervisedArm(options)
    onProgress?.(`${arm}: measuring`)
    const sets: readonly MeasuredSet[] = measuredSets(options.dev, FORMAT_TASKS[format])
    const figures = await measureGuard(guard, {
      ...{
        runtime: options.runtime,
        format,
        sets,
        critiques: arm === 'critique',
        resamples: settings.resamples,
        seed: settings.seed,
      },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onProgress: (message) => onProgress?.(`${arm}: ${message}`),
    })
    const result: ArmResult = {
      arm,
      seed: settings.seed,
      parameters: parameterCount(guard.config),
      trainings,
      mining,
      figures,
    }
    mkdirSync(join(folder, 'model'), { recursive: true })
    await writeCheckpoint(join(folder, 'model'), checkpointOf(guard))
    writeAtomically(join(folder, 'arm.json'), Buffer.from(`${JSON.stringify({ run: identity, ...result }, null, 1)}\n`))
    rmSync(join(folder, 'run'), { recursive: true, force: true })
    return result
  } finally {
    release()
  }
}

/** The result of a finished arm of the same run; undefined where there is none. */
export function finishedArm(folder: string, run?: string): ArmResult | undefined {
  const path = join(folder, 'arm.json')
  if (!existsSync(path)) return undefined
  try {
    const { run: own, ...result } = JSON.parse(readFileSync(path, 'utf8')) as ArmResult & { readonly run: string }
    return run === undefined || own === run ? result : undefined
  } catch {
    return undefined
  }
}

/** Examples of an arm: those rows that it has a label and an explanation for. `label` learns the same rows as `critique`. */
export function armExamples(
  arm: ArmName,
  { rows, critiques, reasoning }: Pick<ArmOptions, 'rows' | 'critiques' | 'reasoning'>,
): readonly TrainingExample[] {
  const format = judgeFormat('thinkguard')
  return rows.flatMap((row) => {
    if (ARM_FORMATS[arm] === 'guardreasoner') {
      const answer = reasoning.get(row.id)
      return answer === undefined ? [] : [guardReasonerExample(row, answer)]
    }
    const critique = critiques.get(row.id)
    if (critique === undefined || row.labels[judgedTask(row)] === null) return []
    return [thinkGuardExample(row, arm === 'critique' ? critique : null, format)]
  })
}

type Trained = readonly [Guard, readonly TrainingFacts[], MiningFacts | null]

async function supervisedArm(options: ArmOptions): Promise<Trained> {
  const guard = await firstGuard(options)
  return [guard, [await supervised(options, guard, options.arm, options.rows)], null]
}

async function firstGuard({ from, tokenizer, settings }: ArmOptions): Promise<Guard> {
  return from === undefined ? freshGuard(tokenizer, settings.shape, settings.seed) : startGuard(from)
}

async function supervised(
  options: ArmOptions,
  guard: Guard,
  name: string,
  rows: readonly GuardedRow[],
): Promise<TrainingFacts> {
  const { settings, arm } = options
  const reduction = ARM_FORMATS[arm] === 'thinkguard' ? settings.reduction : 'sum'
  const examples = armExamples(arm, { ...options, rows })
  const before = process.cpuUsage()
  const {
    history,
    examples: learnt,
    leftOut,
  } = await trainGuard(guard, examples, {
    ...call(options, name, settings.passes, settings.learningRate),
    ...{ reduction, tokensPerStep: settings.tokensPerStep },
  })
  return { name, examples: learnt, leftOut, history, seconds: secondsSince(before) }
}

function call(options: ArmOptions, name: string, passes: number, learningRate: number): TrainingCall {
  const { runtime, settings, folder, signal, onProgress } = options
  return {
    ...{ runtime, passes, learningRate, seed: settings.seed, threads: settings.threads },
    checkpoint: { path: join(folder, 'run', `${name}.checkpoint`), every: 25, resume: true },
    ...(signal === undefined ? {} : { signal }),
    onProgress: ({ step, steps, loss, secondsLeft }) =>
      onProgress?.(
        `${options.arm}, ${name}: ${step} of ${steps}, loss ${loss.toFixed(3)}, ${Math.ceil(secondsLeft)} s left`,
      ),
  }
}

async function hardArm(options: ArmOptions, store: RunStore): Promise<Trained> {
  const { settings, runtime, rows, onProgress, signal } = options
  const { mining, alignment, seed } = settings
  const own = await loadGuard(join(options.reasoningFolder, 'model'))
  const asked = minedRows(rows, mining.rows, seed)
  const trainings: TrainingFacts[] = []
  const mine = async (guard: Guard, name: string, from: readonly GuardedRow[]): Promise<readonly HardSample[]> => {
    onProgress?.(`hard, ${name}: drawing ${mining.samples} outputs of ${from.length} rows`)
    const { samples } = await mineHardSamples(guard, from, {
      ...{
        runtime,
        seed,
        samples: mining.samples,
        temperature: mining.temperature,
        topP: mining.topP,
        pick: mining.pick,
      },
      ...{ maxTokens: ANSWER_TOKENS.guardreasoner, threads: settings.threads },
      ...(signal === undefined ? {} : { signal }),
    })
    return samples
  }
  const lists = [await store.once('mined-self', () => mine(own, 'self', asked))]
  const sources = [...new Set(rows.map(({ source }) => source))].toSorted()
  for (let member = 0; member < mining.members; member += 1) {
    // Each leaves out another third of the sources, and mines where it learnt.
    const kept = new Set(sources.filter((_, at) => at % 3 !== member))
    const ownRows = rows.filter(({ source }) => kept.has(source))
    const done = await store.once(`member-${member + 1}`, async () => {
      const guard = await firstGuard(options)
      const facts = await supervised(options, guard, `member ${member + 1}`, ownRows)
      const from = asked.filter(({ source }) => kept.has(source))
      return { facts, samples: await mine(guard, `member ${member + 1}`, from) }
    })
    trainings.push(done.facts)
    lists.push(done.samples)
  }
  const merged = mergeHardSamples(...lists.map((list) => weighHardSamples(list, alignment.gamma)))
  const facts: MiningFacts = {
    ...{ rows: asked.length, found: lists.map(({ length }) => length), merged: merged.length },
    weights: Object.fromEntries(
      [...new Set(merged.map(({ weight }) => weight.toFixed(2)))]
        .toSorted()
        .map((text) => [text, merged.filter(({ weight }) => weight.toFixed(2) === text).length]),
    ),
  }
  writeAtomically(
    join(options.folder, 'hard.jsonl'),
    Buffer.from(merged.map((sample) => `${JSON.stringify(sample)}\n`).join('')),
  )
  if (merged.length === 0) return [own, trainings, facts]
  const guard = copyOfGuard(own)
  const before = process.cpuUsage()
  const { history, examples, leftOut } = await alignGuard(guard, hardPairs(merged, rows), {
    ...call(options, 'hs-dpo', alignment.passes, alignment.learningRate),
    loss: { beta: alignment.beta, sftCoefficient: alignment.sftCoefficient },
  })
  return [guard, [...trainings, { name: 'hs-dpo', examples, leftOut, history, seconds: secondsSince(before) }], facts]
}

/** As many rows as asked for, drawn by the seed, in the order in which they stand. */
function minedRows(rows: readonly GuardedRow[], count: number, seed: number): readonly GuardedRow[] {
  const order = [...rows.keys()]
  shuffle(order, createRandom(seed + 17))
  const kept = new Set(order.slice(0, count))
  return rows.filter((_, at) => kept.has(at))
}

function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** Digest of all that decides what an arm becomes and the form of its figures; threads, folders and other arms' settings do not. */
function identityOf({ arm, settings, rows, critiques, reasoning, tokenizer, from, dev }: ArmOptions): string {
  const { threads: _, mining, alignment, ...rest } = settings
  const hash = createHash('sha256').update(
    JSON.stringify({ format: 2, arm, rest, from, ...(arm === 'hard' ? { mining, alignment } : {}) }),
  )
  for (const part of [rows, [...critiques], [...reasoning], [tokenizer.json], dev])
    for (const row of part) hash.update(JSON.stringify(row))
  return hash.digest('hex')
}

/** The result of an arm that was finished with these options; undefined where there is none. */
export function finishedArmOf(options: ArmOptions): ArmResult | undefined {
  return finishedArm(options.folder, identityOf(options))
}
