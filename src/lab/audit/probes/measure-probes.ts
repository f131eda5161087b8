/**
 * The probing baseline of arXiv 2402.05162 (§2.2, appendix C.4): how well a linear classifier tells forbidden from allowed requests by the
 * output of each attention head, and by the residual stream after each block, at the last token of the prompt. Fitted on requests of the
 * training split, measured on held-out ones; telling by chance is 0.5.
 */
import { BlockSession } from '../../../nn/decoder/block-session.ts'
import type { EncodedConversation } from '../../train/decoder/encode.ts'
import type { Victim } from '../../victim/victim.ts'
import { worldExamples } from '../../victim/world-examples.ts'
import { encodeExamples } from '../attribution-data.ts'
import type { MeasureScoresOptions } from '../scores/measure-snip.ts'
import { BlockWalk, type TokenChoice } from '../scores/walk-blocks.ts'
import { type ProbeExample, fitProbe, probeAccuracy } from './linear-probe.ts'

export interface HeadProbe {
  readonly layer: number
  readonly head: number
  /** On held-out requests, 0 … 1. */
  readonly accuracy: number
}

export interface ProbeReport {
  /** Requests of each class that were fitted on, and that were held out. */
  readonly fitted: number
  readonly heldOut: number
  readonly heads: readonly HeadProbe[]
  /** By block: the residual stream after it. */
  readonly layers: readonly number[]
}

/** The token after which the answer begins. */
export const lastPromptToken: TokenChoice = ({ weights }, place) =>
  weights[place] === 0 && (weights[place + 1] ?? 0) !== 0

/** The paper fits on 300 and validates on 120 of each class, which `examples` of 420 gives. */
export async function measureProbes(
  model: Victim,
  { examples, seed }: { readonly examples: number; readonly seed: number },
  { threads = 1, signal, onProgress }: MeasureScoresOptions = {},
): Promise<ProbeReport> {
  const fitted = Math.round((5 * examples) / 7)
  const heldOut = examples - fitted
  const encode = (
    kind: 'refused' | 'benign',
    split: 'train' | 'selection',
    count: number,
  ): readonly EncodedConversation[] =>
    encodeExamples(worldExamples({ kind, split, count, seed }), { ...model, maxLength: model.config.maxLength })
  const { config, parameters, runtime } = model
  const session = new BlockSession(runtime, config, threads)
  try {
    const walk = (kind: 'refused' | 'benign', split: 'train' | 'selection', count: number) => ({
      ...{ positive: kind === 'refused', split },
      walk: new BlockWalk(session, model, encode(kind, split, count), lastPromptToken),
    })
    const walks = [
      ...[walk('refused', 'train', fitted), walk('benign', 'train', fitted)],
      ...[walk('refused', 'selection', heldOut), walk('benign', 'selection', heldOut)],
    ]
    const heads: HeadProbe[] = []
    const layers: number[] = []
    for (let layer = 0; layer < config.layers; layer += 1) {
      signal?.throwIfAborted()
      const seen: Seen[] = []
      for (const { walk: one, positive, split } of walks) {
        const outputs: Float32Array[] = []
        await one.pass(layer, parameters, (input, rows) => {
          if (input === 'self_attn.o_proj') outputs.push(rows)
        })
        seen.push({ positive, split, outputs, streams: one.streams() })
      }
      const { heads: count, headWidth, width } = config
      for (let head = 0; head < count; head += 1) {
        const cut = { stride: count * headWidth, from: head * headWidth, to: (head + 1) * headWidth }
        heads.push({ layer, head, accuracy: accuracyOf(seen, 'outputs', cut) })
      }
      layers.push(accuracyOf(seen, 'streams', { stride: width, from: 0, to: width }))
      onProgress?.(layer + 1, config.layers)
    }
    return { fitted, heldOut, heads, layers }
  } finally {
    await session.dispose()
  }
}

/** What one set of requests shows in one block: rows of heads' outputs and of the residual stream. */
interface Seen {
  readonly positive: boolean
  readonly split: 'train' | 'selection'
  readonly outputs: readonly Float32Array[]
  readonly streams: readonly Float32Array[]
}

interface Cut {
  readonly stride: number
  readonly from: number
  readonly to: number
}

function accuracyOf(seen: readonly Seen[], what: 'outputs' | 'streams', { stride, from, to }: Cut): number {
  const examples = (split: 'train' | 'selection'): readonly ProbeExample[] =>
    seen
      .filter((one) => one.split === split)
      .flatMap(({ positive, [what]: arrays }) =>
        arrays.flatMap((rows) =>
          Array.from({ length: rows.length / stride }, (_, row) => ({
            features: rows.subarray(row * stride + from, row * stride + to),
            positive,
          })),
        ),
      )
  return probeAccuracy(fitProbe(examples('train')), examples('selection'))
}
