/** A second, plain implementation of tensor arithmetic in float64, written for reading: what the ONNX graphs are compared with. */

export interface Nd {
  readonly shape: readonly number[]
  readonly data: Float64Array
}
type Index = readonly number[]

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** A tensor whose element at each index is `element(index)`. */
export function build(shape: readonly number[], element: (index: Index) => number): Nd {
  const data = Float64Array.from({ length: sizeOf(shape) }, (_, flat) => element(unravel(flat, shape)))
  return { shape, data }
}

/** The element at an index of the same or a higher rank; axes of size 1 repeat. */
export function at({ shape, data }: Nd, index: Index): number {
  const offset = index.length - shape.length
  const flat = shape.reduce((sum, size, axis) => sum * size + (size === 1 ? 0 : (index[axis + offset] ?? 0)), 0)
  return data[flat] ?? Number.NaN
}

export function elementwise(f: (...values: number[]) => number, ...operands: readonly Nd[]): Nd {
  const rank = Math.max(...operands.map(({ shape }) => shape.length))
  const shape = Array.from({ length: rank }, (_, axis) =>
    Math.max(...operands.map((operand) => operand.shape[operand.shape.length - rank + axis] ?? 1)),
  )
  return build(shape, (index) => f(...operands.map((operand) => at(operand, index))))
}

export function reduce(x: Nd, axes: readonly number[], keep: boolean, f: (values: readonly number[]) => number): Nd {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
  const inner = x.shape.map((size, axis) => (axes.includes(axis) ? size : 1))
  const result = build(kept, (index) =>
    f(
      Array.from({ length: sizeOf(inner) }, (_, flat) =>
        at(
          x,
          unravel(flat, inner).map((step, axis) => step + (index[axis] ?? 0)),
        ),
      ),
    ),
  )
  return keep ? result : { shape: x.shape.filter((_, axis) => !axes.includes(axis)), data: result.data }
}

export function matmul(left: Nd, right: Nd, transposeLeft: boolean, transposeRight: boolean, scale: number): Nd {
  const one = transposeLeft ? swapLast(left) : left
  const other = transposeRight ? swapLast(right) : right
  const rank = Math.max(one.shape.length, other.shape.length)
  const batch = Array.from({ length: rank - 2 }, (_, axis) =>
    Math.max(one.shape[one.shape.length - rank + axis] ?? 1, other.shape[other.shape.length - rank + axis] ?? 1),
  )
  const inner = one.shape.at(-1) ?? 0
  return build([...batch, one.shape.at(-2) ?? 0, other.shape.at(-1) ?? 0], (index) => {
    const [row = 0, column = 0] = index.slice(-2)
    let sum = 0
    for (let step = 0; step < inner; step += 1)
      sum += at(one, [...index.slice(0, -2), row, step]) * at(other, [...index.slice(0, -2), step, column])
    return scale * sum
  })
}

export function transpose(x: Nd, permutation: readonly number[]): Nd {
  return build(
    permutation.map((axis) => x.shape[axis] ?? 1),
    (index) =>
      at(
        x,
        x.shape.map((_, axis) => index[permutation.indexOf(axis)] ?? 0),
      ),
  )
}

/** Each row along the last axis replaced by another of the same length. */
export function rows(x: Nd, f: (row: readonly number[], number: number) => readonly number[]): Nd {
  const width = x.shape.at(-1) ?? 1
  const count = x.data.length / width
  const all = Array.from({ length: count }, (_, row) => f([...x.data.subarray(row * width, (row + 1) * width)], row))
  return { shape: x.shape, data: Float64Array.from(all.flat()) }
}

export function softmax(row: readonly number[]): readonly number[] {
  const largest = Math.max(...row)
  const powers = row.map((value) => Math.exp(value - largest))
  const sum = total(powers)
  return powers.map((value) => value / sum)
}

export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

/** Gauss error function by its power series (Abramowitz & Stegun 7.1.6); good to 1e-12 for |x| < 4. */
export function erf(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; n < 120; n += 1) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** d f / d x by central differences. */
export function slopes(f: (x: Nd) => number, x: Nd, step = 1e-5): Nd {
  const moved = (flat: number, by: number): number =>
    f({ shape: x.shape, data: x.data.with(flat, (x.data[flat] ?? 0) + by) })
  return {
    shape: x.shape,
    data: x.data.map((_, flat) => (moved(flat, step) - moved(flat, -step)) / (2 * step)),
  }
}

function swapLast(x: Nd): Nd {
  const axes = x.shape.map((_, axis) => axis)
  const rank = axes.length
  return transpose(x, [...axes.slice(0, -2), rank - 1, rank - 2])
}

function unravel(flat: number, shape: readonly number[]): Index {
  const index: number[] = []
  let rest = flat
  for (const size of shape.toReversed()) {
    index.unshift(rest % size)
    rest = Math.floor(rest / size)
  }
  return index
}
