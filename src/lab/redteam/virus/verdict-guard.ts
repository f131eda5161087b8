/**
 * A small decoder as moderation guard, open to the attacker: trained here from a chat model on the world, it answers `safe` or `unsafe`. It gives
 * F1 = −log p(safe) of many conversations, and the gradient of F1 with respect to one-hot tokens (arXiv 2501.17433, guard loss).
 */
import { decode } from '../../../nn/decoder/forward.ts'
import { decoderWeights } from '../../../nn/decoder/weights.ts'
import { type BuildOutputs, EvaluationSession } from '../../../nn/runtime/evaluation-session.ts'
import { GradientSession } from '../../../nn/runtime/gradient-session.ts'
import type { BuildLoss } from '../../../nn/runtime/training-graph.ts'
import { type SymbolicTensor, logSoftmax, mean, neg, pick } from '../../../nn/tensor/index.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { rowsAt } from '../../train/decoder/next-token-loss.ts'
import type { Victim } from '../../victim/index.ts'
import type { WorldMessage } from '../../world/types.ts'
import { type CandidateBucket, batchesOf } from './candidate-batches.ts'
import type { ModerationGuard } from './moderation-guard.ts'
import { paddedLength } from '../tokens/padded-length.ts'
import { type VerdictTokens, questionTokens, verdictTokens } from './verdict-format.ts'
import { oneHotRows } from '../tokens/token-rows.ts'

export interface VerdictScore {
  /** −log p(first token of `safe`). */
  readonly safeLoss: number
  /** Whether the likeliest first token is anything but that of `safe`: a verdict that cannot be read is no pass. */
  readonly flagged: boolean
}

export class VerdictGuard implements ModerationGuard {
  readonly name: string
  readonly #model: Victim
  readonly #batch: number
  readonly #tokens: VerdictTokens
  readonly #scores: EvaluationSession<CandidateBucket>
  readonly #slopes: GradientSession<{ readonly length: number }>

  /** `batch` conversations go through the graph together. */
  constructor(name: string, model: Victim, batch: number, threads = 1) {
    ;[this.name, this.#model, this.#batch] = [name, model, batch]
    const { config, parameters, runtime, tokenizer } = model
    this.#tokens = verdictTokens(tokenizer)
    const shared = { runtime, parameters, threads }
    this.#scores = new EvaluationSession({ ...shared, storeParameters: true, build: verdictLogits(config) })
    this.#slopes = new GradientSession({ ...shared, build: safeLoss(config, this.#tokens), targets: ['tokens'] })
  }

  get vocabularySize(): number {
    return this.#model.config.vocabularySize
  }

  async flags(conversations: readonly (readonly WorldMessage[])[]): Promise<readonly boolean[]> {
    const { tokenizer } = this.#model
    const asked = conversations.map((messages) => Int32Array.from(questionTokens(tokenizer, messages)))
    return (await this.scores(asked)).map(({ flagged }) => flagged)
  }

  /**
   * Of conversations with the question behind them, as tokens. Throws `input_invalid` for one that the guard cannot read whole: cut, it would
   * be judged by a part.
   */
  async scores(asked: readonly Int32Array[]): Promise<readonly VerdictScore[]> {
    const { maxLength, vocabularySize } = this.#model.config
    const long = asked.findIndex(({ length }) => length > maxLength)
    if (long >= 0)
      throw new ParapetError(
        'input_invalid',
        `Conversation ${long} has ${asked[long]?.length} tokens; the guard ${this.name} takes ${maxLength}.`,
      )
    const found: VerdictScore[] = []
    const sequences = asked.map((ids) => ({ ids }))
    for (const { rows, bucket, ids } of batchesOf(sequences, this.#batch, maxLength)) {
      const places = BigInt64Array.from({ length: bucket.batch }, (_, at) =>
        BigInt(at * bucket.length + (rows[at]?.ids.length ?? 1) - 1),
      )
      const { logarithms } = await this.#scores.run(bucket, { ids, places })
      rows.forEach((_, at) => found.push(this.#score(at * vocabularySize, logarithms as Float32Array)))
    }
    return found
  }

  /** dF1/d(one-hot rows), [length, vocabulary] with the length padded, of one conversation with the question behind it. */
  async slopeOfTokens(asked: Int32Array): Promise<Float32Array> {
    const { maxLength, vocabularySize } = this.#model.config
    const length = paddedLength(asked.length, maxLength)
    const feeds = {
      tokens: oneHotRows(asked, length, vocabularySize),
      places: BigInt64Array.of(BigInt(asked.length - 1)),
    }
    const { gradients } = await this.#slopes.run({ length }, feeds)
    return gradients['tokens'] ?? new Float32Array(0)
  }

  async dispose(): Promise<void> {
    await this.#scores.dispose()
    await this.#slopes.dispose()
  }

  #score(from: number, logarithms: Float32Array): VerdictScore {
    const row = logarithms.subarray(from, from + this.#model.config.vocabularySize)
    const safe = row[this.#tokens.safe] ?? Number.NEGATIVE_INFINITY
    return { safeLoss: -safe, flagged: !(row.every((value) => value <= safe) && safe > Number.NEGATIVE_INFINITY) }
  }
}

function verdictLogits(config: Victim['config']): BuildOutputs<CandidateBucket> {
  return (graph, symbols, { batch, length }) => {
    const ids = graph.input('ids', [batch, length], { dataType: 'int64' })
    const places = graph.input('places', [batch], { dataType: 'int64' })
    return { logarithms: verdictLogarithms(config, symbols, ids, places) }
  }
}

function safeLoss(config: Victim['config'], { safe }: VerdictTokens): BuildLoss<{ readonly length: number }> {
  return (graph, symbols, { length }) => {
    const tokens = graph.input('tokens', [1, length, config.vocabularySize], { requiresGradient: true })
    const places = graph.input('places', [1], { dataType: 'int64' })
    const logarithms = verdictLogarithms(config, symbols, tokens, places)
    return { loss: mean(neg(pick(logarithms, graph.constant([1], BigInt64Array.of(BigInt(safe)))))) }
  }
}

/** log p of every token at one place of each conversation, [batch, vocabulary]. */
function verdictLogarithms(
  config: Victim['config'],
  symbols: Readonly<Record<string, SymbolicTensor>>,
  tokens: SymbolicTensor,
  places: SymbolicTensor,
): SymbolicTensor {
  const model = decoderWeights(config, symbols)
  return logSoftmax(model.output(decode(config, model, tokens, { select: (x) => rowsAt(x, places) })))
}
