/**
 * Rotary positions (Su et al. 2021, "RoFormer", §3.2.2) in the layout of Hugging Face checkpoints: within a head, element i turns with
 * element i + half. One kernel of onnxruntime does it; the way back is the turn by the opposite angle.
 */
import { ParapetError } from '../../spec/errors.ts'
import { type SymbolicTensor, given } from '../tensor/tensor-graph.ts'

/** Cosines and sines of each position, [positions, headWidth / 2] each. */
export interface RotaryTables {
  readonly cosines: Float32Array
  readonly sines: Float32Array
}

/** Bytes of one table at most: three of them stand in a graph, and a graph in a file is limited to 2 GB. */
const LARGEST_TABLE = 2 ** 28

/** Throws `input_invalid` where no graph could hold the tables, before any is made. */
export function requireRotaryTables(positions: number, headWidth: number): void {
  const table = positions * (headWidth / 2) * Float32Array.BYTES_PER_ELEMENT
  if (table <= LARGEST_TABLE) return
  const most = Math.floor(LARGEST_TABLE / Float32Array.BYTES_PER_ELEMENT / (headWidth / 2))
  throw new ParapetError(
    'input_invalid',
    `the rotary positions of ${positions} tokens (max_position_embeddings) with heads ${headWidth} wide do not fit into a graph, which takes at most ${most}. Set it to the longest text you use.`,
  )
}

/** The angle of position p in pair i is `p · theta^(-2i / headWidth)`. Worked out in float64. */
export function rotaryTables(positions: number, headWidth: number, theta: number): RotaryTables {
  requireRotaryTables(positions, headWidth)
  const half = headWidth / 2
  const cosines = new Float32Array(positions * half)
  const sines = new Float32Array(positions * half)
  for (let pair = 0; pair < half; pair += 1) {
    const frequency = theta ** ((-2 * pair) / headWidth)
    for (let position = 0; position < positions; position += 1) {
      cosines[position * half + pair] = Math.cos(position * frequency)
      sines[position * half + pair] = Math.sin(position * frequency)
    }
  }
  return { cosines, sines }
}

/** Turns tensors of one graph; tables are stored in the file once. */
export interface Rotation {
  readonly positions: SymbolicTensor
  readonly cosines: SymbolicTensor
  readonly sines: SymbolicTensor
  /** The sines of the way back. */
  readonly opposite: SymbolicTensor
}

/**
 * `positions` is int64: [1] for a sequence that starts at that position, or [batch, length]. Tables for `count` positions are stored.
 */
export function rotation(positions: SymbolicTensor, count: number, headWidth: number, theta: number): Rotation {
  const { graph } = positions
  const { cosines, sines } = rotaryTables(count, headWidth, theta)
  const shape = [count, headWidth / 2]
  return {
    positions,
    cosines: graph.constant(shape, cosines),
    sines: graph.constant(shape, sines),
    opposite: graph.constant(
      shape,
      sines.map((sine) => -sine),
    ),
  }
}

/** `x` is [batch, length, heads · headWidth]; every head turns by the angle of its position. */
export function rotate(x: SymbolicTensor, turn: Rotation): SymbolicTensor {
  return x.graph.applyOne('RotaryEmbedding', {
    inputs: [x, turn.positions, turn.cosines, turn.sines],
    domain: 'com.microsoft',
    attributes: { interleaved: 0 },
    shape: x.shape,
    backward: [([gradient]) => rotate(given(gradient), { ...turn, sines: turn.opposite, opposite: turn.sines })],
  })
}
