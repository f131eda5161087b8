/**
 * Low-rank adapters (Hu et al. 2021, LoRA, §4.1; rank-stabilised: Kalajdzievski 2023, rsLoRA, §3) as the PEFT library keeps them:
 * `adapter_config.json` and `adapter_model.safetensors`. Reads, writes and merges them into the weights they adapt.
 *
 * Only plain LoRA over linear layers: no DoRA or another variant, biases, embeddings, whole modules saved beside, or ranks that differ by
 * layer. A setting that this file does not know is refused where it is switched on.
 */
import { ParapetError } from '../../spec/errors.ts'
import type { ParameterValue, ParameterValues } from '../tensor/parameters.ts'
import { sameShape, shapeText } from '../tensor/shape.ts'
import {
  type JsonObject,
  booleanField,
  field,
  invalidFile,
  isObject,
  jsonText,
  numberField,
  objectOf,
} from './json-fields.ts'

export interface LoraLayer {
  /** [rank, from]. */
  readonly a: ParameterValue
  /** [to, rank]. */
  readonly b: ParameterValue
}

export interface LoraAdapter {
  readonly rank: number
  readonly alpha: number
  /** Scale by α/√rank in place of α/rank. */
  readonly rankStabilised?: boolean
  /** By the name of the linear layer, such as `model.layers.0.self_attn.q_proj`. */
  readonly layers: Readonly<Record<string, LoraLayer>>
}

const PREFIX = 'base_model.model.'
const TENSOR = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/
/** Ways to start an adapter that leave the weights under it as they were. */
const PLAIN_STARTS: readonly unknown[] = [true, false, 'gaussian', 'eva', 'orthogonal']

/** Off by being absent, false or empty; anything else makes another kind of adapter. PEFT 0.21 calls the last six its variants. */
const OTHER_KINDS = [
  ...['modules_to_save', 'rank_pattern', 'alpha_pattern', 'layer_replication', 'trainable_token_indices'],
  ...['target_parameters', 'lora_ga_config', 'alora_invocation_tokens', 'velora_config', 'monteclora_config'],
  ...['use_bdlora', 'arrow_config', 'kasa_config'],
]
/** Read here, or without a bearing on numbers that are already trained: where they came from and how training began. */
const KNOWN = new Set([
  ...['peft_type', 'task_type', 'auto_mapping', 'peft_version', 'base_model_name_or_path', 'revision'],
  ...['inference_mode', 'r', 'lora_alpha', 'lora_dropout', 'use_rslora', 'use_dora', 'use_qalora'],
  ...['fan_in_fan_out', 'bias', 'lora_bias', 'qalora_group_size', 'loftq_config', 'eva_config', 'corda_config'],
  ...['target_modules', 'exclude_modules', 'layers_to_transform', 'layers_pattern', 'init_lora_weights'],
  ...['runtime_config', 'megatron_config', 'megatron_core', ...OTHER_KINDS],
])

/** Factor of B·A: α/r, or α/√r when rank-stabilised. */
export function adapterScale({
  rank,
  alpha,
  rankStabilised = false,
}: Pick<LoraAdapter, 'rank' | 'alpha' | 'rankStabilised'>): number {
  return alpha / (rankStabilised ? Math.sqrt(rank) : rank)
}

/**
 * The adapter in a parsed `adapter_config.json` and its tensors. Throws `input_invalid` for another kind of adapter, a half-missing
 * pair or a shape that does not fit the rank.
 */
export function adapterOf(json: unknown, tensors: ParameterValues, file: string = 'adapter_config.json'): LoraAdapter {
  const config = objectOf(json, file)
  refuseOthers(config, file)
  const rank = numberField(config, 'r', file)
  if (!Number.isInteger(rank) || rank < 1) throw invalidFile(file, `r must be a whole number above 0, not ${rank}.`)
  const pairs = new Map<string, { a?: ParameterValue; b?: ParameterValue }>()
  for (const [name, value] of Object.entries(tensors)) {
    const [, layer, side] = TENSOR.exec(name) ?? []
    if (layer === undefined) throw invalidFile(file, `the tensor ${name} is not part of plain LoRA over linear layers.`)
    const pair = pairs.get(layer) ?? {}
    pairs.set(layer, side === 'A' ? { ...pair, a: value } : { ...pair, b: value })
  }
  if (pairs.size === 0) throw invalidFile(file, 'the adapter has no tensors.')
  const layers = [...pairs].map(([name, { a, b }]): [string, LoraLayer] => {
    if (a === undefined || b === undefined)
      throw invalidFile(file, `the adapter has no ${PREFIX}${name}.lora_${a === undefined ? 'A' : 'B'}.weight.`)
    return [name, { a, b }]
  })
  const adapter: LoraAdapter = {
    rank,
    alpha: numberField(config, 'lora_alpha', file),
    ...(booleanField(config, 'use_rslora', file, false) ? { rankStabilised: true } : {}),
    layers: Object.fromEntries(layers),
  }
  checkAdapter(adapter)
  return adapter
}

/** The `adapter_config.json` of an adapter; `base` names the model it adapts. */
export function adapterConfigOf(adapter: LoraAdapter, base?: string): JsonObject {
  checkAdapter(adapter)
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: base ?? null,
    inference_mode: true,
    r: adapter.rank,
    lora_alpha: adapter.alpha,
    lora_dropout: 0,
    use_rslora: adapter.rankStabilised ?? false,
    use_dora: false,
    fan_in_fan_out: false,
    bias: 'none',
    target_modules: targetModules(Object.keys(adapter.layers)),
    modules_to_save: null,
    layers_to_transform: null,
    layers_pattern: null,
    rank_pattern: {},
    alpha_pattern: {},
    init_lora_weights: true,
  }
}

/** The tensors of an adapter by the names PEFT gives them. */
export function adapterTensorsOf(adapter: LoraAdapter): ParameterValues {
  checkAdapter(adapter)
  return Object.fromEntries(
    Object.entries(adapter.layers).flatMap(([name, { a, b }]): [string, ParameterValue][] => [
      [`${PREFIX}${name}.lora_A.weight`, a],
      [`${PREFIX}${name}.lora_B.weight`, b],
    ]),
  )
}

/**
 * The parameters with W + scale · B·A in place of each adapted W (LoRA, eq. 3). Nothing is changed in place; arrays of layers that are
 * not adapted are shared. Throws `input_invalid` when the adapter belongs to another model.
 */
export function mergeAdapter(parameters: ParameterValues, adapter: LoraAdapter): ParameterValues {
  checkAdapter(adapter)
  const names = Object.entries(adapter.layers).map(([name, layer]) => {
    const base = Object.hasOwn(parameters, `${name}.weight`) ? parameters[`${name}.weight`] : undefined
    const shape = [layer.b.shape[0] ?? 0, layer.a.shape[1] ?? 0]
    if (base === undefined || !sameShape(base.shape, shape))
      throw new ParapetError(
        'input_invalid',
        `The adapter does not fit the model: ${name} is ${shapeText(shape)} in it and ` +
          `${base === undefined ? 'not there' : shapeText(base.shape)} in the model.`,
      )
    return { name: `${name}.weight`, base, layer }
  })
  const scale = adapterScale(adapter)
  const merged = names.map(({ name, base, layer }): [string, ParameterValue] => [
    name,
    { shape: base.shape, data: mergedWeight(base.data, layer, scale) },
  ])
  return { ...parameters, ...Object.fromEntries(merged) }
}

/** Sums of a row are kept in 64 bits and rounded once. */
function mergedWeight(weight: Float32Array, { a, b }: LoraLayer, scale: number): Float32Array {
  const [to = 0, rank = 0] = b.shape
  const from = a.shape[1] ?? 0
  const merged = new Float32Array(weight.length)
  const row = new Float64Array(from)
  for (let output = 0; output < to; output += 1) {
    const start = output * from
    for (let input = 0; input < from; input += 1) row[input] = weight[start + input] ?? 0
    for (let inner = 0; inner < rank; inner += 1) {
      const factor = scale * (b.data[output * rank + inner] ?? 0)
      const offset = inner * from
      for (let input = 0; input < from; input += 1)
        row[input] = (row[input] ?? 0) + factor * (a.data[offset + input] ?? 0)
    }
    merged.set(row, start)
  }
  return merged
}

function checkAdapter({ rank, alpha, layers }: LoraAdapter): void {
  if (!Number.isInteger(rank) || rank < 1 || !Number.isFinite(alpha))
    throw new ParapetError('input_invalid', `An adapter needs a rank above 0 and a finite α, not ${rank} and ${alpha}.`)
  for (const [name, { a, b }] of Object.entries(layers)) {
    const fits = a.shape.length === 2 && b.shape.length === 2 && a.shape[0] === rank && b.shape[1] === rank
    const filled = [a, b].every(({ shape: [rows = 0, columns = 0], data }) => data.length === rows * columns)
    if (!fits || !filled)
      throw new ParapetError(
        'input_invalid',
        `The adapter of ${name} must be A [${rank}, from] and B [to, ${rank}], not ${shapeText(a.shape)} and ${shapeText(b.shape)}.`,
      )
  }
}

/** Short names where all layers up to the last have the same parts, as is the custom; else the whole names, which PEFT also takes. */
function targetModules(names: readonly string[]): readonly string[] {
  const parts = names.map((name) => /^model\.layers\.(\d+)\.(?:.*\.)?(\w+)$/.exec(name))
  const short = [...new Set(parts.map((part) => part?.[2] ?? ''))].toSorted()
  const layers = Math.max(...parts.map((part) => Number(part?.[1] ?? NaN))) + 1
  return names.length === short.length * layers ? short : names.toSorted()
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0
}

function refuseOthers(config: JsonObject, file: string): void {
  const refuse = (what: string): never => {
    throw invalidFile(file, `${what} is not supported. Supported is plain LoRA over linear layers, without biases.`)
  }
  const type = field(config, 'peft_type')
  if (type !== 'LORA') refuse(`peft_type ${jsonText(type)}`)
  for (const name of ['use_dora', 'fan_in_fan_out', 'lora_bias', 'use_qalora'])
    if (booleanField(config, name, file, false)) refuse(`${name}: true`)
  const bias = field(config, 'bias') ?? 'none'
  if (bias !== 'none') refuse(`bias ${jsonText(bias)}`)
  for (const name of OTHER_KINDS) {
    const value = field(config, name)
    if (value !== undefined && value !== false && !isEmpty(value)) refuse(`${name} ${jsonText(value)}`)
  }
  // Numbers and texts pass: on their own they are remarks, or belong to a switch that is off.
  for (const [name, value] of Object.entries(config))
    if (!KNOWN.has(name) && (value === true || (typeof value === 'object' && value !== null && !isEmpty(value))))
      refuse(`the unknown setting ${jsonText(name)}: ${jsonText(value)}`)
  const start = field(config, 'init_lora_weights') ?? true
  if (!PLAIN_STARTS.includes(start)) refuse(`init_lora_weights ${jsonText(start)}, which changes the weights below,`)
}
