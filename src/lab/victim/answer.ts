/** Answers of a victim to conversations, many at once: greedy or sampled, seeded. It judges nothing. */
import { DecoderGenerator } from '../../nn/decoder/generator.ts'
import { ParapetError } from '../../spec/errors.ts'
import type { Victim } from './victim.ts'

export interface AnswerOptions {
  /** 0 is greedy. */
  readonly temperature: number
  readonly seed: number
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number) => void
}

/** Tokens of the longest answer; those of the world are shorter. */
export const ANSWER_TOKENS = 70

/** A victim's generator, loaded once for several questions. Dispose of it. */
export class Answerer {
  readonly #victim: Victim
  readonly #generator: DecoderGenerator

  private constructor(victim: Victim, generator: DecoderGenerator) {
    ;[this.#victim, this.#generator] = [victim, generator]
  }

  /** Throws `input_invalid` for a model that is too short for the world's answers. */
  static async load(victim: Victim, threads = 1): Promise<Answerer> {
    const { config, parameters, runtime, name } = victim
    if (config.maxLength <= ANSWER_TOKENS)
      throw new ParapetError(
        'input_invalid',
        `${name} takes ${config.maxLength} tokens; answers alone may have ${ANSWER_TOKENS}.`,
      )
    return new Answerer(victim, await DecoderGenerator.load(runtime, config, parameters, { threads }))
  }

  /** Texts in the order of the prompts. A prompt that is too long is answered from its end, not left out. */
  async answer(
    prompts: readonly (readonly number[])[],
    { temperature, seed, signal, onProgress }: AnswerOptions,
  ): Promise<readonly string[]> {
    const { config, tokenizer } = this.#victim
    const room = config.maxLength - ANSWER_TOKENS
    const generated = await this.#generator.generate(
      prompts.map((prompt) => prompt.slice(-room)),
      {
        ...{ maxTokens: ANSWER_TOKENS, sampling: { temperature }, seed },
        stopTokens: config.endTokens ?? (tokenizer.endToken === undefined ? [] : [tokenizer.endToken]),
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined ? {} : { onProgress }),
      },
    )
    return generated.map(({ ids }) => tokenizer.decode(ids, { skipSpecial: true }))
  }

  async dispose(): Promise<void> {
    await this.#generator.dispose()
  }
}
