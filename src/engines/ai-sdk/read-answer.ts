/**
 * What a provider answered, as a completion. Versions 2, 3 and 4 of the interface differ in how they count tokens and name the end; what
 * is of no such form is `malformed`, never a guess. A model that calls a tool, of which it was given none, has written no answer.
 */
import type { Completion, CompletionUsage, ScoredToken } from '../../spec/index.ts'
import { engineFailure } from '../calls/failure.ts'
import { readLogprobs } from '../openai-compatible/read-logprobs.ts'
import { count, isRecord } from '../openai-compatible/wire.ts'

/** @param asked whether probabilities were asked for; others are left out */
export function readAnswer(answer: unknown, stop: readonly string[], asked: boolean): Completion {
  if (!isRecord(answer) || !Array.isArray(answer['content'])) throw malformed('it has no list of content')
  refuseLeftOut(answer['warnings'])
  const parts: readonly unknown[] = answer['content']
  const text = parts.map(textOf).join('')
  const finish = finishOf(answer['finishReason'])
  return endedAt(stop, {
    text,
    tokens: asked ? tokensOf(answer) : null,
    finish: text === '' && declined(answer) ? 'filtered' : finish,
    usage: usageOf(answer['usage'], answer['providerMetadata']),
  })
}

function textOf(part: unknown): string {
  if (!isRecord(part)) throw malformed('a part of its content is no object')
  if (part['type'] === 'tool-call') throw malformed('it calls a tool')
  if (part['type'] !== 'text') return ''
  if (typeof part['text'] !== 'string') throw malformed('a text in it is none')
  return part['text']
}

/** A word (version 2), or the same word beside the server's own (3 and 4). */
export function finishOf(reason: unknown): Completion['finish'] {
  const word = isRecord(reason) ? reason['unified'] : reason
  if (word === 'stop') return 'stop'
  if (word === 'length') return 'length'
  if (word === 'content-filter') return 'filtered'
  if (word === 'error')
    throw engineFailure('server_error', 'The provider ended the answer with an error. Look at its log.')
  // Some servers name no reason; one that is named and none of these means that the text is not the model's answer.
  if (word === 'other' && isRecord(reason) && reason['raw'] === undefined) return 'stop'
  throw malformed('it ended for a reason that is none of stop, length and content-filter')
}

/** Plain numbers (version 2), or numbers by kind (3 and 4), beside the metadata of the answer. */
export function usageOf(usage: unknown, metadata: unknown): CompletionUsage | null {
  if (!isRecord(usage)) return null
  const { inputTokens: input, outputTokens: output } = usage
  const promptTokens = isRecord(input) ? count(input['total']) : plainCount(usage, metadata)
  const completionTokens = count(isRecord(output) ? output['total'] : output)
  if (promptTokens === undefined || completionTokens === undefined) return null
  const cachedTokens = count(isRecord(input) ? input['cacheRead'] : usage['cachedInputTokens'])
  return { promptTokens, completionTokens, ...(cachedTokens === undefined ? {} : { cachedTokens }) }
}

/** In version 2 Anthropic counts what its cache spared apart; others, and later versions, count it in. */
function plainCount(
  { inputTokens, cachedInputTokens }: Readonly<Record<string, unknown>>,
  metadata: unknown,
): number | undefined {
  const prompt = count(inputTokens)
  if (prompt === undefined || !isRecord(metadata) || !isRecord(metadata['anthropic'])) return prompt
  return prompt + (count(cachedInputTokens) ?? 0) + (count(metadata['anthropic']['cacheCreationInputTokens']) ?? 0)
}

/** In a provider's metadata, or else where an OpenAI-compatible body has them. */
function tokensOf({ providerMetadata, response }: Readonly<Record<string, unknown>>): readonly ScoredToken[] | null {
  for (const own of isRecord(providerMetadata) ? Object.values(providerMetadata) : []) {
    const found = isRecord(own) ? own['logprobs'] : undefined
    // The Responses interface has a list for each part of the answer.
    const tokens = readLogprobs(Array.isArray(found) ? found.flat() : found)
    if (tokens !== null) return tokens
  }
  const choice = bodyChoice(response)
  return choice === null ? null : readLogprobs(choice['logprobs'])
}

/** A refusal in a field of its own, which some versions of providers leave out. */
function declined({ response }: Readonly<Record<string, unknown>>): boolean {
  const message = bodyChoice(response)?.['message']
  return isRecord(message) && typeof message['refusal'] === 'string' && message['refusal'] !== ''
}

function bodyChoice(response: unknown): Readonly<Record<string, unknown>> | null {
  const body = isRecord(response) ? response['body'] : undefined
  const choices = isRecord(body) ? body['choices'] : undefined
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined
  return isRecord(first) ? first : null
}

/** Not every provider knows stop texts. */
function endedAt(stop: readonly string[], completion: Completion): Completion {
  const places = stop.map((text) => completion.text.indexOf(text)).filter((place) => place !== -1)
  if (places.length === 0) return completion
  const end = Math.min(...places)
  let length = 0
  const tokens = completion.tokens?.filter(({ token }) => {
    const before = length < end
    length += token.length
    return before
  })
  return { ...completion, text: completion.text.slice(0, end), finish: 'stop', tokens: tokens ?? null }
}

/** Some models take no system message, and their providers leave it out with a warning: an answer to something else. */
function refuseLeftOut(warnings: unknown): void {
  const said = Array.isArray(warnings) ? warnings.map((one) => (isRecord(one) ? one['message'] : undefined)) : []
  if (
    said.some((message) => typeof message === 'string' && /system messages? (?:are|is|was|were) removed/i.test(message))
  )
    throw engineFailure('truncated', 'The provider left out the system message. Use a model that takes one.')
}

export function malformed(what: string): unknown {
  return engineFailure(
    'malformed',
    `The answer of the AI SDK's provider is of another form than it should be: ${what}.`,
  )
}
