/**
 * Server-sent events (WHATWG HTML §9.2), as far as model servers use them: the data of each event, in order.
 *
 * Takes any chunking, CR, LF and CRLF, comments, several data lines, a byte order mark, and characters split between chunks.
 * Unlike a browser it reports an event that the end of the stream cut in half: the answer is then not complete.
 */
import { upstreamError } from './upstream.ts'

const LF = 10
const CR = 13

/** Largest event, in UTF-16 units. */
const MAX_EVENT = 8 * 1024 * 1024

/** Collects lines into events. */
export interface SseParser {
  /** Data of the events that these bytes completed. */
  push(bytes: Uint8Array): readonly string[]
  /** Call at the end; throws `upstream_error` when an event was cut in half. */
  end(): void
}

export function createSseParser(maxEvent: number = MAX_EVENT): SseParser {
  const decoder = new TextDecoder('utf-8')
  let rest = ''
  /** Where in `rest` no line end was found yet. */
  let searched = 0
  let data: string[] = []
  let size = 0
  let first = true

  const takeLine = (line: string, events: string[]): void => {
    if (line === '') {
      if (data.length > 0) events.push(data.length === 1 ? (data[0] as string) : data.join('\n'))
      data = []
      size = 0
      return
    }
    if (!line.startsWith('data')) return
    if (line.length === 4) data.push('')
    else if (line.charCodeAt(4) === 0x3a) data.push(line.slice(line.charCodeAt(5) === 0x20 ? 6 : 5))
    size += line.length
  }

  const takeLines = (ended: boolean): readonly string[] => {
    const events: string[] = []
    let start = 0
    for (;;) {
      const end = lineEnd(rest, Math.max(start, searched))
      // A CR at the very end may be the first half of CRLF.
      if (end === -1 || (!ended && end === rest.length - 1 && rest.charCodeAt(end) === CR)) break
      takeLine(rest.slice(start, end), events)
      start = end + (rest.charCodeAt(end) === CR && rest.charCodeAt(end + 1) === LF ? 2 : 1)
    }
    rest = rest.slice(start)
    searched = Math.max(0, rest.length - 1)
    if (rest.length + size > maxEvent) throw upstreamError('The model server sent an event larger than the limit.')
    return events
  }

  return {
    push(bytes) {
      rest += decoder.decode(bytes, { stream: true })
      if (first && rest !== '') {
        first = false
        if (rest.charCodeAt(0) === 0xfeff) rest = rest.slice(1)
      }
      return takeLines(false)
    },
    end() {
      rest += decoder.decode()
      const events = takeLines(true)
      if (events.length > 0 || rest !== '' || data.length > 0) {
        throw upstreamError('The answer of the model server broke off in the middle of an event.')
      }
    },
  }
}

function lineEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === LF || code === CR) return at
  }
  return -1
}
