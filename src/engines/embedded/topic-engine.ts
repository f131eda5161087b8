/**
 * The off-topic model at work: is a text outside the scope beside it? Vectors come from the encoder of the deep tier, the rest is a small
 * network in this process. A scope is read once and kept.
 *
 * It knows no policy and finds no windows: a text longer than the encoder reads is judged by its head and tail, so hand it passages.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { readGuardEncoder } from '../../nn/encoder/guard-encoder.ts'
import { readModelFile } from '../../nn/model-file.ts'
import { loadOnnxRuntime, type OnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { type ReadScope, readScope, topicFeatures, unit } from '../../nn/topic-features.ts'
import { encoderMark, readTopicModel, type TopicModelData, topicProbability } from '../../nn/topic-model.ts'
import { scopePieces } from '../../nn/topic-scope.ts'
import type { TextClassification, TextClassifierEngine, TextClassifierInput } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import { EncoderSessions } from './encoder-sessions.ts'

/** The general model of the package. Source and build lie equally deep below its root. */
export const TOPIC_FILE: URL = new URL('../../../models/topic.bin', import.meta.url)
const ENCODER_FILE = new URL('../../../models/deep.bin', import.meta.url)

/** Labels, in the order of probabilities. */
export const TOPIC_LABELS = ['on_topic', 'off_topic'] as const
/** Scopes kept: an application has few. */
const SCOPES = 32

export interface TopicEngineOptions {
  /** Model file: the general one of the package, or what `parapet develop` wrote. */
  readonly topic: Uint8Array
  /** Model file of the deep tier, whose encoder is used. */
  readonly encoder: Uint8Array
  /** For messages. Default `topic`. */
  readonly name?: string
  readonly runtime: OnnxRuntime
}

/**
 * An engine for pairs: `context` is the scope, `text` the prompt.
 *
 * @throws ParapetError `engine_unavailable` for a damaged file, or one that was taught with another encoder
 */
export async function createTopicEngine(options: TopicEngineOptions): Promise<TextClassifierEngine> {
  const { topic, encoder, name = 'topic', runtime } = options
  const model = readTopicModel(topic, name)
  const deep = readGuardEncoder(encoder, 'deep')
  if (encoderMark(deep.encoder) !== model.encoder)
    throw new ParapetError(
      'engine_unavailable',
      `The model file ${name} was taught with another sentence encoder than the one installed. Run parapet develop again.`,
    )
  const sessions = await described(name, () => EncoderSessions.open(deep, 'encoder', runtime))
  return new TopicEngine(model, { name, version: readModelFile(topic, name).checksum, sessions })
}

/** Loads the general model of the package, or the file at `path`. Throws as `createTopicEngine`, and for files that are missing. */
export async function loadTopicEngine(
  path: string = fileURLToPath(TOPIC_FILE),
  options: { readonly encoderPath?: string; readonly prefer?: 'node' | 'web' } = {},
): Promise<TextClassifierEngine> {
  const { encoderPath = fileURLToPath(ENCODER_FILE), prefer = 'node' } = options
  const [topic, encoder] = [await read(path), await read(encoderPath)]
  return createTopicEngine({ topic, encoder, name: path, runtime: await loadOnnxRuntime({ prefer }) })
}

class TopicEngine implements TextClassifierEngine {
  readonly specVersion = 'v1' as const
  readonly kind = 'text-classifier' as const
  readonly labels: readonly string[] = TOPIC_LABELS
  readonly exclusive = true
  readonly id: string
  readonly version: string
  readonly #model: TopicModelData
  readonly #name: string
  #sessions: EncoderSessions | null
  /** By text, the one that was used last at the end. */
  readonly #scopes = new Map<string, Promise<ReadScope>>()

  constructor(
    model: TopicModelData,
    parts: { readonly name: string; readonly version: string; readonly sessions: EncoderSessions },
  ) {
    this.id = model.id
    this.version = parts.version
    this.#model = model
    this.#name = parts.name
    this.#sessions = parts.sessions
  }

  async classify(
    inputs: readonly TextClassifierInput[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<readonly TextClassification[]> {
    const answers: TextClassification[] = []
    for (const { text, context } of inputs) {
      if (options.signal?.aborted === true) throw new ParapetError('aborted', 'The check was stopped.')
      if (context === undefined || context.trim() === '')
        throw new ParapetError(
          'input_invalid',
          'The off-topic model needs a scope to compare with: send a system prompt.',
        )
      const scope = await this.#scope(context)
      const features = topicFeatures(scope, { text, vector: await this.#vector(text) }, this.#model.background)
      const off = topicProbability(this.#model, features)
      if (!Number.isFinite(off))
        throw new ParapetError('engine_unavailable', `The model ${this.#name} gives something that is no probability.`)
      const probabilities = [1 - off, off]
      answers.push({ probabilities, windows: [probabilities] })
    }
    return answers
  }

  /** The sessions go with the last reference to them. */
  async dispose(): Promise<void> {
    this.#sessions = null
    this.#scopes.clear()
  }

  #scope(text: string): Promise<ReadScope> {
    const known = this.#scopes.get(text)
    this.#scopes.delete(text)
    const scope = known ?? this.#read(text)
    this.#scopes.set(text, scope)
    if (known === undefined) scope.catch(() => this.#scopes.delete(text))
    for (const oldest of this.#scopes.keys()) {
      if (this.#scopes.size <= SCOPES) break
      this.#scopes.delete(oldest)
    }
    return scope
  }

  async #read(text: string): Promise<ReadScope> {
    const whole = await this.#vector(text)
    const pieces: Float32Array[] = []
    for (const piece of scopePieces(text)) pieces.push(await this.#vector(piece))
    return readScope(text, whole, pieces, this.#model.background)
  }

  async #vector(text: string): Promise<Float32Array> {
    const sessions = this.#sessions
    if (sessions === null)
      throw new ParapetError('engine_unavailable', `The model ${this.#name} was let go. Load it again.`)
    return unit(await described(this.#name, () => sessions.vector(text)))
  }
}

/** The encoder speaks of the deep tier; whoever uses this model has not asked for one. */
async function described<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new ParapetError(
      'engine_unavailable',
      `The sentence encoder of the model ${name} does not load or run; the cause says why. Install the package again.`,
      { cause },
    )
  }
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new ParapetError(
      'engine_unavailable',
      `The model file ${path} cannot be read. Give the path of a file that parapet develop wrote.`,
      { cause },
    )
  }
}
