/**
 * Reads `text/event-stream` as the HTML standard describes it, under any chunking. `EventSource` cannot be used: it sends no
 * `authorization` header.
 *
 * Only `event` and `data` are read; `id` and `retry` are not used by the gateway. An event longer than the limit is an error,
 * so that a broken server cannot fill the page's memory.
 */

/** One event. */
export interface ServerEvent {
  readonly type: string
  readonly data: string
}

/** Characters of one event or line. Recorded texts travel in events, so this is above the gateway's limit of a body. */
const LIMIT = 32 * 1024 * 1024

/**
 * Calls back for every event, and for every piece of the stream that arrived, comments included (a sign of life).
 * Resolves at the end of the stream; rejects when it breaks off.
 */
export async function readServerEvents(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onEvent: (event: ServerEvent) => void,
  onAlive: () => void = () => undefined,
): Promise<void> {
  const parser = createEventParser(onEvent)
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      onAlive()
      parser.push(value)
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** Incremental parser. An event that is not ended by an empty line is not told. */
export function createEventParser(onEvent: (event: ServerEvent) => void): { push(text: string): void } {
  let type = ''
  let data: string[] = []
  let held = 0
  let rest: string[] = []
  let skipFeed = false

  const grow = (length: number): void => {
    held += length
    if (held > LIMIT) throw new RangeError('An event of the stream is too long.')
  }
  const takeLine = (line: string): void => {
    if (line === '') {
      if (data.length > 0) onEvent({ type: type === '' ? 'message' : type, data: data.join('\n') })
      type = ''
      data = []
      held = 0
      return
    }
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'event') type = value
    if (field === 'data') data.push(value)
  }
  return {
    push(text) {
      let from = 0
      if (skipFeed && text.startsWith('\n')) from = 1
      if (text !== '') skipFeed = false
      const ends = /\r\n|\n|\r/g
      ends.lastIndex = from
      for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
        grow(end.index - from)
        takeLine(rest.join('') + text.slice(from, end.index))
        rest = []
        from = ends.lastIndex
        // A line feed that follows in the next piece belongs to this line's end.
        skipFeed = end[0] === '\r' && from === text.length
      }
      if (from < text.length) {
        grow(text.length - from)
        rest.push(text.slice(from))
      }
    },
  }
}
