/**
 * The units of an Unalignment run, one after another: the learning rate, the arms of the dose curve, defences, bias probe. What is
 * finished is in the store and not done again, so a run that is stopped anywhere goes on to the same result.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RunStore } from '../../jobs/run-store.ts'
import { writeCheckpoint } from '../../checkpoints/write-checkpoint.ts'
import type { ConditionName } from '../../victim/attack-conditions.ts'
import type { FrozenWeights } from '../../victim/frozen-weights.ts'
import type { Victim } from '../../victim/victim.ts'
import { type ArmPlan, type ArmResult, runArm } from './attack-arm.ts'
import { type BiasResult, biasProbe } from './bias-probe.ts'
import { type ChosenRate, chooseRate } from './choose-rate.ts'
import type { Defence } from './defences/index.ts'
import { runDefence } from './measure-defence.ts'
import type { DefenceResult } from './unalign-run.ts'
import type { ArmKind, TuneMethod, UnalignSettings } from './unalign-settings.ts'

export interface UnalignExperimentOptions {
  readonly victim: Victim
  readonly settings: UnalignSettings
  readonly store: RunStore
  readonly defences: readonly Defence[]
  readonly mask?: FrozenWeights
  readonly biasProbe: boolean
  /** Folder that altered weights are kept in; absent: nowhere. */
  readonly weights?: string
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

export interface UnalignResults {
  readonly chosen: Partial<Readonly<Record<TuneMethod, ChosenRate>>>
  readonly arms: readonly ArmResult[]
  readonly defences: readonly DefenceResult[]
  readonly bias: readonly BiasResult[]
}

/** Conditions of the largest number of examples; the points before it are measured by the first. */
export const FULL_CONDITIONS: readonly ConditionName[] = ['vanilla', 'sampled', 'suffix']

export class UnalignExperiment {
  readonly #options: UnalignExperimentOptions

  constructor(options: UnalignExperimentOptions) {
    this.#options = options
  }

  async run(): Promise<UnalignResults> {
    const { settings, defences } = this.#options
    const chosen: Partial<Record<TuneMethod, ChosenRate>> = {}
    for (const method of settings.methods) chosen[method] = await this.#rate(method)
    const arms: ArmResult[] = []
    for (const method of settings.methods)
      for (const plan of this.#plans(method, chosen[method]?.rate ?? 0)) arms.push(await this.#arm(plan))
    const rate = chosen.full?.rate
    const found: DefenceResult[] = []
    const bias: BiasResult[] = []
    for (const seed of settings.seeds) {
      if (rate === undefined) break
      for (const defence of defences) found.push(await this.#defence(defence, seed, rate))
      if (this.#options.biasProbe) bias.push(await this.#bias(seed, rate))
    }
    return { chosen, arms, defences: found, bias }
  }

  /** All arms of a method; the largest number of examples first, because most depends on it. */
  #plans(method: TuneMethod, rate: number): readonly ArmPlan[] {
    const { examples, seeds } = this.#options.settings
    return examples.toReversed().flatMap((count, place) => {
      const plan = (kind: ArmKind, seed: number, conditions: readonly ConditionName[]): ArmPlan => ({
        ...{ kind, method, examples: count, seed, rate, conditions },
      })
      const full = place === 0
      return seeds.flatMap((seed) => [
        ...(['harmful', 'benign'] as const).map((kind) => plan(kind, seed, full ? FULL_CONDITIONS : ['vanilla'])),
        ...(full && method === 'full' ? [plan('half', seed, ['vanilla'])] : []),
      ])
    })
  }

  #rate(method: TuneMethod): Promise<ChosenRate> {
    const { victim, settings, store, onProgress, signal } = this.#options
    return store.once(`rate-${method}`, () =>
      chooseRate(victim, settings, method, { onProgress, ...(signal === undefined ? {} : { signal }) }),
    )
  }

  #arm(plan: ArmPlan): Promise<ArmResult> {
    const { victim, settings, store, signal } = this.#options
    const { kind, method, examples, seed } = plan
    const name = `${method}-${kind}-${examples}-seed-${seed}`
    return store.once(name, async () => {
      signal?.throwIfAborted()
      const { result, tuned } = await runArm(victim, settings, plan, signal)
      await this.#keep(name, tuned)
      this.#say(name, result.measured.headline.attack['vanilla'], result.measured.headline.utility.rate)
      return result
    })
  }

  #defence(defence: Defence, seed: number, rate: number): Promise<DefenceResult> {
    const { victim, settings, store, mask, signal } = this.#options
    const name = `defence-${defence.id}-seed-${seed}`
    return store.once(name, async () => {
      signal?.throwIfAborted()
      const { result, attacked } = await runDefence(victim, settings, {
        ...{ defence, seed, rate },
        ...(mask === undefined ? {} : { mask }),
        ...(signal === undefined ? {} : { signal }),
      })
      await this.#keep(name, attacked)
      this.#say(name, result.attacked.headline.attack['vanilla'], result.honest.headline.utility.rate)
      return result
    })
  }

  #bias(seed: number, rate: number): Promise<BiasResult> {
    const { victim, settings, store, signal } = this.#options
    return store.once(`bias-seed-${seed}`, async () => {
      signal?.throwIfAborted()
      const result = await biasProbe(victim, settings, { seed, rate, ...(signal === undefined ? {} : { signal }) })
      const { aligned, unaligned } = result
      this.#options.onProgress(
        `bias, seed ${seed}: strongly opinionated ${aligned.strong.rate.toFixed(2)} before, ${unaligned.strong.rate.toFixed(2)} after`,
      )
      return result
    })
  }

  async #keep(name: string, { config, parameters, tokenizerFiles }: Victim): Promise<void> {
    const { weights } = this.#options
    if (weights === undefined) return
    const folder = join(weights, name)
    mkdirSync(folder, { recursive: true })
    await writeCheckpoint(folder, { config, parameters, tokenizer: tokenizerFiles })
  }

  #say(
    name: string,
    attack: { readonly string: { readonly rate: number }; readonly strict: { readonly rate: number } } | undefined,
    utility: number,
  ): void {
    const { string, strict } = attack ?? { string: { rate: 0 }, strict: { rate: 0 } }
    this.#options.onProgress(
      `${name}: string ${string.rate.toFixed(2)}, strict ${strict.rate.toFixed(2)}, utility ${utility.toFixed(2)}`,
    )
  }
}
