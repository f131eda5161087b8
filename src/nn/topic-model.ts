/**
 * The file of an off-topic model: a small network over `topic-features.ts`, the background it measures against, and a calibration. One
 * byte a weight. It fits one sentence encoder, whose mark it names, and holds no text.
 */
import { ParapetError } from '../spec/errors.ts'
import { damagedModelFile, readModelFile, writeModelFile } from './model-file.ts'
import { type Background, FEATURE_VERSION, featureCount } from './topic-features.ts'

export interface TopicNetwork {
  /** Inputs, then hidden units. */
  readonly sizes: readonly [inputs: number, hidden: number]
  /** [hidden, inputs], by row. */
  readonly inner: Float32Array
  readonly bias: Float32Array
  readonly outer: Float32Array
  readonly last: number
}

export interface TopicModelData {
  readonly id: string
  /** Mark of the encoder whose vectors it was taught with. */
  readonly encoder: string
  readonly network: TopicNetwork
  readonly background: Background
  /** The probability is the sigmoid of `slope · logit + intercept`. */
  readonly calibration: { readonly slope: number; readonly intercept: number }
  /** What it was made from, for people. JSON. */
  readonly made?: Readonly<Record<string, unknown>>
}

const KIND = 'topic'

/** Probability that a prompt is off topic, from its features. */
export function topicProbability({ network, calibration }: TopicModelData, features: Float32Array): number {
  const value = calibration.slope * topicLogit(network, features) + calibration.intercept
  return 1 / (1 + Math.exp(-value))
}

/** The network's answer before calibration: one ReLU layer. */
export function topicLogit({ sizes, inner, bias, outer, last }: TopicNetwork, features: Float32Array): number {
  const [inputs, hidden] = sizes
  let logit = last
  for (let cell = 0; cell < hidden; cell += 1) {
    let sum = bias[cell] as number
    for (let at = 0, from = cell * inputs; at < inputs; at += 1)
      sum += (inner[from + at] as number) * (features[at] as number)
    if (sum > 0) logit += sum * (outer[cell] as number)
  }
  return logit
}

/** A name for the numbers an encoder gives: changes with its weights. FNV-1a over words. */
export function encoderMark(encoder: Uint8Array): string {
  const whole = encoder.byteOffset % 4 === 0 ? encoder : Uint8Array.from(encoder)
  const words = new Uint32Array(whole.buffer, whole.byteOffset, whole.length >>> 2)
  let hash = 0x811c9dc5
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193)
  return ((hash ^ (hash >>> 15)) >>> 0).toString(16).padStart(8, '0')
}

/** Equal data gives equal bytes. Matrices are rounded to 255 steps a row; what is read back is what works. */
export function writeTopicModel(data: TopicModelData): Uint8Array<ArrayBuffer> {
  const { id, encoder, network, background, calibration, made } = data
  const [inputs, hidden] = network.sizes
  const inner = toBytes(network.inner, hidden, inputs)
  const far = toBytes(background.data, background.count, background.width)
  const floats = (values: Float32Array): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)
  const header = {
    ...{ kind: KIND, features: FEATURE_VERSION, id, encoder, sizes: network.sizes, last: network.last, calibration },
    ...(made === undefined ? {} : { made }),
  }
  return writeModelFile(
    { ...header, background: [background.count, background.width] },
    new Map([
      ['inner', inner.bytes],
      ['innerScales', floats(inner.scales)],
      ['bias', floats(network.bias)],
      ['outer', floats(network.outer)],
      ['background', far.bytes],
      ['backgroundScales', floats(far.scales)],
    ]),
  )
}

/** Reads a file; `name` is for messages. Throws `engine_unavailable` for what is no whole model of this version. */
export function readTopicModel(bytes: Uint8Array, name: string): TopicModelData {
  const { header, blocks } = readModelFile(bytes, name)
  const fail = (why: string): ParapetError => damagedModelFile(name, why)
  const { kind, features, id, encoder, sizes, last, background, calibration, made } = header
  if (kind !== KIND) throw fail('it holds a model of another kind')
  if (features !== FEATURE_VERSION) throw fail('it was made for another version of Parapet; train it again')
  if (typeof id !== 'string' || typeof encoder !== 'string') throw fail('it has no id')
  if (!isPair(sizes) || !isPair(background) || !Number.isFinite(last)) throw fail('its sizes make no sense')
  const { slope, intercept } = (calibration ?? {}) as TopicModelData['calibration']
  if (!(slope > 0) || !Number.isFinite(slope) || !Number.isFinite(intercept))
    throw fail('its calibration makes no sense')
  const [inputs, hidden] = sizes
  const [count, width] = background
  if (inputs !== featureCount(width)) throw fail('its sizes make no sense')
  const block = (key: string, length: number): Uint8Array => {
    const found = blocks.get(key)
    if (found?.length !== length) throw fail(`its part ${key} is missing or cut`)
    return found
  }
  const floats = (key: string, length: number): Float32Array => {
    const values = new Float32Array(Uint8Array.from(block(key, 4 * length)).buffer)
    if (!values.every(Number.isFinite)) throw fail('a number in it is none')
    return values
  }
  return {
    ...{ id, encoder, calibration: { slope, intercept } },
    ...(typeof made === 'object' && made !== null ? { made: made as Readonly<Record<string, unknown>> } : {}),
    network: {
      sizes: [inputs, hidden],
      inner: fromBytes(block('inner', inputs * hidden), floats('innerScales', hidden), inputs),
      bias: floats('bias', hidden),
      outer: floats('outer', hidden),
      last: last as number,
    },
    background: {
      ...{ count, width },
      data: fromBytes(block('background', count * width), floats('backgroundScales', count), width),
    },
  }
}

function isPair(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((one) => Number.isSafeInteger(one) && one >= 1)
}

function toBytes(
  values: Float32Array,
  rows: number,
  width: number,
): { readonly bytes: Uint8Array; readonly scales: Float32Array } {
  const scales = new Float32Array(rows)
  const whole = new Int8Array(rows * width)
  for (let row = 0; row < rows; row += 1) {
    const part = values.subarray(row * width, (row + 1) * width)
    const scale = Math.fround(part.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127)
    scales[row] = scale
    if (scale > 0) part.forEach((value, at) => (whole[row * width + at] = Math.round(value / scale)))
  }
  return { bytes: new Uint8Array(whole.buffer), scales }
}

function fromBytes(bytes: Uint8Array, scales: Float32Array, width: number): Float32Array {
  const whole = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  return Float32Array.from(whole, (value, at) => value * (scales[Math.floor(at / width)] ?? 0))
}
