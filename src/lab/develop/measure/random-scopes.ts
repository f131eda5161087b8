/**
 * Harmful prompts beside random scopes, as the paper does with its external sets: all are off topic by construction, so only recall is
 * measured, and a scope that such a prompt would belong to is not looked for. Seeded.
 */
import { createRandom } from '../../../nn/random.ts'
import { ParapetError } from '../../../spec/errors.ts'
import { pick } from '../generate/draw.ts'
import type { Pair } from '../model/encode.ts'

/** Each prompt with one of the scopes. Throws `input_invalid` without scopes. */
export function besideRandomScopes(
  prompts: readonly string[],
  scopes: readonly string[],
  seed: number,
): readonly Pair[] {
  if (scopes.length === 0) throw new ParapetError('input_invalid', 'There is no scope to put prompts beside.')
  const random = createRandom(seed)
  return prompts.map((prompt) => ({ prompt, system: pick(scopes, random) }))
}
