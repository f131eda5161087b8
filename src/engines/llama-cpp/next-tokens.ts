/**
 * Tokens drawn after a prompt, one by one. Greedy tokens come with raw scores of the likeliest; those that a grammar or a temperature
 * takes part in come with the probabilities they were drawn by. The end of an answer is no token here.
 */
import { ParapetError } from '../../spec/index.ts'
import { engineFailure } from '../calls/failure.ts'
import type { LlamaModel, LlamaSequence, Token } from './node-llama-cpp.ts'

export interface DrawnToken {
  readonly token: Token
  /** Log-probability of the token; 0 where no candidates are wanted. */
  readonly logprob: number
  /** The likeliest tokens at its place with their log-probabilities, highest first; empty where none are wanted. */
  readonly candidates: readonly (readonly [Token, number])[]
}

export interface Drawing {
  /** Candidates wanted at each place; 0 for none. */
  readonly candidates: number
  /** 0 is greedy. */
  readonly temperature: number
  readonly seed: number
  /** A fresh state of a grammar. */
  readonly grammar: object | null
}

/** @param rest the end of the prompt, at least one token, whose evaluation gives the first token */
export function nextTokens(
  model: LlamaModel,
  sequence: LlamaSequence,
  rest: readonly Token[],
  drawing: Drawing,
): AsyncIterable<DrawnToken> {
  const plain = drawing.grammar === null && drawing.temperature === 0
  return plain && drawing.candidates > 0
    ? greedyTokens(model, sequence, rest, drawing.candidates)
    : sampledTokens(sequence, rest, drawing)
}

/** Asks for a few logits and the sum of all, which spares handing over the whole vocabulary at each token. */
export async function* greedyTokens(
  model: LlamaModel,
  sequence: LlamaSequence,
  rest: readonly Token[],
  candidates: number,
): AsyncGenerator<DrawnToken> {
  const filter = { tokens: [], includeTop: candidates }
  const question = { generateNext: { token: true, logits: { filter }, totalLogitWeight: true } } as const
  for (let next = rest; ;) {
    const input = next.map((token, place) => (place === next.length - 1 ? ([token, question] as const) : token))
    const { token, logits, totalLogitWeight } = (await sequence.controlledEvaluate(input)).at(-1)?.next ?? {}
    if (typeof token !== 'number' || logits === undefined || totalLogitWeight === undefined) throw nothingDrawn()
    if (model.isEogToken(token)) return
    const highest = Math.max(...logits.values())
    const all = highest + Math.log(totalLogitWeight)
    if (!Number.isFinite(all)) throw noNumbers()
    const likely = [...logits].slice(0, candidates).map(([id, logit]) => [id, logit - all] as const)
    yield { token, logprob: highest - all, candidates: likely }
    next = [token]
  }
}

async function* sampledTokens(
  sequence: LlamaSequence,
  rest: readonly Token[],
  { candidates, temperature, seed, grammar }: Drawing,
): AsyncGenerator<DrawnToken> {
  const options = {
    ...{ temperature, seed, topK: 0, topP: 1, minP: 0 },
    ...(grammar === null ? {} : { grammarEvaluationState: grammar }),
  }
  for await (const { token, probabilities } of sequence.evaluateWithMetadata(
    rest,
    { probabilities: candidates > 0 },
    options,
  )) {
    const logprob = Math.log(probabilities?.get(token) ?? 1)
    if (Number.isNaN(logprob)) throw noNumbers()
    yield { token, logprob, candidates: likeliest(probabilities ?? new Map(), candidates) }
  }
}

/** The first so many of a map that is sorted by probability. */
function likeliest(probabilities: ReadonlyMap<Token, number>, count: number): DrawnToken['candidates'] {
  const first: (readonly [Token, number])[] = []
  for (const [token, probability] of probabilities) {
    if (first.length === count || probability <= 0) break
    first.push([token, Math.log(probability)])
  }
  return first
}

/** Said rather than passed on: a comparison with no number is false, which would read as harmless. */
function noNumbers(): Error {
  return new ParapetError('engine_unavailable', 'The model gives probabilities that are no numbers. Is its file whole?')
}

function nothingDrawn(): Error {
  return engineFailure('server_error', 'llama.cpp drew no token. Is the file a model that generates text?')
}
