/**
 * Texts that must not be learnt, and what counts as a copy of one: the same words whatever stands between them, or half of the runs of
 * eight words. Paraphrases and translations are not found.
 */
import { eightGrams, normalizeForHash, textHash } from '../../eval/contamination.ts'
import type { EvaluationSample } from '../../eval/sample.ts'

type Texts = Pick<EvaluationSample, 'prompt' | 'response'>

/** Share of a text's runs of eight words that makes it a copy. */
const SHARE = 0.5

/** Hash of a text's words alone: punctuation and case hide no copy. Of a text without words its own. */
export function wordHash(text: string): string {
  const words = normalizeForHash(text).match(/[\p{L}\p{N}]+/gu)
  return textHash(words === null ? text : words.join(' '))
}

export class Copies {
  readonly #texts: ReadonlySet<string>
  readonly #grams: ReadonlySet<string>

  constructor(samples: readonly Texts[]) {
    const texts = samples.flatMap(textsOf)
    this.#texts = new Set(texts.map(wordHash))
    this.#grams = new Set(texts.flatMap(eightGrams))
  }

  /** Whether the prompt or the answer is a copy: an answer to a prompt that measures gives the prompt away. */
  hold(sample: Texts): boolean {
    return textsOf(sample).some((text) => {
      if (this.#texts.has(wordHash(text))) return true
      const grams = eightGrams(text)
      return grams.length > 0 && grams.filter((gram) => this.#grams.has(gram)).length >= SHARE * grams.length
    })
  }
}

function textsOf({ prompt, response }: Texts): readonly string[] {
  return [prompt, response ?? ''].filter((text) => text.trim() !== '')
}
