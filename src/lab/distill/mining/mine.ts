/**
 * Samples several outputs of a guard for every row and keeps the hard ones (GuardReasoner, arXiv 2501.18492). One guard at a time; an
 * ensemble is several calls and `mergeHardSamples`.
 */
import type { OnnxRuntime } from '../../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { guardReasonerPrompt } from '../examples/guard-reasoner.ts'
import { sampleRows } from '../guard/judge-rows.ts'
import type { Guard } from '../guard/small-guard.ts'
import type { GuardedRow } from '../rows/guarded-row.ts'
import { type HardSample, type HardSampleOptions, hardSample } from './hard-samples.ts'

export interface MineOptions extends HardSampleOptions {
  readonly runtime: OnnxRuntime
  /** k: outputs a row, at least 2. 4 in the released code. */
  readonly samples: number
  /** 1 in the paper, 0.7 in its code. */
  readonly temperature: number
  /** 0.95 in both. */
  readonly topP: number
  /** Longest output, in tokens. */
  readonly maxTokens: number
  readonly batch?: number
  readonly threads?: number
  readonly signal?: AbortSignal
}

export interface Mined {
  readonly samples: readonly HardSample[]
  /** Rows sampled. */
  readonly rows: number
}

/** Throws `configuration` for fewer than two samples: one output is never mixed. */
export async function mineHardSamples(guard: Guard, rows: readonly GuardedRow[], options: MineOptions): Promise<Mined> {
  const { samples, temperature, topP, pick, seed, ...call } = options
  if (!(Number.isSafeInteger(samples) && samples >= 2))
    throw new ParapetError(
      'configuration',
      `Draw at least 2 outputs a row, not ${samples}: one is right or wrong, never both.`,
    )
  const outputs = await sampleRows(guard, rows.map(guardReasonerPrompt), {
    ...call,
    samples,
    seed,
    sampling: { temperature, topP },
  })
  const hard = rows.flatMap(
    (row, at) => hardSample(row, outputs[at] ?? [], { seed, ...(pick === undefined ? {} : { pick }) }) ?? [],
  )
  return { samples: hard, rows: rows.length }
}
