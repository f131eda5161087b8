/**
 * What one exchange of a conversation says by itself: how harmful it reads, whether it was refused, and a sketch of its subject. Readings
 * are kept by text, so that a conversation that grows is not read from its beginning each time.
 */
import { createTextView } from '../../core/text/index.ts'
import { HashedFeatures } from '../../nn/hashed-features.ts'
import type { ClassifierEngine } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'

export interface ExchangeReading {
  /** The larger of the question's prompt harm and direct injection, 0…1. What an answer says is the output rail's matter. */
  readonly harm: number
  /** That the answer refuses, 0…1; 0 without an answer. */
  readonly refusal: number
  /** Unit vector: where two exchanges are about the same, their product is near 1. */
  readonly sketch: Float32Array
  /** Words, or ideographs: a turn of few says little either way. */
  readonly words: number
}

/** Longer turns are read at both ends: what lies between is for guards that judge texts by themselves. */
const END = 1000
/** Characters kept as keys. They are texts of conversations: held in memory only, as the verdict cache holds them. */
const BUDGET = 2_000_000
const SKETCH = 64
const BITS = 14

export class TurnReader {
  readonly #engine: ClassifierEngine
  readonly #features = new HashedFeatures(BITS)
  readonly #kept = new Map<string, ExchangeReading>()
  #characters = 0

  constructor(engine: ClassifierEngine) {
    this.#engine = engine
  }

  /** Reads a question with its answer, which is null where there is none yet. */
  read(question: string, answer: string | null): ExchangeReading {
    const [asked, given] = [endsOf(question), answer === null ? null : endsOf(answer)]
    const key = given === null ? `-${asked}` : `${asked.length}:${asked}${given}`
    const known = this.#kept.get(key)
    if (known !== undefined) {
      this.#kept.delete(key)
      this.#kept.set(key, known)
      return known
    }
    const reading = this.#readAnew(asked, given)
    this.#kept.set(key, reading)
    this.#characters += key.length
    for (const oldest of this.#kept.keys()) {
      if (this.#characters <= BUDGET) break
      this.#kept.delete(oldest)
      this.#characters -= oldest.length
    }
    return reading
  }

  #readAnew(question: string, answer: string | null): ExchangeReading {
    const prompt = createTextView(question).normalised
    const response = answer === null ? null : createTextView(answer).normalised
    const scores = this.#engine.classify(response === null ? { prompt } : { prompt, response })
    const harm = Math.max(scores.prompt_harm ?? 0, scores.injection_direct ?? 0)
    const refusal = response === null ? 0 : (scores.refusal ?? 0)
    // Not a number, it would make every sum one, and no sum an alarm.
    if (Number.isNaN(harm + refusal))
      throw new ParapetError('guard_failed', 'The classifier gave a score that is not a number.')
    const words = prompt.match(WORD)?.length ?? 0
    return { harm, refusal, sketch: this.#sketch(prompt), words }
  }

  /** Hashed features of a text, folded onto a few dimensions with signs (feature hashing, Weinberger et al. 2009). */
  #sketch(text: string): Float32Array {
    const sketch = new Float32Array(SKETCH)
    this.#features.extract(text)
    for (let index = 0; index < this.#features.count; index += 1) {
      const bucket = this.#features.buckets[index] as number
      sketch[bucket % SKETCH] = (sketch[bucket % SKETCH] as number) + ((bucket / SKETCH) & 1 ? 1 : -1)
    }
    const norm = Math.hypot(...sketch)
    return norm === 0 ? sketch : sketch.map((value) => value / norm)
  }
}

/** Words; of scripts without spaces, ideographs and groups of four letters. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]{1,4}|[\p{L}\p{N}]+/gu

function endsOf(text: string): string {
  return text.length <= 2 * END ? text : `${text.slice(0, END)}\n${text.slice(-END)}`
}

/** How near two subjects are, -1…1. */
export function likeness(left: Float32Array, right: Float32Array): number {
  return left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0)
}
