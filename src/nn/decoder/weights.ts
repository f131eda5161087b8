/**
 * How the forward pass of a decoder reaches its parameters: as inputs of a graph that trains them, as constants of a file, or with
 * low-rank adapters beside them. The forward pass names a layer and does not know which of these it gets.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { ParameterValues } from '../tensor/parameters.ts'
import { type SymbolicTensor, type TensorGraph, add, gather, matmul } from '../tensor/index.ts'
import { type DecoderConfig, EMBEDDING, OUTPUT } from './config.ts'

export interface DecoderWeights {
  /** A parameter as it is. */
  get(name: string): SymbolicTensor
  /** `x Wᵀ + b` with the weight `name.weight` [to, from] and, where there is one, the bias `name.bias`. */
  linear(name: string, x: SymbolicTensor): SymbolicTensor
  /** Embeddings of int64 ids [batch, length], or of rows that weigh every token, float32 [batch, length, vocabulary]. */
  embed(tokens: SymbolicTensor): SymbolicTensor
  /** Logits [.., vocabulary] of [.., width]. */
  output(x: SymbolicTensor): SymbolicTensor
}

/** Parameters that are tensors of the graph. */
export function decoderWeights(
  config: DecoderConfig,
  parameters: Readonly<Record<string, SymbolicTensor>>,
): DecoderWeights {
  return weightsFrom(config, (name) => parameters[name])
}

/** Parameters stored in the file. */
export function constantDecoderWeights(
  config: DecoderConfig,
  graph: TensorGraph,
  parameters: ParameterValues,
): DecoderWeights {
  const made = new Map<string, SymbolicTensor>()
  return weightsFrom(config, (name) => {
    const value = parameters[name]
    if (value === undefined) return undefined
    const known = made.get(name) ?? graph.constant(value.shape, value.data)
    made.set(name, known)
    return known
  })
}

function weightsFrom(config: DecoderConfig, find: (name: string) => SymbolicTensor | undefined): DecoderWeights {
  const get = (name: string): SymbolicTensor => {
    const found = find(name)
    if (found !== undefined) return found
    throw new ParapetError('input_invalid', `The parameter ${name} is missing: these are parameters of another model.`)
  }
  return {
    get,
    linear(name, x) {
      const product = matmul(x, get(`${name}.weight`), { transposeRight: true })
      const bias = find(`${name}.bias`)
      return bias === undefined ? product : add(product, bias)
    },
    embed: (tokens) => (tokens.dataType === 'int64' ? gather(get(EMBEDDING), tokens) : matmul(tokens, get(EMBEDDING))),
    output: (x) => matmul(x, get(config.tiedEmbeddings ? EMBEDDING : OUTPUT), { transposeRight: true }),
  }
}
