/**
 * The order of the model server's events, although text is held by the guards and other parts are not: what came after a piece of
 * text waits until that piece has left, or its text has ended.
 *
 * Only answer text is waited for. Everything else that comes in pieces is judged to its end before the next event is read.
 */
import type { StreamPart } from '../../../spec/index.ts'
import type { WireRaw } from './raw.ts'

/** A part whose turn has come. */
export interface Turn {
  readonly part: StreamPart
  readonly raw: WireRaw
}

interface Waiting extends Turn {
  readonly at: number
  /** Texts it still waits for. */
  behind: readonly number[]
}

export class Turns {
  #waiting: Waiting[] = []

  /** Takes a part as it leaves the pipeline; tells the parts whose turn has come, in order. */
  take(part: StreamPart, raw: WireRaw): readonly Turn[] {
    switch (raw.kind) {
      case 'begin':
        this.#waiting = []
        return [{ part, raw }]
      case 'event':
        // A text that is not held any more has left as a whole.
        for (const one of this.#waiting) one.behind = one.behind.filter((run) => raw.behind.includes(run))
        return this.#admit({ part, raw, at: raw.at, behind: raw.behind })
      case 'delta':
        if (raw.place.form !== 'answer') return this.#follow(part, raw)
        for (const one of this.#waiting) if (one.at < raw.at) one.behind = one.behind.filter((run) => run !== raw.run)
        return this.#admit({ part, raw, at: raw.at, behind: [] })
      case 'close':
      case 'value':
      case 'whole':
        return this.#follow(part, raw)
      default:
        return raw satisfies never
    }
  }

  /** Behind whatever waits now. */
  #follow(part: StreamPart, raw: WireRaw): readonly Turn[] {
    const last = this.#waiting.at(-1)
    if (last === undefined) return [{ part, raw }]
    this.#waiting.push({ part, raw, at: last.at, behind: [] })
    return []
  }

  #admit(one: Waiting): readonly Turn[] {
    // A piece that was held belongs before what came after it; an event, after the pieces that it repeats.
    const piece = one.raw.kind === 'delta'
    const place = this.#waiting.findIndex(({ at }) => (piece ? at >= one.at : at > one.at))
    this.#waiting.splice(place === -1 ? this.#waiting.length : place, 0, one)
    const due = this.#waiting.findIndex(({ behind }) => behind.length > 0)
    return this.#waiting.splice(0, due === -1 ? this.#waiting.length : due)
  }
}
