/**
 * The loop of generation over any source of logits (`PlainDecoder`, an engine): draw, hand out, feed back, until a stop token, the
 * limit or an abort. Texts, and what to do with them, are the caller's matter.
 */
import { ParapetError } from '../../spec/errors.ts'
import { type Sampling, checkSampling, logSoftmaxAt, sampleToken } from './sampling.ts'

/** What gives logits of the next token. It remembers the ids it was given. */
export interface LogitsSource {
  /** Logits after the prompt; called once, first. */
  prefill(ids: readonly number[]): Float32Array | Promise<Float32Array>
  /** Logits after one more token. */
  step(id: number): Float32Array | Promise<Float32Array>
}

export interface GenerateOptions {
  /** Tokens drawn at most, a stop token included. */
  readonly maxTokens: number
  readonly stopTokens?: readonly number[]
  readonly sampling: Sampling
  readonly signal?: AbortSignal
  /** Tokens allowed next, as in `sampleToken`, asked before each draw with the ids drawn so far. */
  readonly allowed?: (drawn: readonly number[]) => Uint8Array | undefined
}

export interface GeneratedToken {
  readonly type: 'token'
  readonly id: number
  /** Natural logarithm of the model's own probability (`logSoftmaxAt`), whatever the sampling. */
  readonly logProbability: number
}

export type GeneratedPart =
  | GeneratedToken
  /** The last part, always there unless an error is thrown. `stop` is the token that ended it, which is no part of the answer. */
  | { readonly type: 'end'; readonly reason: 'stop' | 'length' | 'aborted'; readonly stop?: GeneratedToken }

/** Milliseconds after which a source that never waits lets others run, so that an abort can arrive. */
const PAUSE_AFTER = 20

/** Tokens as they are drawn, then the end and its reason. An abort is an end, not an error. */
export async function* generate(
  source: LogitsSource,
  promptIds: readonly number[],
  options: GenerateOptions,
): AsyncGenerator<GeneratedPart, void, undefined> {
  const { maxTokens, sampling, signal, allowed } = options
  checkSampling(sampling)
  if (!Number.isInteger(maxTokens) || maxTokens < 1)
    throw new ParapetError('configuration', `maxTokens must be a whole number above 0, not ${maxTokens}.`)
  const stop = new Set(options.stopTokens)
  const drawn: number[] = []
  const aborted = { type: 'end', reason: 'aborted' } as const
  let paused = performance.now()
  for (;;) {
    if (signal?.aborted === true) return yield aborted
    let logits: Float32Array
    try {
      const last = drawn.at(-1)
      logits = await (last === undefined ? source.prefill(promptIds) : source.step(last))
    } catch (error) {
      // Sources that heed the signal themselves throw when it fires.
      if (isAborted(signal)) return yield aborted
      throw error
    }
    if (performance.now() - paused > PAUSE_AFTER) {
      await new Promise((resolve) => setTimeout(resolve, 0))
      paused = performance.now()
    }
    if (isAborted(signal)) return yield aborted
    const id = sampleToken(logits, sampling, allowed?.(drawn))
    const token = { type: 'token', id, logProbability: logSoftmaxAt(logits, id) } as const
    if (stop.has(id)) return yield { type: 'end', reason: 'stop', stop: token }
    drawn.push(id)
    yield token
    if (drawn.length === maxTokens) return yield { type: 'end', reason: 'length' }
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}
