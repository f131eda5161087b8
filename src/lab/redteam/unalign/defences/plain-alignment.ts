/** The control of all hardening: as many updates of ordinary alignment, by cross-entropy on the same data, without a defence's own term. */
import { nextTokenLoss } from '../../../train/decoder/next-token-loss.ts'
import type { TokenBucket } from '../../../train/decoder/batches.ts'
import type { Defence } from './defence.ts'
import { FixedBatches } from './fixed-batches.ts'
import { HARDENING, harden } from './hardening.ts'
import { alignmentData } from './safety-data.ts'

export const PLAIN_ALIGNMENT: Defence = {
  id: 'more-alignment',
  title: 'Control: ordinary alignment, as many updates',
  source: 'cross-entropy on the same data',
  async prepare(victim, context) {
    const { batch } = HARDENING
    const { rows } = context
    const batches = FixedBatches.of(victim, alignmentData(rows, context.seed), { batch, seed: context.seed })
    return harden<TokenBucket>(
      ...([victim, context, 'aligned further', nextTokenLoss(victim.config)] as const),
      async ({ session, step }) => void (await session.step(batches.bucket, batches.feeds(step))),
    )
  },
}
