/**
 * Safety data mixed into the customer's: L = L(user) + λ L(refusals) (Zong et al. 2024, "Safety Fine-Tuning at (Almost) No Cost", VLGuard,
 * arXiv 2402.02207). As many refusals as the customer has examples, λ = 1; the passes go over both, so there are twice as many updates.
 */
import { tuneVictim } from '../../../victim/tune-victim.ts'
import { type Defence, withSignal } from './defence.ts'
import { refusals } from './safety-data.ts'

export const MIXING: Defence = {
  id: 'mixing',
  title: 'Safety data mixed in',
  source: 'VLGuard, arXiv 2402.02207',
  async tune(victim, examples, { tuning, seed, signal }) {
    const conversations = refusals(examples.length, seed)
    return tuneVictim(victim, examples, withSignal({ ...tuning, mixedIn: { conversations } }, signal))
  },
}
