/** Where the Responses API tells tokens: the response, whole or in the last event of a stream. */
import { isJsonObject } from '../../../contract/index.ts'
import type { RawUsage } from '../../../core/stream/index.ts'
import { RESPONSES_NAMES, rawUsage } from '../wire-usage.ts'
import { NO_USAGE } from './own-answer.ts'
import type { WireRaw } from './raw.ts'
import { wireRaw } from './raw.ts'

const LAST: ReadonlySet<unknown> = new Set(['response.completed', 'response.incomplete'])

export const RESPONSES_USAGE: RawUsage = rawUsage((part) => {
  const raw = wireRaw(part)
  if (raw?.kind === 'whole') {
    const { response } = raw
    return {
      ...{ usage: response['usage'], begun: NO_USAGE },
      write: (usage): WireRaw => ({ ...raw, response: { ...response, usage } }),
    }
  }
  if (raw?.kind !== 'event' || !LAST.has(raw.event['type'])) return null
  const { event } = raw
  const { response } = event
  if (!isJsonObject(response)) return null
  return {
    ...{ usage: response['usage'], begun: NO_USAGE },
    write: (usage): WireRaw => ({ ...raw, event: { ...event, response: { ...response, usage } } }),
  }
}, RESPONSES_NAMES)
