/** Seeded dropout for training: the graph gets one mask a place, and every step feeds fresh ones. */
import { createRandom } from '../random.ts'
import { type SymbolicTensor, type TensorGraph, dropout } from '../tensor/index.ts'
import { elementCount, staticShape } from '../tensor/shape.ts'
import type { Dropout } from './forward.ts'

const PREFIX = 'dropout/'

/** Dropout of one rate at every place `encode` offers. */
export function maskedDropout(graph: TensorGraph, rate: number): Dropout {
  return (x, site) => dropout(x, graph.input(`${PREFIX}${site}`, x.shape, { dataType: 'uint8' }), rate)
}

/** The masks of one step for the given inputs of a graph. The same seed gives the same masks. */
export function dropoutFeeds(
  inputs: readonly SymbolicTensor[],
  rate: number,
  seed: number,
): Readonly<Record<string, Uint8Array>> {
  const random = createRandom(seed)
  return Object.fromEntries(
    inputs
      .filter(({ name }) => name.startsWith(PREFIX))
      .map(({ name, shape }) => {
        const mask = new Uint8Array(elementCount(staticShape(name, shape)))
        for (let index = 0; index < mask.length; index += 1) mask[index] = random() < rate ? 0 : 1
        return [name, mask]
      }),
  )
}
