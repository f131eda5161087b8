/** Checks of `engine.ts`: each says what holds, and how many did not is counted. What is checked stands there. */
import type { CompletionRequest } from '../../src/spec/index.ts'

let failures = 0

/** Checks that did not hold so far. */
export function failed(): number {
  return failures
}

export function check(what: string, holds: boolean, detail: unknown = ''): void {
  if (!holds) failures += 1
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}${holds || detail === '' ? '' : `: ${JSON.stringify(detail)}`}`)
}

export function asking(content: string, parts: Partial<CompletionRequest> = {}): CompletionRequest {
  return { chat: { messages: [{ role: 'user', content }] }, completion: null, stop: [], maxTokens: 8, ...parts }
}

/** What a call was rejected with; nothing where it was answered. */
export async function failureOf(run: () => Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await run()
    return {}
  } catch (cause) {
    const { code, message, details } = cause as { code: string; message: string; details: Record<string, unknown> }
    return { code, message, ...details }
  }
}
