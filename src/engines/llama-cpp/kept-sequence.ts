/**
 * One sequence of llama.cpp whose keys and values outlive a call: a prompt that begins like the one before is read from where the two
 * part. It reads prompts; what follows them is drawn in `next-tokens.ts`.
 */
import type { LlamaSequence, Token } from './node-llama-cpp.ts'

export interface ReadPrompt {
  /** The end of the prompt, which is not evaluated yet: 1 to `block` tokens. */
  readonly rest: readonly Token[]
  /** Tokens that did not have to be evaluated. */
  readonly cached: number
}

export class KeptSequence {
  readonly sequence: LlamaSequence
  readonly #block: number
  /** What was evaluated in whole blocks. */
  #kept: readonly Token[] = []

  constructor(sequence: LlamaSequence, block: number) {
    this.sequence = sequence
    this.#block = block
  }

  /** Tokens of a prompt that are kept: a multiple of the block, and never the last token, whose successor is wanted. */
  shared(prompt: readonly Token[]): number {
    const most = Math.min(this.#kept.length, prompt.length - 1)
    let length = 0
    while (length < most && this.#kept[length] === prompt[length]) length += 1
    return length - (length % this.#block)
  }

  /**
   * Evaluates a prompt but for its end. Tokens drawn for an earlier prompt, and its unfinished last block, are never used again: they
   * were evaluated in other company, and rounding would depend on it.
   *
   * @param pause called before each block; throws to stop
   */
  async read(prompt: readonly Token[], pause: () => void): Promise<ReadPrompt> {
    const shared = this.shared(prompt)
    this.#kept = prompt.slice(0, shared)
    await this.sequence.adaptStateToTokens(this.#kept, false)
    // A model that cannot go back to there begins anew.
    const cached = this.sequence.nextTokenIndex
    const last = (Math.ceil(prompt.length / this.#block) - 1) * this.#block
    for (let at = cached; at < last; at = this.#kept.length) {
      pause()
      const end = at - (at % this.#block) + this.#block
      await this.sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(at, end))
      this.#kept = prompt.slice(0, end)
    }
    return { rest: prompt.slice(Math.max(last, cached)), cached }
  }

  /** After a failure nothing is known of its state. */
  async reset(): Promise<void> {
    this.#kept = []
    await this.sequence.clearHistory().catch(() => undefined)
  }
}
