/**
 * Puts captured texts into records, redacted and bounded, one after the other and a few milliseconds at a time: other work of the
 * process goes on between. A text that could not be redacted is not kept.
 */
import type { DecisionContent } from '../spec/record.ts'
import type { Redact } from './content.ts'
import { keepContent } from './content.ts'
import type { RecordEntry } from './record-entry.ts'

/** Records that wait at most; those beyond are kept without texts. */
const MOST_WAITING = 512
/** Milliseconds of work before others have their turn. */
const TURN = 4

interface Waiting {
  readonly entry: RecordEntry
  readonly content: () => DecisionContent
  readonly redacted: boolean
}

export interface PreparationOptions {
  readonly redact: Redact | null
  /** Characters a record. */
  readonly room?: number
  readonly onReady: (entry: RecordEntry) => void
}

export class Preparation {
  readonly #options: PreparationOptions
  readonly #waiting: Waiting[] = []
  #running = false

  constructor(options: PreparationOptions) {
    this.#options = options
  }

  /** Nothing waits. */
  get idle(): boolean {
    return !this.#running && this.#waiting.length === 0
  }

  take(entry: RecordEntry, content: () => DecisionContent, redacted: boolean): void {
    if (this.#waiting.length >= MOST_WAITING) {
      entry.keepContent(null, 0, ['The texts were not kept: too many records were waiting.'])
      this.#options.onReady(entry)
      return
    }
    this.#waiting.push({ entry, content, redacted })
    if (!this.#running) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running = true
    await nextTurn()
    let until = performance.now() + TURN
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      await this.#prepare(next)
      this.#options.onReady(next.entry)
      if (performance.now() < until) continue
      await nextTurn()
      until = performance.now() + TURN
    }
    this.#running = false
  }

  async #prepare({ entry, content, redacted }: Waiting): Promise<void> {
    if (entry.superseded) return
    try {
      const redact = redacted ? (this.#options.redact ?? refuse) : null
      const { content: kept, size, leftOut } = await keepContent(content(), redact, this.#options.room)
      entry.keepContent(kept, size, leftOut === 0 ? [] : [`There was no room for ${leftOut} messages or tool calls.`])
    } catch {
      entry.keepContent(null, 0, ['The texts were not kept: they could not be redacted.'])
    }
  }
}

function refuse(): never {
  throw new TypeError('nothing was handed in to redact with')
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
