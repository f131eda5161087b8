/** Tokens in the words of each version: read, and more added to them. What nobody told stays undefined. */
import type { CompletionUsage } from '../../spec/index.ts'
import type { AnyUsage } from './provider-types.ts'
import type { SpecificationVersion } from './types.ts'

/** Nobody knows what an answer cost that was stopped. */
export function noUsage(version: SpecificationVersion): AnyUsage {
  if (version === 'v2') return { inputTokens: undefined, outputTokens: undefined, totalTokens: undefined }
  return {
    inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: undefined, text: undefined, reasoning: undefined },
  }
}

/** Undefined where nothing is told, or not as numbers. */
export function tokensOf(usage: AnyUsage | undefined): CompletionUsage | undefined {
  const { inputTokens: input, outputTokens: output, cachedInputTokens }: LooseUsage = usage ?? {}
  const prompt = isCounts(input) ? count(input.total) : count(input)
  const completion = isCounts(output) ? count(output.total) : count(output)
  if (prompt === undefined && completion === undefined) return undefined
  const cached = isCounts(input) ? count(input.cacheRead) : count(cachedInputTokens)
  return {
    promptTokens: prompt ?? 0,
    ...(cached === undefined ? {} : { cachedTokens: cached }),
    completionTokens: completion ?? 0,
  }
}

/** The counts with more tokens. `raw` stays: it is what the provider said of its call. */
export function plusTokens(
  version: SpecificationVersion,
  usage: AnyUsage,
  more: CompletionUsage | undefined,
): AnyUsage {
  if (more === undefined) return usage
  const { promptTokens: prompt, completionTokens: completion, cachedTokens: cached } = more
  const { inputTokens: input, outputTokens: output, totalTokens, cachedInputTokens }: LooseUsage = usage ?? {}
  if (version !== 'v2') {
    const [asked, said] = [isCounts(input) ? input : {}, isCounts(output) ? output : {}]
    return {
      ...usage,
      inputTokens: {
        ...asked,
        total: plus(asked.total, prompt),
        // Where a version tells a share, the sum keeps to the whole.
        noCache: count(asked.noCache) === undefined ? asked.noCache : plus(asked.noCache, prompt - (cached ?? 0)),
        cacheRead: cached === undefined ? asked.cacheRead : plus(asked.cacheRead, cached),
      },
      outputTokens: {
        ...said,
        total: plus(said.total, completion),
        text: count(said.text) === undefined ? said.text : plus(said.text, completion),
      },
    } as AnyUsage
  }
  const told = count(totalTokens) ?? (count(input) ?? 0) + (count(output) ?? 0)
  return {
    ...usage,
    ...{ inputTokens: plus(input, prompt), outputTokens: plus(output, completion) },
    totalTokens: told + prompt + completion,
    ...(cached === undefined ? {} : { cachedInputTokens: plus(cachedInputTokens, cached) }),
  }
}

/** What a provider may hand over, whatever its types say. */
interface LooseUsage {
  readonly inputTokens?: unknown
  readonly outputTokens?: unknown
  readonly totalTokens?: unknown
  readonly cachedInputTokens?: unknown
}

type Counts = Readonly<Partial<Record<'total' | 'noCache' | 'cacheRead' | 'text', unknown>>>

function isCounts(value: unknown): value is Counts {
  return typeof value === 'object' && value !== null
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

function plus(value: unknown, more: number): number {
  return (count(value) ?? 0) + more
}
