/**
 * A sentence encoder from a local folder: one vector of length 1 for a text, whose products are cosines. Long texts are read in
 * windows; their vectors are averaged by their tokens.
 *
 * It compares nothing and keeps no vectors.
 */
import { createHash } from 'node:crypto'
import type { CompletionOptions, TextEncoderEngine } from '../../spec/index.ts'
import { folderError, optionError } from './folder-error.ts'
import type { RunResult } from './graph-session.ts'
import type { OpenModel } from './open-model.ts'
import { openModel, trialRows } from './open-model.ts'
import type { OnnxModelOptions } from './options.ts'
import type { WindowRow } from './text-rows.ts'

/** One vector from those of the tokens: their mean, or the first one's (`[CLS]`). */
export type Pooling = 'mean' | 'cls'

export interface TextEncoderOptions extends OnnxModelOptions {
  /** For graphs that give a vector for each token; the model's card says which. Default `mean`. */
  readonly pooling?: Pooling
}

/** What exporters call a vector for each text, and one for each token. */
const OUTPUTS = ['sentence_embedding', 'last_hidden_state', 'token_embeddings']

/** As `loadTextClassifier`. */
export async function loadTextEncoder(folder: string, options: TextEncoderOptions = {}): Promise<TextEncoderEngine> {
  const { pooling = 'mean' } = options
  if (pooling !== 'mean' && pooling !== 'cls') throw optionError('pooling is mean or cls')
  const model = await openModel(folder, options, { outputs: OUTPUTS, contextFirst: true })
  try {
    if (model.session.declared.branches === 2)
      throw folderError(folder, 'its graph compares two texts. Load it as a text classifier.')
    const [vector] = await vectorsOf(model, trialRows(model), pooling, {})
    const dimensions = vector?.length ?? 0
    const version = createHash('sha256').update(JSON.stringify([...model.facts, pooling]))
    return {
      specVersion: 'v1',
      kind: 'text-encoder',
      id: model.id,
      version: version.digest('hex').slice(0, 16),
      dimensions,
      embed: (texts, call = {}) => embed(model, texts, { pooling, dimensions }, call),
      dispose: () => model.session.dispose(),
    }
  } catch (cause) {
    await model.session.dispose()
    throw cause
  }
}

async function embed(
  model: OpenModel,
  texts: readonly string[],
  { pooling, dimensions }: { readonly pooling: Pooling; readonly dimensions: number },
  call: CompletionOptions,
): Promise<readonly Float32Array[]> {
  const windows = texts.map((text) => model.rows.rowsOf({ text }))
  const vectors = await vectorsOf(model, windows.flat(), pooling, call, dimensions)
  let from = 0
  return windows.map((own) => {
    const parts = vectors.slice(from, (from += own.length))
    const mean = new Float32Array(dimensions)
    parts.forEach((part, index) => {
      const weight = Math.max(1, own[index]?.tokens ?? 1)
      for (let place = 0; place < mean.length; place += 1)
        mean[place] = (mean[place] ?? 0) + weight * (part[place] ?? 0)
    })
    return unit(mean)
  })
}

/** The vector of each window, of length 1. `dimensions`: how many numbers it has to have; any if absent. */
async function vectorsOf(
  { session, folder }: OpenModel,
  windows: readonly WindowRow[],
  pooling: Pooling,
  call: CompletionOptions,
  dimensions?: number,
): Promise<readonly Float32Array[]> {
  const vectors: Float32Array[] = []
  const rows = windows.map(({ row }) => row)
  await session.run(rows, call, (place, result, at) => {
    const length = rows[place]?.[0]?.ids.length ?? 0
    const vector = pooled(result, at, length, pooling)
    if (vector === null || vector.length !== (dimensions ?? vector.length))
      throw folderError(
        folder.folder,
        `its output has the shape [${result.dims.join()}], which is no vector of a text.`,
      )
    vectors[place] = unit(vector)
  })
  return vectors
}

/** Null where the output is neither a vector for each text nor one for each token. Padding has no share. */
function pooled({ data, dims }: RunResult, at: number, length: number, pooling: Pooling): Float32Array | null {
  const [, second = 0, width = 0] = dims
  if (dims.length === 2) return data.slice(at * second, (at + 1) * second)
  if (dims.length !== 3 || second < length) return null
  const from = at * second * width
  if (pooling === 'cls') return data.slice(from, from + width)
  const mean = new Float32Array(width)
  for (let token = 0; token < length; token += 1)
    for (let place = 0; place < width; place += 1)
      mean[place] = (mean[place] ?? 0) + (data[from + token * width + place] ?? 0) / length
  return mean
}

/** The same direction at length 1; all zeros stay so. */
function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return length === 0 ? vector : vector.map((value) => value / length)
}
