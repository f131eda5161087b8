/**
 * Whether the numbers of a training run fit into memory: a lower bound, from sizes alone, so that what can never fit is told before work
 * starts. What steps need for activations comes on top and is not estimated.
 */
import { totalmem } from 'node:os'
import { type DecoderConfig, parameterCount } from '../../nn/decoder/config.ts'
import { ParapetError } from '../../spec/errors.ts'

/**
 * Throws `input_invalid` when `copies` sets of all weights in 32 bits are more than `limit` bytes, the machine's memory where absent.
 * Training all weights with AdamW keeps four: weights, gradients and two moments.
 */
export function requireTrainingMemory(
  name: string,
  config: DecoderConfig,
  copies: number,
  limit: number = totalmem(),
): void {
  const needed = parameterCount(config) * 4 * copies
  if (needed <= limit) return
  throw new ParapetError(
    'input_invalid',
    `Training ${name} needs at least ${gigabytes(needed)}, ${copies} times its weights in 32 bits; ${gigabytes(limit)} are there. ` +
      'Train an adapter, take a smaller model, or a larger machine.',
  )
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toPrecision(3)} GB`
}
