/**
 * Token probabilities in the shapes servers give them: a list of objects (chat completions, llama.cpp, Ollama), or parallel lists (the
 * older completions interface, vLLM's included). Broken entries are left out; a list that is none is no list.
 */
import type { ScoredToken, TokenChoice } from '../../spec/index.ts'
import { isRecord } from './wire.ts'

/** A shape recognised by its keys; null where there are no probabilities. */
export function readLogprobs(value: unknown): readonly ScoredToken[] | null {
  if (Array.isArray(value)) return readList(value)
  if (!isRecord(value)) return null
  if (Array.isArray(value['content'])) return readList(value['content'])
  return readColumns(value['tokens'], value['token_logprobs'], value['top_logprobs'])
}

/** `[{ token, logprob, top_logprobs: [{ token, logprob }] }]`. */
function readList(list: readonly unknown[]): readonly ScoredToken[] | null {
  const tokens = list.flatMap((item) => {
    const choice = choiceOf(item)
    if (choice === null || !isRecord(item)) return []
    const candidates = Array.isArray(item['top_logprobs']) ? item['top_logprobs'] : []
    return [{ ...choice, alternatives: candidates.flatMap((candidate) => choiceOf(candidate) ?? []) }]
  })
  return tokens.length === 0 ? null : tokens
}

/** `{ tokens, token_logprobs, top_logprobs: [{ [token]: logprob }] }`, each list as long as the others. */
function readColumns(tokens: unknown, logprobs: unknown, candidates: unknown): readonly ScoredToken[] | null {
  if (!Array.isArray(tokens) || !Array.isArray(logprobs)) return null
  const rows = tokens.flatMap((token: unknown, index) => {
    const choice = choiceOf({ token, logprob: logprobs[index] as unknown })
    if (choice === null) return []
    const row: unknown = Array.isArray(candidates) ? candidates[index] : undefined
    const alternatives = isRecord(row)
      ? Object.entries(row).flatMap(([name, logprob]) => choiceOf({ token: name, logprob }) ?? [])
      : []
    return [{ ...choice, alternatives }]
  })
  return rows.length === 0 ? null : rows
}

function choiceOf(value: unknown): TokenChoice | null {
  if (!isRecord(value)) return null
  const { token, logprob } = value
  return typeof token === 'string' && typeof logprob === 'number' ? { token, logprob } : null
}
