/**
 * The experiment of "Alignment For Performance Improvement in Conversation Bots" (arXiv 2406.18954) on the flow world: what every regime
 * of `flow-regimes.ts` reaches, over several seeds, hyper-parameters chosen on a selection split and figures taken on a test split.
 *
 * Everything finished is kept on disk, so that a killed run goes on. It writes no report and decides nothing: `flow-summary.ts` does.
 */
import { createHash } from 'node:crypto'
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import { ParapetError } from '../../../spec/errors.ts'
import type { StepProgress } from '../../train/step-loop.ts'
import type { FlowSituation } from '../../world/flow.ts'
import type { WorldLanguage, WorldSplit } from '../../world/types.ts'
import type { PreferenceKind } from '../preference-loss.ts'
import { flowSituations, goodTurns } from './flow-data.ts'
import { type FlowModel, flowModel } from './flow-model.ts'
import {
  BASE,
  FLOW_CANDIDATES,
  FLOW_REGIMES,
  type FlowCandidate,
  type FlowRegime,
  type FlowSettings,
  INSTRUCTION,
  NOISY,
} from './flow-regimes.ts'
import { FlowStore } from './flow-store.ts'
import { type FlowExperimentSize, type FlowSplits, type RegimeResult, SeedBench } from './seed-bench.ts'

export interface FlowExperimentOptions {
  readonly runtime: OnnxRuntime
  /** What is finished is kept here. */
  readonly folder: string
  readonly seeds: readonly number[]
  readonly language: WorldLanguage
  readonly size: FlowExperimentSize
  readonly regimes?: readonly FlowRegime[]
  readonly threads?: number
  readonly resume: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (message: string) => void
}

export interface Choice {
  readonly candidate: FlowCandidate
  readonly joint: number
  readonly overRefusal: number
  readonly chosen: boolean
}

export interface FlowExperiment {
  readonly seeds: readonly number[]
  readonly language: WorldLanguage
  readonly size: FlowExperimentSize
  readonly situations: readonly FlowSituation[]
  readonly choices: Readonly<Partial<Record<PreferenceKind, readonly Choice[]>>>
  /** By regime, then in the order of the seeds. */
  readonly results: Readonly<Record<string, readonly RegimeResult[]>>
  readonly pretraining: readonly (readonly StepProgress[])[]
  readonly parameters: number
}

const TEST_SEED = 9_001

export async function runFlowExperiment(options: FlowExperimentOptions): Promise<FlowExperiment> {
  const { folder, seeds, language, size, resume } = options
  const regimes = options.regimes ?? FLOW_REGIMES
  if (seeds.length === 0 || new Set(seeds).size < seeds.length)
    throw new ParapetError('configuration', 'The experiment needs seeds, each another one.')
  const run = createHash('sha256')
    .update(JSON.stringify([language, size, regimes, FLOW_CANDIDATES]))
    .digest('hex')
  const store = new FlowStore(folder, run, resume)
  const all = splits(options)
  let settings: FlowSettings | undefined
  let choices: FlowExperiment['choices'] = {}
  const results: Record<string, RegimeResult[]> = {}
  const pretraining: (readonly StepProgress[])[] = []
  for (const seed of seeds) {
    const bench = new SeedBench(options, store, seed, all, await modelOf(seed, options))
    const { result, history } = await bench.base()
    ;(results[BASE] ??= []).push(result)
    pretraining.push(history)
    if (settings === undefined) ({ settings, choices } = await choose(bench, regimes))
    for (const regime of regimes)
      (results[regime.id] ??= []).push(await bench.regime(regime, settings[regime.loss] ?? INSTRUCTION))
  }
  const parameters = Object.values((await store.weights(`${seeds[0]}/${BASE}`)) satisfies ParameterValues)
  return {
    ...{ seeds, language, size, choices, results, pretraining, situations: all.test },
    parameters: parameters.reduce((sum, { data }) => sum + data.length, 0),
  }
}

/** The same for every seed, so that seeds and situations are crossed. */
function splits({ language, size }: FlowExperimentOptions): FlowSplits {
  const of = (split: WorldSplit, count: number, keep?: (situation: FlowSituation) => boolean): FlowSplits['test'] =>
    flowSituations(split, { language, seed: TEST_SEED, count }, keep)
  return {
    test: of('test', size.situations),
    selection: of('selection', Math.ceil(size.situations / 2)),
    conversations: of('test', size.conversations, ({ steps, done }) => done === steps.length - 1),
  }
}

function modelOf(seed: number, { language, size }: FlowExperimentOptions): Promise<FlowModel> {
  const turns = goodTurns({ language, seed: seed * 100, count: Math.min(size.pretrainTurns, 3000) })
  return flowModel(turns, size)
}

/** On the first seed, after S′: the candidate with the best joint adherence that does not over-refuse. */
async function choose(
  bench: SeedBench,
  regimes: readonly FlowRegime[],
): Promise<{ readonly settings: FlowSettings; readonly choices: FlowExperiment['choices'] }> {
  const noisy = regimes.find(({ id }) => id === NOISY)
  if (noisy === undefined) throw new ParapetError('configuration', `The experiment needs the regime ${NOISY}.`)
  await bench.regime(noisy, INSTRUCTION)
  const limit = (await bench.selected(NOISY)).overRefusal + 0.03
  const settings: Partial<Record<PreferenceKind, FlowCandidate>> = {}
  const choices: Partial<Record<PreferenceKind, readonly Choice[]>> = {}
  for (const kind of new Set(regimes.map(({ loss }) => loss))) {
    const candidates = FLOW_CANDIDATES[kind] ?? [INSTRUCTION]
    const data = kind === 'sft' ? 'good-turns' : 'rule'
    const tried: { readonly candidate: FlowCandidate; readonly joint: number; readonly overRefusal: number }[] = []
    for (const [at, candidate] of candidates.entries()) {
      const regime: FlowRegime = { id: `choice/${kind}-${at}`, from: NOISY, loss: kind, data, title: `${kind} ${at}` }
      tried.push({ candidate, ...(await bench.candidate(regime, candidate)) })
    }
    const allowed = tried.filter(({ overRefusal }) => overRefusal <= limit)
    const best = (allowed.length > 0 ? allowed : tried).reduce((one, other) => (other.joint > one.joint ? other : one))
    settings[kind] = best.candidate
    choices[kind] = tried.map((entry) => ({ ...entry, chosen: entry === best }))
  }
  return { settings, choices }
}
