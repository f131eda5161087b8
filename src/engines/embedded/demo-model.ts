/**
 * The demo language model as an engine: an n-gram model that answers where no model server is configured. Its door says what it is.
 */
import type { GenerateOptions, LanguageModelEngine } from '../../spec/index.ts'
import { END, NgramModel, START } from '../../nn/ngram-model.ts'
import { createRandom } from '../../nn/random.ts'

/** Tokens after which an answer ends. */
const LONGEST_ANSWER = 60

/** An engine from the bytes of a model file. */
export function createDemoModel(bytes: Uint8Array, name = 'demo'): LanguageModelEngine {
  const model = NgramModel.read(bytes, name)
  return {
    specVersion: 'v1',
    kind: 'language-model',
    id: model.id,
    generate: (prompt, options) => generate(model, prompt, options),
  }
}

async function* generate(
  model: NgramModel,
  prompt: string,
  { maxTokens, temperature, seed, signal }: GenerateOptions,
): AsyncGenerator<string> {
  let left = maxTokens
  const random = createRandom(seed + hashOf(prompt))
  const known = model.known(prompt)
  let [before, last] = [
    START,
    known.length > 0 && random() < 0.5 ? (known[Math.floor(random() * known.length)] ?? START) : START,
  ]
  let length = 0
  while (left-- > 0 && signal?.aborted !== true) {
    const next = model.sample(before, last, { random, temperature })
    if (next === END || length++ > LONGEST_ANSWER) return
    yield model.text(next)
    ;[before, last] = [last, next]
  }
}

/** So that another prompt gets another answer. */
function hashOf(text: string): number {
  let hash = 0
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) >>> 0
  return hash
}
