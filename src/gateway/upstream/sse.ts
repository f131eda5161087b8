/**
 * Server-sent events (WHATWG HTML §9.2), as far as model servers use them: the data of each event, in order.
 *
 * Takes any chunking, CR, LF and CRLF, comments, several data lines, a byte order mark, and characters split between chunks.
 * Unlike a browser it reports an event that the end of the stream cut in half: the answer is then not complete.
 */
import { upstreamError } from './failure.ts'

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
  /** Pieces of the line that has not ended yet. Joined once, so that tiny chunks cost no more than large ones. */
  let pieces: string[] = []
  let data: string[] = []
  let size = 0
  /** The last character was a CR, whose LF may still come. */
  let afterCr = false

  const takeLine = (line: string, events: string[]): void => {
    if (line === '') {
      if (data.length > 0) events.push(data.length === 1 ? (data[0] as string) : data.join('\n'))
      data = []
      size = 0
    } else if (line === 'data') data.push('')
    else if (line.startsWith('data:')) data.push(line.slice(line.charCodeAt(5) === 0x20 ? 6 : 5))
  }

  const take = (text: string): readonly string[] => {
    const events: string[] = []
    let start = afterCr && text.charCodeAt(0) === LF ? 1 : 0
    if (text !== '') afterCr = false
    for (let end = lineEnd(text, start); end !== -1; end = lineEnd(text, start)) {
      pieces.push(text.slice(start, end))
      size += end - start
      takeLine(pieces.join(''), events)
      pieces = []
      const isCr = text.charCodeAt(end) === CR
      afterCr = isCr && end === text.length - 1
      start = end + (isCr && text.charCodeAt(end + 1) === LF ? 2 : 1)
    }
    if (start < text.length) {
      pieces.push(text.slice(start))
      size += text.length - start
    }
    if (size > maxEvent) throw upstreamError('The model server sent an event larger than the limit.')
    return events
  }

  return {
    push: (bytes) => take(decoder.decode(bytes, { stream: true })),
    end() {
      const events = take(decoder.decode())
      if (events.length > 0 || pieces.length > 0 || data.length > 0) {
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
