/** One mask for each audited layer of a model, made by one rule: the variants of pruning that an audit compares. */
import { type AuditedLinear, type WeightScores, auditedLinears, scoresOf } from '../audited-linears.ts'
import type { DecoderConfig } from '../../../nn/decoder/config.ts'
import { BitMask } from './bit-mask.ts'
import type { WeightMasks } from './prune.ts'
import { type Comparison, lowestWeights, randomWeights, setDifference, topWeights } from './select-weights.ts'

export function setDifferenceMasks(
  config: DecoderConfig,
  scores: { readonly safety: WeightScores; readonly utility: WeightScores },
  shares: { readonly p: number; readonly q: number; readonly comparison?: Comparison },
): WeightMasks {
  return eachLinear(config, (linear) =>
    setDifference({
      ...{ ...linear, ...shares },
      safety: scoresOf(scores.safety, linear),
      utility: scoresOf(scores.utility, linear),
    }),
  )
}

export function topMasks(
  config: DecoderConfig,
  scores: WeightScores,
  share: number,
  comparison?: Comparison,
): WeightMasks {
  return eachLinear(config, (linear) => topWeights(scoresOf(scores, linear), linear, share, comparison))
}

export function lowestMasks(config: DecoderConfig, scores: WeightScores, share: number): WeightMasks {
  return eachLinear(config, (linear) => lowestWeights(scoresOf(scores, linear), linear, share))
}

/** As many random weights in each layer as the other masks have there, or a share of each layer. */
export function randomMasks(config: DecoderConfig, like: WeightMasks | number, seed: number): WeightMasks {
  return eachLinear(config, ({ parameter, rows, columns }, index) => {
    const count = typeof like === 'number' ? Math.round(like * rows * columns) : (like.get(parameter)?.count() ?? 0)
    return randomWeights(rows * columns, count, seed * 1000 + index)
  })
}

/**
 * Heads of attention as weights: the rows of queries, keys and values that make a head, and the columns of the output projection that read
 * it. Where heads share keys and values, those stay.
 */
export function headMasks(
  config: DecoderConfig,
  heads: readonly { readonly layer: number; readonly head: number }[],
): WeightMasks {
  const { headWidth, heads: all, keyValueHeads } = config
  return eachLinear(config, ({ layer, module, rows, columns }) => {
    const mask = new BitMask(rows * columns)
    const isInput = module === 'self_attn.q_proj' || (all === keyValueHeads && /[kv]_proj$/.test(module))
    const isOutput = module === 'self_attn.o_proj'
    if (!isInput && !isOutput) return mask
    for (const { head } of heads.filter((one) => one.layer === layer))
      for (let unit = head * headWidth; unit < (head + 1) * headWidth; unit += 1)
        for (let at = 0; at < (isInput ? columns : rows); at += 1)
          mask.set(isInput ? unit * columns + at : at * columns + unit)
    return mask
  })
}

function eachLinear(config: DecoderConfig, make: (linear: AuditedLinear, index: number) => BitMask): WeightMasks {
  return new Map(auditedLinears(config).map((linear, index) => [linear.parameter, make(linear, index)]))
}
