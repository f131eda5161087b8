/**
 * A decoder as an engine that answers many at once: requests that wait are worked out together in onnxruntime, some ten times as many a
 * second as one by one. Greedy answers are kept, so that the same question under several guard settings is worked out once.
 *
 * Whether a request had neighbours changes its numbers by rounding only. It streams nothing.
 */
import type { GenerateOptions, GenerationPart, LanguageModelEngine, Message } from '../../../../spec/index.ts'
import type { DecoderConfig } from '../../../../nn/decoder/config.ts'
import type { DecoderGenerator } from '../../../../nn/decoder/generator.ts'
import type { TextTokenizer } from '../../../../nn/tokenizer/tokenizer-json.ts'
import { chatPrompt } from '../../../../engines/embedded/chat-prompt.ts'
import { ParapetError } from '../../../../spec/index.ts'

export interface BatchedEngineOptions {
  readonly id: string
  readonly generator: Pick<DecoderGenerator, 'generate'>
  readonly tokenizer: TextTokenizer
  readonly config: DecoderConfig
  /** Requests worked out together at most. Default 32. */
  readonly batch?: number
}

interface Answer {
  readonly ids: readonly number[]
  readonly end: 'stop' | 'length'
}

interface Waiting {
  readonly prompt: readonly number[]
  readonly maxTokens: number
  readonly give: (answer: Answer) => void
  readonly fail: (error: unknown) => void
}

/** Tokens kept free for an answer, at most half of the context. */
const ANSWER_ROOM = 70
const KEPT_ANSWERS = 50_000

export function batchedEngine(options: BatchedEngineOptions): LanguageModelEngine {
  const line = new Line(options)
  return { specVersion: 'v1', kind: 'language-model', id: options.id, generate: (...asked) => answer(line, ...asked) }
}

async function* answer(
  line: Line,
  messages: readonly Message[],
  options: GenerateOptions,
): AsyncGenerator<GenerationPart, void, undefined> {
  const { tokenizer, config } = line.options
  const stopped = (): boolean => options.signal?.aborted === true
  if (stopped()) return
  const kept = Math.min(options.maxTokens, ANSWER_ROOM, Math.floor(config.maxLength / 2))
  const prompt = chatPrompt(tokenizer, messages, config.maxLength - kept)
  const maxTokens = Math.min(options.maxTokens, config.maxLength - prompt.length)
  const { ids, end } = await line.ask(prompt, maxTokens, options)
  if (stopped()) return
  const text = tokenizer.decode(ids, { skipSpecial: true })
  const cuts = (options.stop ?? []).map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
  yield { type: 'text', text: cuts.length === 0 ? text : text.slice(0, Math.min(...cuts)) }
  const usage = { promptTokens: prompt.length, completionTokens: ids.length }
  yield { type: 'end', reason: cuts.length === 0 ? end : 'stop', usage }
}

class Line {
  readonly options: BatchedEngineOptions
  readonly #stopTokens: readonly number[]
  readonly #known = new Map<string, Promise<Answer>>()
  #waiting: Waiting[] = []
  #running = false

  constructor(options: BatchedEngineOptions) {
    this.options = options
    const { config, tokenizer } = options
    this.#stopTokens = [...new Set([...(config.endTokens ?? []), ...tokenizer.controlTokens])]
  }

  ask(prompt: readonly number[], maxTokens: number, { temperature, topP, seed }: GenerateOptions): Promise<Answer> {
    if (maxTokens < 1) throw new ParapetError('input_invalid', 'maxTokens must be a whole number above 0.')
    if (temperature > 0) return this.#sample(prompt, maxTokens, { temperature, topP, seed })
    const key = `${maxTokens}:${prompt.join(',')}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const given = new Promise<Answer>((give, fail) => {
      this.#waiting.push({ prompt, maxTokens, give, fail })
    })
    // A failure is not kept; who asked hears of it.
    given.catch(() => this.#known.delete(key))
    if (this.#known.size >= KEPT_ANSWERS) this.#known.clear()
    this.#known.set(key, given)
    if (!this.#running) void this.#run()
    return given
  }

  async #sample(
    prompt: readonly number[],
    maxTokens: number,
    {
      temperature,
      topP,
      seed,
    }: { readonly temperature: number; readonly topP: number | undefined; readonly seed: number },
  ): Promise<Answer> {
    const sampling = { temperature, ...(topP === undefined ? {} : { topP }) }
    const [drawn] = await this.options.generator.generate([prompt], {
      ...{ maxTokens, sampling, seed, stopTokens: this.#stopTokens },
    })
    return drawn ?? { ids: [], end: 'stop' }
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      // Those who are about to ask get their turn first.
      await new Promise((resolve) => setImmediate(resolve))
      await this.#batch(this.#waiting.splice(0, this.options.batch ?? 32))
    }
    this.#running = false
  }

  async #batch(rows: readonly Waiting[]): Promise<void> {
    const longest = Math.max(...rows.map(({ prompt }) => prompt.length))
    const room = this.options.config.maxLength - longest
    const shared = Math.min(room, Math.max(...rows.map(({ maxTokens }) => maxTokens)))
    try {
      const answers = await this.options.generator.generate(
        rows.map(({ prompt }) => prompt),
        { maxTokens: shared, stopTokens: this.#stopTokens },
      )
      for (const [at, row] of rows.entries()) {
        const given = answers[at] ?? { ids: [], end: 'stop' as const }
        if (given.end === 'length' && shared < row.maxTokens) await this.#alone(row)
        else if (given.ids.length > row.maxTokens) row.give({ ids: given.ids.slice(0, row.maxTokens), end: 'length' })
        else row.give({ ids: given.ids, end: given.end })
      }
    } catch (error) {
      for (const { fail } of rows) fail(error)
    }
  }

  /** One that the longest of its batch had cut short. */
  async #alone({ prompt, maxTokens, give }: Waiting): Promise<void> {
    const [own] = await this.options.generator.generate([prompt], { maxTokens, stopTokens: this.#stopTokens })
    give(own ?? { ids: [], end: 'stop' })
  }
}
