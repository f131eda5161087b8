/** Hand-made graphs in the layout of Hugging Face Optimum, whose outputs are known without running them. */
import {
  type SymbolicTensor,
  TensorGraph,
  add,
  cast,
  concat,
  matmul,
  mul,
  reshape,
  sum,
} from '../../../src/nn/tensor/index.ts'

export interface CountingGraph {
  /** Names of inputs, each int64 [batch, length]. Default `input_ids` and `attention_mask`. */
  readonly inputs?: readonly string[]
  /** Fixed sizes in place of free ones. */
  readonly batch?: number
  readonly length?: number
  readonly output?: string
  /** Added to every output. */
  readonly bias?: number
}

/** Logits [batch, inputs]: the sum of each input's numbers over the text, times 0.01. */
export function countingGraph(options: CountingGraph = {}): Uint8Array {
  const { inputs = ['input_ids', 'attention_mask'], batch = 'batch', length = 'length', bias = 0 } = options
  const graph = new TensorGraph()
  // Names of free sizes differ between branches.
  const sums = inputs.map((name): SymbolicTensor => {
    const free = name.endsWith('2') && length === 'length' ? 'length2' : length
    const values = cast(graph.input(name, [batch, free], { dataType: 'int64' }), 'float32')
    return mul(reshape(sum(values, { axes: [1] }), [batch, 1]), 0.01)
  })
  graph.output(options.output ?? 'logits', add(concat(sums, 1), bias))
  return graph.build()
}

/** `logits` [batch, length], a number for each token, as graphs that tag tokens or find answers give them. */
export function tokenLogitGraph(): Uint8Array {
  const graph = new TensorGraph()
  const ids = graph.input('input_ids', ['batch', 'length'], { dataType: 'int64' })
  graph.output('logits', mul(cast(ids, 'float32'), 0.01))
  return graph.build()
}

/** `last_hidden_state` [batch, length, width]: a vector for each token by its id, row by row of `table`. */
export function tokenVectorGraph(table: readonly (readonly number[])[]): Uint8Array {
  const graph = new TensorGraph()
  const ids = graph.input('input_ids', ['batch', 'length'], { dataType: 'int64' })
  graph.input('attention_mask', ['batch', 'length'], { dataType: 'int64' })
  const width = table[0]?.length ?? 1
  const rows = graph.constant([table.length, width], Float32Array.from(table.flat()))
  const vectors = graph.applyOne('Gather', {
    inputs: [rows, ids],
    attributes: { axis: 0 },
    shape: ['batch', 'length', width],
  })
  graph.output('last_hidden_state', matmul(vectors, graph.constant([width, width], identity(width))))
  return graph.build()
}

function identity(width: number): Float32Array {
  return Float32Array.from({ length: width * width }, (_, index) => (index % (width + 1) === 0 ? 1 : 0))
}
