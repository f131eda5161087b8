/** A completion engine whose calls a test answers one by one. */
import type { Completion, CompletionEngine, CompletionOptions, CompletionRequest } from '../../src/spec/index.ts'
import { ParapetError } from '../../src/spec/index.ts'

export interface OpenCall {
  readonly request: CompletionRequest
  readonly options: CompletionOptions
  answer(text?: string, parts?: Partial<Completion>): void
  fail(cause: unknown): void
}

export interface ScriptedEngine extends CompletionEngine {
  /** All calls so far, oldest first. */
  readonly calls: readonly OpenCall[]
}

export function completion(text: string, parts: Partial<Completion> = {}): Completion {
  return { text, tokens: null, finish: 'stop', usage: null, ...parts }
}

/** @param reply answers each call at once; without it calls stay open */
export function scriptedEngine(reply?: (request: CompletionRequest, call: number) => Completion): ScriptedEngine {
  const calls: OpenCall[] = []
  return {
    specVersion: 'v1',
    kind: 'completion',
    id: 'scripted',
    version: '1',
    calls,
    complete: (request, options = {}) =>
      new Promise((resolve, reject) => {
        const { signal } = options
        const leave = (): void => reject(new ParapetError('aborted', 'Gone.'))
        const settle = (): void => signal?.removeEventListener('abort', leave)
        if (reply === undefined) signal?.addEventListener('abort', leave, { once: true })
        calls.push({
          request,
          options,
          answer: (text = 'ok', parts = {}) => (settle(), resolve(completion(text, parts))),
          fail: (cause) => (settle(), reject(cause)),
        })
        if (reply !== undefined) {
          try {
            resolve(reply(request, calls.length - 1))
          } catch (cause) {
            reject(cause)
          }
        }
      }),
  }
}

export function question(text = 'x', parts: Partial<CompletionRequest> = {}): CompletionRequest {
  return { chat: { messages: [{ role: 'user', content: text }] }, completion: null, stop: [], maxTokens: 10, ...parts }
}
