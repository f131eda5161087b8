/** Texts before which an answer ends, found in a stream of pieces whatever the cuts. It is about text, not about tokens. */

export interface StopTexts {
  /** The text that is certain to stand before any stop text. */
  push(text: string): string
  /** A stop text was found; nothing comes any more. */
  readonly stopped: boolean
  /** What was held back because it might have begun a stop text. */
  end(): string
}

/** `stops` holds no empty text. */
export function stopTexts(stops: readonly string[]): StopTexts {
  let held = ''
  let stopped = false
  const give = (length: number): string => {
    const given = held.slice(0, length)
    held = held.slice(length)
    return given
  }
  return {
    push(text) {
      if (stopped) return ''
      held += text
      const found = stops.map((stop) => held.indexOf(stop)).filter((at) => at >= 0)
      if (found.length === 0) return give(held.length - begun(held, stops))
      stopped = true
      return give(Math.min(...found))
    },
    get stopped() {
      return stopped
    },
    end: () => (stopped ? '' : give(held.length)),
  }
}

/** Length of the longest end of the text that begins a stop text. */
function begun(text: string, stops: readonly string[]): number {
  const longest = Math.min(text.length, Math.max(0, ...stops.map((stop) => stop.length - 1)))
  for (let length = longest; length > 0; length -= 1)
    if (stops.some((stop) => stop.startsWith(text.slice(-length)))) return length
  return 0
}
