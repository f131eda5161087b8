/**
 * The weights that carry safety stay as they are while the customer tunes (Wei et al. 2024, arXiv 2402.05162, §4.4): their gradients are
 * masked, so they come out bit for bit. Which weights these are, the context's mask says: that of an audit, or of `measure-defence.ts`.
 */
import { ParapetError } from '../../../../spec/errors.ts'
import { tuneVictim } from '../../../victim/tune-victim.ts'
import { type Defence, withSignal } from './defence.ts'

export const FROZEN_WEIGHTS: Defence = {
  id: 'frozen-weights',
  title: 'Safety-critical weights frozen',
  source: 'arXiv 2402.05162, §4.4',
  async tune(victim, examples, { tuning, mask, signal }) {
    if (mask === undefined)
      throw new ParapetError('configuration', 'Freezing needs to know which weights: give --mask FILE from an audit.')
    if (tuning.method.kind === 'lora')
      throw new ParapetError('configuration', 'An adapter cannot be frozen in part. Give --methods full.')
    return tuneVictim(victim, examples, withSignal({ ...tuning, frozen: mask }, signal))
  },
}
