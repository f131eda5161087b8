/** Options that classifiers and encoders of a folder share, and their limits. */
import type { Clock } from '../../spec/index.ts'
import type { OnnxRuntime, SessionOptions } from '../../nn/runtime/onnx-runtime.ts'
import { optionError } from './folder-error.ts'
import type { GraphChoice } from './model-folder.ts'

export interface OnnxModelOptions extends GraphChoice {
  /**
   * Most tokens of a sequence, control tokens included. Default: what the folder says, at most 512. Longer texts are read in windows.
   */
  readonly maxTokens?: number
  /** Tokens that neighbouring windows share, at most half a window. Default a quarter of one. */
  readonly overlap?: number
  /** Longer texts are refused with `input_too_large`, characters. Default 64,000. */
  readonly longest?: number
  /**
   * Tokens in one run of the model: short texts of the same length share one, a long one has its own, and between two runs a call can
   * be cancelled. Default 512.
   */
  readonly runTokens?: number
  /**
   * Fill every sequence up to this many tokens: for graphs whose result depends on padding, and then their length in training.
   * Default: the size that the graph fixes, else no padding.
   */
  readonly padTo?: number
  /** Threads of one run. Default 1. */
  readonly threads?: number
  /** Where it runs; the processor if absent. */
  readonly provider?: SessionOptions['provider']
  /** Runs at once. Default 1. */
  readonly concurrency?: number
  /** Runs that may wait; one more is refused with `rate_limited`. Default 64. */
  readonly queue?: number
  /** Default: `loadOnnxRuntime`. */
  readonly runtime?: () => Promise<OnnxRuntime>
  /** Default: the real one. */
  readonly clock?: Clock
}

/** Those that say how the texts are cut, with their defaults. */
export interface Limits {
  readonly longest: number
  readonly runTokens: number
  readonly overlap: number | undefined
  readonly padTo: number | undefined
}

/** Throws `configuration` for numbers that are none. */
export function limitsOf(options: OnnxModelOptions): Limits {
  const { longest = 64_000, runTokens = 512, overlap, padTo, maxTokens, threads = 1 } = options
  const { concurrency = 1, queue = 64 } = options
  for (const [name, value] of Object.entries({ longest, runTokens, padTo, threads, concurrency }))
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 1))
      throw optionError(`${name} must be a whole number above 0`)
  for (const [name, value] of Object.entries({ overlap, queue }))
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 0))
      throw optionError(`${name} must be a whole number, at least 0`)
  if (padTo !== undefined && maxTokens !== undefined && padTo < maxTokens)
    throw optionError(`padTo is ${padTo}, less than maxTokens, ${maxTokens}`)
  return { longest, runTokens, overlap, padTo }
}
