/**
 * The deep tier's model at work: texts become vectors, vectors become logits. One text at a time, on one thread.
 *
 * It knows neither calibration nor bands; see `deep-tier.ts`.
 */
import { encodeGuardText, type GuardEncoderData } from '../../nn/encoder/guard-encoder.ts'
import type { OnnxRuntime, OnnxSession, OnnxTensor, SessionOptions } from '../../nn/runtime/onnx-runtime.ts'
import { UnigramTokenizer } from '../../nn/tokenizer/unigram.ts'
import { ParapetError } from '../../spec/index.ts'

/** Vectors kept: the prompts of conversations under way, whose answers come soon. */
const VECTORS = 64
/** The unknown piece. */
const UNKNOWN = 0
/**
 * One thread gives equal results from run to run. Without the other setting, int8 products overflow on x64 processors that have no
 * VNNI instructions, and the scores are others there.
 */
const SETTINGS: SessionOptions = { threads: 1, configuration: { 'session.x64quantprecision': '1' } }

type Part = 'text' | 'response'

export class EncoderSessions {
  readonly #runtime: OnnxRuntime
  readonly #model: GuardEncoderData
  readonly #name: string
  readonly #tokenizer: UnigramTokenizer
  readonly #sessions: Readonly<Record<'encoder' | Part, OnnxSession>>
  /** By text, the one that was used last at the end. */
  readonly #vectors = new Map<string, Promise<Float32Array>>()
  /** Ends when all that was asked so far has run. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(
    model: GuardEncoderData,
    name: string,
    runtime: OnnxRuntime,
    sessions: Readonly<Record<'encoder' | Part, OnnxSession>>,
  ) {
    this.#runtime = runtime
    this.#model = model
    this.#name = name
    this.#tokenizer = new UnigramTokenizer({ pieces: model.pieces, reserved: model.reserved })
    this.#sessions = sessions
  }

  /** Makes the sessions; `name` is for messages. Throws `engine_unavailable` when the runtime does not take the model. */
  static async open(model: GuardEncoderData, name: string, runtime: OnnxRuntime): Promise<EncoderSessions> {
    try {
      const encoder = await runtime.session(model.encoder, SETTINGS)
      const text = await runtime.session(model.text, SETTINGS)
      const response = await runtime.session(model.response, SETTINGS)
      return new EncoderSessions(model, name, runtime, { encoder, text, response })
    } catch (cause) {
      throw failure(name, 'does not load', cause)
    }
  }

  get runtime(): OnnxRuntime['kind'] {
    return this.#runtime.kind
  }

  /** The vector of a text; a text that was asked for lately is not encoded again. */
  vector(text: string): Promise<Float32Array> {
    const known = this.#vectors.get(text)
    this.#vectors.delete(text)
    const vector = known ?? this.#encode(encodeGuardText(this.#tokenizer, text, this.#model.maxTokens))
    this.#vectors.set(text, vector)
    if (known === undefined) vector.catch(() => this.#vectors.delete(text))
    for (const oldest of this.#vectors.keys()) {
      if (this.#vectors.size <= VECTORS) break
      this.#vectors.delete(oldest)
    }
    return vector
  }

  /** Logits by output. A response is judged with the vector of its prompt, or null. */
  async logits(
    part: Part,
    vector: Float32Array,
    prompt: Float32Array | null = null,
  ): Promise<Readonly<Record<string, number>>> {
    const width = vector.length
    const input = part === 'text' ? vector : new Float32Array(2 * width)
    if (part === 'response') {
      input.set(vector)
      if (prompt !== null) input.set(prompt, width)
    }
    const feeds = { vector: this.#runtime.tensor('float32', input, [1, input.length]) }
    const logits = await this.#run(part, feeds, 'logits')
    const outputs = this.#model.heads[part]
    if (logits.length !== outputs.length)
      throw failure(this.#name, `has ${outputs.length} heads for a ${part}, but gives ${logits.length} numbers`)
    return Object.fromEntries(outputs.map((output, index) => [output, logits[index] ?? Number.NaN]))
  }

  /** Milliseconds for one text of so many tokens, once the model is warm. */
  async milliseconds(tokens: number): Promise<number> {
    const ids = new Int32Array(Math.min(tokens, this.#model.maxTokens)).fill(UNKNOWN)
    await this.logits('text', await this.#encode(ids))
    const started = performance.now()
    await this.logits('text', await this.#encode(ids))
    return performance.now() - started
  }

  #encode(ids: Int32Array): Promise<Float32Array> {
    const feeds = { ids: this.#runtime.tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]) }
    return this.#run('encoder', feeds, 'vector')
  }

  async #run(
    session: 'encoder' | Part,
    feeds: Readonly<Record<string, OnnxTensor>>,
    output: string,
  ): Promise<Float32Array> {
    const results = await this.#inTurn(() => this.#sessions[session].run(feeds)).catch((cause: unknown) => {
      throw failure(this.#name, 'does not run', cause)
    })
    const data = results[output]?.data
    if (!(data instanceof Float32Array) || data.length === 0 || !data.every(Number.isFinite))
      throw failure(this.#name, `gives no numbers as ${output}`)
    return data
  }

  /** Neither the WebAssembly build nor a single thread gains from two runs at once. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work)
    this.#turn = mine
    return mine
  }
}

function failure(name: string, what: string, cause?: unknown): ParapetError {
  const message = `The deep tier ${name} ${what}. Install the package again, or turn it off: deep: off.`
  return new ParapetError('engine_unavailable', message, cause === undefined ? {} : { cause })
}
