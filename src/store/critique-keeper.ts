/**
 * Asks judges for their reasons once a decision is on record, and adds these to it. Nobody waits for that: the answer has left, and no
 * label, score or decision changes, whatever comes back. Reasons that cannot be had are kept as failed. What was not asked when the
 * process ended abruptly is not asked again.
 */
import type { Clock } from '../spec/clock.ts'
import type { CritiqueOutcome, CritiqueSource, KeptCritique } from '../spec/critique.ts'
import { ParapetError } from '../spec/errors.ts'
import type { DecisionDraft } from '../spec/record.ts'
import type { DecisionStore } from '../spec/store.ts'
import type { Redact } from './content.ts'
import { CritiqueRedaction } from './kept-critiques.ts'

export interface CritiqueKeeperOptions {
  /** Knows of records that are still on their way. */
  readonly store: Pick<DecisionStore, 'addCritiques'>
  /** Records wait in a file until the store can take them. */
  readonly spilled: () => boolean
  readonly clock: Clock
  readonly redact: Redact
  readonly onWarning: (message: string) => void
}

export interface CritiqueKeeper {
  /** Takes a decision that was handed to the record. Returns at once. */
  take(draft: DecisionDraft): void
  /** Gives up what is asked, and keeps that as failed. */
  close(): Promise<void>
}

/** Decisions whose judges are asked at once: reasons are long, and verdicts need the same engines. */
const AT_ONCE = 2
/** Decisions that wait at most. */
const MOST_WAITING = 256
/** Milliseconds for the reasons of one judged text. */
const LONGEST = 120_000
/** Milliseconds before the store is tried again. */
const AGAIN: readonly number[] = [1_000, 4_000, 16_000, 60_000]
/** Milliseconds that closing takes at most. */
const CLOSING = 5_000

interface Waiting {
  readonly id: string
  readonly capture: DecisionDraft['policy']['capture']
  readonly sources: readonly CritiqueSource[]
}

export function createCritiqueKeeper(options: CritiqueKeeperOptions): CritiqueKeeper {
  return new RunningKeeper(options)
}

class RunningKeeper implements CritiqueKeeper {
  readonly #options: CritiqueKeeperOptions
  readonly #waiting: Waiting[] = []
  readonly #over = new AbortController()
  readonly #running = new Set<Promise<void>>()
  /** Said already: not again for every decision. */
  #full = false
  #lost = false

  constructor(options: CritiqueKeeperOptions) {
    this.#options = options
  }

  take(draft: DecisionDraft): void {
    if (draft.critiques === undefined || this.#options.store.addCritiques === undefined || this.#closing) return
    if (this.#waiting.length >= MOST_WAITING) {
      if (!this.#full) this.#warn('Critiques are not asked for: too many decisions wait for theirs.')
      this.#full = true
      return
    }
    const { result, policy, critiques } = draft
    this.#waiting.push({ id: result.decisionId, capture: policy.capture, sources: critiques })
    this.#next()
  }

  async close(): Promise<void> {
    this.#over.abort(new ParapetError('aborted', 'The gateway was stopped before the critique came.'))
    const { clock } = this.#options
    let timer: unknown
    const late = new Promise<void>((resolve) => (timer = clock.setTimeout(resolve, CLOSING)))
    await Promise.race([this.#drained(), late])
    clock.clearTimeout(timer)
  }

  get #closing(): boolean {
    return this.#over.signal.aborted
  }

  async #drained(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #next(): void {
    if (this.#running.size >= AT_ONCE) return
    const next = this.#waiting.shift()
    if (next === undefined) return
    if (this.#waiting.length === 0) this.#full = false
    const work = this.#run(next).finally(() => {
      this.#running.delete(work)
      this.#next()
    })
    this.#running.add(work)
  }

  async #run({ id, capture, sources }: Waiting): Promise<void> {
    // What an engine does before it waits for its model would be done before the answer leaves.
    await new Promise((resolve) => setImmediate(resolve))
    const redaction = new CritiqueRedaction(capture === 'full' ? null : this.#options.redact)
    const kept: KeptCritique[] = []
    /** Guards that did not answer once are not waited for again. */
    const late = new Map<string, readonly CritiqueOutcome[]>()
    for (const source of sources) {
      const { ask: _ask, ...place } = source
      const outcomes = late.get(source.guard) ?? (await this.#ask(source, redaction))
      if (outcomes.some(isLate)) late.set(source.guard, outcomes)
      for (const outcome of outcomes) kept.push({ ...place, ...outcome })
    }
    if (kept.length > 0) await this.#keep(id, kept)
  }

  async #ask({ ask }: CritiqueSource, redaction: CritiqueRedaction): Promise<readonly CritiqueOutcome[]> {
    const { clock } = this.#options
    const stop = new AbortController()
    const stopped = new Promise<never>((_, reject) => {
      // Reasons that are known, or that there are none, come within a turn and are no failure.
      stop.signal.addEventListener('abort', () => setImmediate(reject, stop.signal.reason), { once: true })
    })
    stopped.catch(() => undefined)
    const leave = (): void => stop.abort(this.#over.signal.reason)
    if (this.#closing) leave()
    this.#over.signal.addEventListener('abort', leave, { once: true })
    const late = new ParapetError('upstream_timeout', `The critique did not come within ${LONGEST} ms.`)
    const timer = clock.setTimeout(() => stop.abort(late), LONGEST)
    try {
      const critiques = await Promise.race([ask({ signal: stop.signal }), stopped])
      return await redaction.keep(critiques)
    } catch (cause) {
      return [failed(stop.signal.aborted ? stop.signal.reason : cause)]
    } finally {
      clock.clearTimeout(timer)
      this.#over.signal.removeEventListener('abort', leave)
    }
  }

  async #keep(id: string, critiques: readonly KeptCritique[]): Promise<void> {
    const { store, spilled } = this.#options
    for (const wait of [...AGAIN, null]) {
      const known = await store.addCritiques?.(id, critiques).catch((cause: unknown) => {
        // What the store can never hold is lost at once.
        return ParapetError.isInstance(cause) && cause.code === 'input_invalid' ? cause : null
      })
      // Deleted meanwhile: nothing is brought back.
      if (known === true || (known === false && !spilled())) return
      if (wait === null || this.#closing || (typeof known === 'object' && known !== null)) break
      await this.#pause(wait)
    }
    if (!this.#lost) this.#warn('Critiques were lost: the store of decisions could not take them.')
    this.#lost = true
  }

  #pause(ms: number): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#over
    return new Promise((resolve) => {
      const timer = clock.setTimeout(() => done(), ms)
      const done = (): void => {
        clock.clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      signal.addEventListener('abort', done, { once: true })
    })
  }

  #warn(message: string): void {
    try {
      this.#options.onWarning(message)
    } catch {
      // An observer's defect must not become the record's.
    }
  }
}

function isLate(outcome: CritiqueOutcome): boolean {
  return outcome.status === 'failed' && outcome.error.code === 'upstream_timeout'
}

function failed(cause: unknown): CritiqueOutcome {
  const error = ParapetError.isInstance(cause)
    ? { code: cause.code, message: cause.message.slice(0, 2000) }
    : { code: 'guard_failed', message: 'The critique could not be had, or not be redacted.' }
  return { status: 'failed', error }
}
