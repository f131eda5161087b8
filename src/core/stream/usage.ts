/** Tokens of several calls as one sum. Nothing is counted here: calls whose server told nothing are left out. */
import type { CompletionUsage } from '../../spec/index.ts'

/** Null where nobody told. Tokens from a cache are those of the calls that told them. */
export function sumUsage(...told: readonly (CompletionUsage | null | undefined)[]): CompletionUsage | null {
  const known = told.filter((usage) => usage !== null && usage !== undefined)
  return known.length === 0 ? null : known.reduce(both)
}

function both(left: CompletionUsage, right: CompletionUsage): CompletionUsage {
  const cachedTokens = (left.cachedTokens ?? 0) + (right.cachedTokens ?? 0)
  const isCacheTold = left.cachedTokens !== undefined || right.cachedTokens !== undefined
  return {
    promptTokens: left.promptTokens + right.promptTokens,
    ...(isCacheTold ? { cachedTokens } : {}),
    completionTokens: left.completionTokens + right.completionTokens,
  }
}
