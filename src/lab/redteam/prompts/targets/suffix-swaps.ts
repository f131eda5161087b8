/** Single-token changes of a suffix along the gradient of a local decoder: what GCG draws its candidates from. It scores none of them. */
import type { DecoderConfig } from '../../../../nn/decoder/config.ts'
import type { TextTokenizer } from '../../../../nn/tokenizer/tokenizer-json.ts'
import { placesOfContent } from '../../tokens/content-places.ts'
import { forbiddenTokens } from '../../tokens/forbidden-tokens.ts'
import type { TokenSlopes } from '../../tokens/token-slopes.ts'
import { drawSwaps, promisingTokens } from '../../tokens/token-swaps.ts'
import type { SuffixSwaps } from '../attacks/attack.ts'

export interface SwapsOptions {
  readonly config: DecoderConfig
  readonly tokenizer: TextTokenizer
  readonly slopes: TokenSlopes
}

/** Whether texts can be changed token by token at all; with some templates and tokenizers no token is the text's alone. */
export function canSwap(tokenizer: TextTokenizer): boolean {
  return placesOfContent(tokenizer, [{ role: 'user', content: 'A word or two.' }], 0) !== null
}

/** Nothing is drawn where question and answer do not fit into the model, or no token belongs to the suffix alone. */
export function suffixSwaps({ config, tokenizer, slopes }: SwapsOptions): SuffixSwaps {
  const classes = config.vocabularySize
  const forbidden = forbiddenTokens(tokenizer, classes)
  const asked = (content: string): readonly number[] =>
    tokenizer.encodeChat([{ role: 'user', content }], { addGenerationPrompt: true })
  return async ({ request, suffix, target }, { topK, count, random }) => {
    const content = `${request} ${suffix}`
    const [question, answer] = [asked(content), tokenizer.encode(target)]
    if (answer.length === 0 || question.length + answer.length > config.maxLength) return []
    const own = placesOfContent(tokenizer, [{ role: 'user', content }], 0)
    if (own === null) return []
    const [from, to] = own
    const places = ownPlaces(tokenizer, question.slice(from, to), suffix).map((place) => from + place)
    const ids = Int32Array.from([...question, ...answer])
    const weights = new Float32Array(ids.length).fill(1, question.length)
    const promising = promisingTokens(await slopes.of({ ids, weights }), classes, { ids, places }, forbidden, topK)
    const found = new Set<string>()
    for (const { place, token } of drawSwaps(places, promising, random)) {
      if (found.size === count) break
      const swapped = question.with(place, token)
      const text = tokenizer.decode(swapped.slice(from, to))
      if (!text.startsWith(`${request} `) || !same(asked(text), swapped)) continue
      const changed = text.slice(request.length + 1)
      if (changed !== suffix) found.add(changed)
    }
    return [...found]
  }
}

/** Places of the last tokens that hold nothing but the suffix and the blank before it. */
function ownPlaces(tokenizer: TextTokenizer, content: readonly number[], suffix: string): readonly number[] {
  let first = content.length
  while (first > 0 && ` ${suffix}`.endsWith(tokenizer.decode(content.slice(first - 1)))) first -= 1
  return Array.from({ length: content.length - first }, (_, at) => first + at)
}

function same(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((id, at) => id === other[at])
}
