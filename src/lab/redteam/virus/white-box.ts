/**
 * What the attacker of the paper has: the weights of the victim and of the guard, over one vocabulary. Opened once for many searches; dispose of
 * it. For one's own models.
 */
import { ParapetError } from '../../../spec/errors.ts'
import type { TextTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'
import type { Victim } from '../../victim/index.ts'
import { CandidateGradients } from './candidate-gradients.ts'
import { forbiddenTokens } from '../tokens/forbidden-tokens.ts'
import type { Tuned } from './trained-layers.ts'
import type { VerdictGuard } from './verdict-guard.ts'
import { VictimGradients } from './victim-gradients.ts'

export interface WhiteBox {
  readonly tokenizer: TextTokenizer
  /** Rows of the vocabulary, the same in both models. */
  readonly classes: number
  /** 1 for tokens that a search may never choose. */
  readonly forbidden: Uint8Array
  readonly victim: VictimGradients
  readonly candidates: CandidateGradients
  readonly guard: VerdictGuard
  /** Frees what belongs to the victim; the guard is the caller's. */
  dispose(): Promise<void>
}

/** Candidates whose gradients are worked out together: few, because most are given up before. */
const GRADIENT_BATCH = 8

/**
 * `tuned` is what the service will tune, and so whose gradients are compared. Throws `configuration` for a guard with another vocabulary:
 * one-hot tokens would mean other words to it.
 */
export function openWhiteBox(victim: Victim, guard: VerdictGuard, tuned: Tuned = 'all', threads = 1): WhiteBox {
  const { tokenizer, config } = victim
  const classes = config.vocabularySize
  if (guard.vocabularySize !== classes)
    throw new ParapetError(
      'configuration',
      `The victim has ${classes} tokens and the guard ${guard.vocabularySize}: the search needs one vocabulary for both.`,
    )
  const gradients = new VictimGradients({ ...victim, tuned, threads })
  const candidates = new CandidateGradients({ ...victim, tuned, threads }, GRADIENT_BATCH)
  return {
    ...{ tokenizer, classes, forbidden: forbiddenTokens(tokenizer, classes), victim: gradients, candidates, guard },
    async dispose() {
      await gradients.dispose()
      await candidates.dispose()
    },
  }
}
