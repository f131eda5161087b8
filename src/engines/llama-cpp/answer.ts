/** One answer: the prompt read, tokens drawn until the model, a stop text, the schema or a limit ends it, and what it took. */
import type { Completion, CompletionRequest, ScoredToken } from '../../spec/index.ts'
import { streamDecoder } from '../../nn/tokenizer/stream-decoder.ts'
import { stopTexts } from '../embedded/stop-texts.ts'
import type { KeptSequence } from './kept-sequence.ts'
import type { LoadedModel } from './loaded-model.ts'
import type { DrawnToken } from './next-tokens.ts'
import { nextTokens } from './next-tokens.ts'
import type { LlamaModel, Token } from './node-llama-cpp.ts'

export interface Asked {
  readonly prompt: readonly Token[]
  readonly request: CompletionRequest
  /** Called where work can stop; throws to stop it. */
  readonly pause: () => void
}

const MOST_CANDIDATES = 20

export async function writeAnswer(
  { model, contextSize, grammar }: LoadedModel,
  kept: KeptSequence,
  { prompt, request, pause }: Asked,
): Promise<Completion> {
  const { schema, stop, temperature = 0, seed = Math.floor(Math.random() * 2 ** 31) } = request
  const candidates = Math.max(0, Math.min(MOST_CANDIDATES, Math.floor(request.topLogprobs ?? 0)))
  const drawing = { candidates, temperature, seed, grammar: schema === undefined ? null : await grammar(schema) }
  const { rest, cached } = await kept.read(prompt, pause)
  pause()
  const most = Math.min(request.maxTokens, contextSize - prompt.length)
  const texts = streamDecoder({ decode: (ids) => model.detokenize(ids, false) })
  const stops = stopTexts(stop.filter((text) => text !== ''))
  const tokens: ScoredToken[] = []
  const drawn: Token[] = []
  let text = ''
  let finish: Completion['finish'] = 'stop'
  for await (const next of nextTokens(model, kept.sequence, rest, drawing)) {
    if (candidates > 0) tokens.push(scoredToken(model, next, drawn))
    drawn.push(next.token)
    text += stops.push(texts.push(next.token))
    if (stops.stopped || (schema !== undefined && isWholeJson(text))) break
    if (drawn.length >= most) {
      finish = 'length'
      break
    }
    pause()
  }
  if (!stops.stopped) text += stops.push(texts.end()) + stops.end()
  return {
    // A grammar lets line breaks follow the value.
    text: schema === undefined ? text : text.trimEnd(),
    tokens: candidates === 0 ? null : tokens,
    finish,
    usage: { promptTokens: prompt.length, cachedTokens: cached, completionTokens: drawn.length },
  }
}

function scoredToken(model: LlamaModel, drawn: DrawnToken, before: readonly Token[]): ScoredToken {
  const textOf = (id: Token): string => model.detokenize([id], true, before.slice(-2))
  const alternatives = drawn.candidates.map(([id, logprob]) => ({ token: textOf(id), logprob }))
  return { token: textOf(drawn.token), logprob: drawn.logprob, alternatives }
}

/** An object, list or string that is complete; a number could always go on. */
function isWholeJson(text: string): boolean {
  if (!/["\]}]\s*$/.test(text.slice(-8))) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
