/** Where chat completions tell tokens: a whole answer, and a chunk of a stream whose client asked for them. */
import type { RawUsage } from '../../../core/stream/index.ts'
import { COMPLETIONS_NAMES, rawUsage } from '../wire-usage.ts'
import type { WireRaw } from './raw.ts'
import { wireRaw } from './raw.ts'

export const CHAT_USAGE: RawUsage = rawUsage((part) => {
  const raw = wireRaw(part)
  if (raw?.kind === 'completion') {
    const { completion } = raw
    return {
      ...{ usage: completion['usage'], begun: {} },
      write: (usage): WireRaw => ({ ...raw, completion: { ...completion, usage } }),
    }
  }
  if (raw?.kind !== 'chunk') return null
  const { chunk } = raw
  return {
    ...{ usage: chunk['usage'], begun: null },
    write: (usage): WireRaw => ({ ...raw, chunk: { ...chunk, usage } }),
  }
}, COMPLETIONS_NAMES)
