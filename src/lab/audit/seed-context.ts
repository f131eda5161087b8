/**
 * All that one seed of an audit needs, worked out when it is first asked for and kept: examples, scores, ranking of heads. A resumed run
 * works out again only what an unfinished part asks for, to the same numbers.
 */
import type { Victim } from '../victim/victim.ts'
import { type AttributionData, type SafetyForm, attributionData } from './attribution-data.ts'
import type { WeightScores } from './audited-linears.ts'
import { type HeadProbe, type ProbeReport, measureProbes } from './probes/measure-probes.ts'
import { type MeasureScoresOptions, measureSnip } from './scores/measure-snip.ts'
import { measureWanda } from './scores/measure-wanda.ts'
import type { ScoreKind } from './variants.ts'

export interface SeedContextOptions extends MeasureScoresOptions {
  readonly victim: Victim
  readonly seed: number
  /** Examples of each set that weights are scored on. */
  readonly examples: number
  /** Requests of each class that probes are fitted and measured on. */
  readonly probeExamples: number
}

export class SeedContext {
  readonly victim: Victim
  readonly seed: number
  readonly #options: SeedContextOptions
  readonly #kept = new Map<string, Promise<unknown>>()

  constructor(options: SeedContextOptions) {
    ;[this.#options, this.victim, this.seed] = [options, options.victim, options.seed]
  }

  data(form: SafetyForm): AttributionData {
    const { tokenizer, config } = this.victim
    const { examples, seed } = this.#options
    return attributionData({ tokenizer, maxLength: config.maxLength, examples, seed, form })
  }

  /** Scores of each weight on safety examples of a form. */
  safety(kind: ScoreKind, form: SafetyForm): Promise<WeightScores> {
    return this.#once(`safety ${kind} ${form}`, () => this.#scores(kind, this.data(form).safety))
  }

  utility(kind: ScoreKind): Promise<WeightScores> {
    return this.#once(`utility ${kind}`, () => this.#scores(kind, this.data('full').utility))
  }

  probes(): Promise<ProbeReport> {
    const { probeExamples, seed } = this.#options
    return this.#once('probes', () => measureProbes(this.victim, { examples: probeExamples, seed }, this.#options))
  }

  /** Attention heads, those first by which forbidden requests are told best. */
  async rankedHeads(): Promise<readonly HeadProbe[]> {
    const { heads } = await this.probes()
    return heads.toSorted((one, other) => other.accuracy - one.accuracy)
  }

  #scores(kind: ScoreKind, examples: AttributionData['safety']): Promise<WeightScores> {
    const measure = kind === 'snip' ? measureSnip : measureWanda
    return measure(this.victim, examples, this.#options)
  }

  #once<Value>(name: string, make: () => Promise<Value>): Promise<Value> {
    const known = this.#kept.get(name) as Promise<Value> | undefined
    const made = known ?? make()
    this.#kept.set(name, made)
    return made
  }
}
