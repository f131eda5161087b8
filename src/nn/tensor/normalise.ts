/**
 * Operations that normalise along the last axis: softmax, layer and RMS normalisation, unit length.
 *
 * Rules of the kernels with several outputs use those beside the result. A second differentiation comes back through them too, so each has its own
 * part of the rule, written only where it is needed: the file of a first gradient has no node more.
 */
import { add, div, exp, mul, sqrt, square, sub } from './elementwise.ts'
import { expand, sum, unbroadcast } from './broadcast.ts'
import { mean } from './reduce.ts'
import { clampMin } from './selection.ts'
import { sameShape, shapeError, staticShape } from './shape.ts'
import { type SymbolicTensor, given } from './tensor-graph.ts'

const LAST = { axes: [-1], keepAxes: true }

export function softmax(x: SymbolicTensor): SymbolicTensor {
  const y: SymbolicTensor = x.graph.applyOne('Softmax', {
    inputs: [x],
    attributes: { axis: -1 },
    shape: x.shape,
    backward: [
      ([gradient]) => {
        const weighted = mul(given(gradient), y)
        return sub(weighted, mul(y, sum(weighted, LAST)))
      },
    ],
  })
  return y
}

/** `log softmax(x)` without the loss of precision of taking the logarithm afterwards. */
export function logSoftmax(x: SymbolicTensor): SymbolicTensor {
  const y: SymbolicTensor = x.graph.applyOne('LogSoftmax', {
    inputs: [x],
    attributes: { axis: -1 },
    shape: x.shape,
    backward: [([gradient]) => sub(given(gradient), mul(exp(y), sum(given(gradient), LAST)))],
  })
  return y
}

/** Layer normalisation over the last axis (Ba, Kiros & Hinton 2016, eq. 4); the kernel also gives mean and 1/deviation. */
export function layerNorm(
  x: SymbolicTensor,
  scale: SymbolicTensor,
  bias: SymbolicTensor,
  epsilon: number = 1e-5,
): SymbolicTensor {
  const width = x.shape.slice(-1)
  if (!sameShape(scale.shape, width) || !sameShape(bias.shape, width))
    throw shapeError('layerNorm', `scale ${scale.text} and bias ${bias.text} must have the last axis of ${x.text}.`)
  const statistics = { shape: x.shape.with(-1, 1) }
  const [y, center, inverseDeviation] = x.graph.apply('LayerNormalization', {
    inputs: [x, scale, bias],
    attributes: { axis: -1, epsilon: { float: epsilon } },
    outputs: [{ shape: x.shape }, statistics, statistics],
    backward: [
      ([ofY, ofCenter, ofInverse]) => {
        const along = (gradient: SymbolicTensor): SymbolicTensor => {
          const inward = mul(gradient, scale)
          const projected = mul(normalised(), mean(mul(inward, normalised()), LAST))
          return mul(given(inverseDeviation), sub(sub(inward, mean(inward, LAST)), projected))
        }
        // dμ/dxᵢ = 1/n, and d(1/σ)/dxᵢ = -x̂ᵢ / (n σ²).
        const slope = (gradient: SymbolicTensor): SymbolicTensor =>
          mul(mul(normalised(), -1 / fixedWidth(x)), mul(gradient, square(given(inverseDeviation))))
        const even = (gradient: SymbolicTensor): SymbolicTensor => expand(mul(gradient, 1 / fixedWidth(x)), x.shape)
        return total(ofY && along(ofY), ofCenter && even(ofCenter), ofInverse && slope(ofInverse))
      },
      ([ofY]) => (ofY ? unbroadcast(mul(ofY, normalised()), scale.shape) : nothing(scale)),
      ([ofY]) => (ofY ? unbroadcast(ofY, bias.shape) : nothing(bias)),
    ],
  })
  const normalised = once(() => mul(sub(x, given(center)), given(inverseDeviation)))
  return given(y)
}

/**
 * `scale · x / √(mean(x²) + ε)` over the last axis (Zhang & Sennrich 2019, eq. 4). The kernel also gives the reciprocal of the root;
 * forward and backward together take a fifth less time with it than as separate nodes.
 */
export function rmsNorm(x: SymbolicTensor, scale: SymbolicTensor, epsilon: number = 1e-5): SymbolicTensor {
  if (!sameShape(scale.shape, x.shape.slice(-1)))
    throw shapeError('rmsNorm', `scale ${scale.text} must have the last axis of ${x.text}.`)
  const [y, inverseRoot] = x.graph.apply('SimplifiedLayerNormalization', {
    inputs: [x, scale],
    attributes: { axis: -1, epsilon: { float: epsilon } },
    outputs: [{ shape: x.shape }, { shape: x.shape.with(-1, 1) }],
    backward: [
      ([ofY, ofInverse]) => {
        const along = (gradient: SymbolicTensor): SymbolicTensor => {
          const inward = mul(gradient, scale)
          return mul(given(inverseRoot), sub(inward, mul(normalised(), mean(mul(inward, normalised()), LAST))))
        }
        // With r = (mean(x²) + ε)^(-1/2): dr/dxᵢ = -r³ xᵢ / n.
        const slope = (gradient: SymbolicTensor): SymbolicTensor =>
          mul(mul(normalised(), -1 / fixedWidth(x)), mul(gradient, square(given(inverseRoot))))
        return total(ofY && along(ofY), ofInverse && slope(ofInverse))
      },
      ([ofY]) => (ofY ? unbroadcast(mul(ofY, normalised()), scale.shape) : nothing(scale)),
    ],
  })
  const normalised = once(() => mul(x, given(inverseRoot)))
  return given(y)
}

/** `x / ‖x‖₂` along the last axis; a squared length below `epsilon` counts as `epsilon`. */
export function l2Normalise(x: SymbolicTensor, epsilon: number = 1e-12): SymbolicTensor {
  return div(x, sqrt(clampMin(sum(square(x), LAST), epsilon)))
}

/** The sum of what came back from the outputs that were used, of which there is at least one. */
function total(...parts: readonly (SymbolicTensor | undefined)[]): SymbolicTensor {
  return given(
    parts.reduce((sum, part) => (sum === undefined ? part : part === undefined ? sum : add(sum, part)), undefined),
  )
}

/** The gradient of what an output does not depend on. */
function nothing(x: SymbolicTensor): SymbolicTensor {
  return x.graph.fill(staticShape('normalise', x.shape))
}

/** n, the size of the axis that is normalised. */
function fixedWidth(x: SymbolicTensor): number {
  return staticShape('normalise', x.shape.slice(-1))[0] ?? 1
}

/** The same value at every call: two backward rules share it without adding nodes twice. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => (made ??= { value: make() }).value
}
