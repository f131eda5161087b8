/** Where completions tell tokens: a whole answer, and a chunk of a stream whose client asked for them. */
import type { RawUsage } from '../../../core/stream/index.ts'
import { COMPLETIONS_NAMES, rawUsage } from '../wire-usage.ts'
import type { CompletionRaw } from './raw.ts'
import { completionRaw } from './raw.ts'

export const TEXT_COMPLETION_USAGE: RawUsage = rawUsage((part) => {
  const raw = completionRaw(part)
  if (raw?.kind === 'whole') {
    const { answer } = raw
    return {
      ...{ usage: answer['usage'], begun: {} },
      write: (usage): CompletionRaw => ({ ...raw, answer: { ...answer, usage } }),
    }
  }
  if (raw?.kind !== 'chunk') return null
  const { chunk } = raw
  return {
    ...{ usage: chunk['usage'], begun: null },
    write: (usage): CompletionRaw => ({ ...raw, chunk: { ...chunk, usage } }),
  }
}, COMPLETIONS_NAMES)
