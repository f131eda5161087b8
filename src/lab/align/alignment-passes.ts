/**
 * The batches of an alignment run, pass after pass, with what the frozen reference says of their rows. The rows of the data are asked about
 * once; mismatched rows are made anew for each pass, asked about when it begins and then forgotten.
 */
import type { DecoderConfig } from '../../nn/decoder/config.ts'
import type { TensorData } from '../../nn/onnx/graph.ts'
import type { OnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import type { ParameterValues } from '../../nn/tensor/parameters.ts'
import type { EncodedExamples } from './alignment-examples.ts'
import { type AlignmentBatch, planAlignment } from './alignment-plan.ts'
import { PREFERENCE_FEEDS, type SettledPreferenceLoss } from './preference-loss.ts'
import { ResponseScorer } from './response-scorer.ts'
import { type ResponseTokens, responseBatch } from './sequence-log-probabilities.ts'

export interface AlignmentPassesOptions {
  readonly runtime: OnnxRuntime
  readonly config: DecoderConfig
  /** The reference; never changed while the run goes on. */
  readonly reference: ParameterValues
  readonly loss: SettledPreferenceLoss
  readonly encoded: EncodedExamples
  /** Examples of a step. */
  readonly batch: number
  readonly maxLength: number
  readonly seed: number
  readonly threads?: number
}

export class AlignmentPasses {
  readonly #options: AlignmentPassesOptions
  readonly #scorer: ResponseScorer | undefined
  readonly #reference = new Map<ResponseTokens, number>()
  /** Of rows that belong to one pass. */
  #passReference = new Map<ResponseTokens, number>()
  #pass = 0
  /** Step with which the pass begins. */
  #first = 0
  #plan: readonly AlignmentBatch[]
  /** Whether the reference knows every row of the pass. */
  #scored = false

  constructor(options: AlignmentPassesOptions) {
    const { runtime, config, reference, loss, threads } = options
    this.#options = options
    this.#plan = this.#planOf(0)
    if (loss.needsReference)
      this.#scorer = new ResponseScorer({
        ...{ runtime, config, parameters: reference },
        ...(threads === undefined ? {} : { threads }),
      })
  }

  stepsOf(passes: number): number {
    return Math.max(1, Math.round(this.#plan.length * passes))
  }

  /** Asks the reference about every row of the data. Call it once, before the first batch. */
  async begin(): Promise<void> {
    await this.#score(this.#options.encoded.rows, this.#reference)
  }

  async batch(step: number): Promise<AlignmentBatch> {
    if (step < this.#first) this.#turnTo(0, 0)
    while (step >= this.#first + this.#plan.length) this.#turnTo(this.#pass + 1, this.#first + this.#plan.length)
    if (!this.#scored) {
      this.#passReference = new Map()
      const fresh = this.#plan.flatMap(({ rows }) => rows.filter((row) => !this.#reference.has(row)))
      await this.#score(fresh, this.#passReference)
      this.#scored = true
    }
    return this.#plan[step - this.#first] as AlignmentBatch
  }

  feeds({ bucket, rows, weights, desirable }: AlignmentBatch): Readonly<Record<string, TensorData>> {
    const { loss, config } = this.#options
    const reference = (row: ResponseTokens): number =>
      this.#reference.get(row) ?? this.#passReference.get(row) ?? Number.NaN
    return {
      ...responseBatch(rows, bucket, config.padToken ?? 0),
      [PREFERENCE_FEEDS.weights]: Float32Array.from(weights),
      ...(loss.needsReference ? { [PREFERENCE_FEEDS.reference]: Float32Array.from(rows, reference) } : {}),
      ...(loss.kind === 'kto' ? { [PREFERENCE_FEEDS.desirable]: Float32Array.from(desirable) } : {}),
    }
  }

  async dispose(): Promise<void> {
    await this.#scorer?.dispose()
  }

  #turnTo(pass: number, first: number): void {
    ;[this.#pass, this.#first, this.#plan, this.#scored] = [pass, first, this.#planOf(pass), false]
  }

  #planOf(pass: number): readonly AlignmentBatch[] {
    const { encoded, batch, seed, maxLength } = this.#options
    return planAlignment(encoded.examples, { batch, seed, maxLength }, pass)
  }

  async #score(rows: readonly ResponseTokens[], into: Map<ResponseTokens, number>): Promise<void> {
    if (this.#scorer === undefined) return
    const scores = await this.#scorer.score(rows)
    rows.forEach((row, at) => into.set(row, scores[at] ?? Number.NaN))
  }
}
