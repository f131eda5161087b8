/**
 * Repair after the fact by replay: the tuned model is tuned once more on refusals and allowed requests, the same alignment data the owner
 * has (arXiv 2402.05162, §1, and 2501.17433 call it realignment). It undoes what it is shown; it cannot know what it is not shown.
 */
import { tuneVictim } from '../../../victim/tune-victim.ts'
import { type Defence, withSignal } from './defence.ts'
import { HARDENING } from './hardening.ts'
import { alignmentData } from './safety-data.ts'

export const REPAIR: Defence = {
  id: 'repair',
  title: 'Repair by replay',
  source: 'realignment on the owner’s refusals',
  async repair(victim, { tuning, steps, rows, seed, signal }) {
    const { batch, rate } = HARDENING
    const { threads } = tuning
    return tuneVictim(
      victim,
      alignmentData(rows, seed),
      withSignal(
        {
          ...{ method: { kind: 'full' }, length: { steps: Math.max(1, Math.round(steps / 4)) }, rate, batch, seed },
          ...(threads === undefined ? {} : { threads }),
        },
        signal,
      ),
    )
  },
}
