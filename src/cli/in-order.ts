/**
 * Several pieces of work at a time, results in the order of the source, bounded memory.
 *
 * A result is handed on as soon as all before it were, without waiting for the next item of the source: a pipe that delivers a
 * line a minute gets its row at once. Results that wait for a slower one before them count against `window` and `budget`.
 */

export interface InOrderOptions<T, R> {
  readonly work: (item: T) => Promise<R>
  readonly sink: (result: R, item: T) => Promise<void>
  /** Called when no further result is ready for now. */
  readonly idle?: () => Promise<void>
  readonly concurrency: number
  /** Items started and not yet handed on, at most. */
  readonly window: number
  /** Size of an item, in the unit of `budget`. A single item may exceed it. */
  readonly weight: (item: T) => number
  readonly budget: number
  /** Ends the run early; results not yet handed on are dropped. */
  readonly signal?: AbortSignal
  /** Called when the run ends early, so that a source that has nothing to deliver is not waited for. */
  readonly closeSource?: () => void
}

interface Entry<T, R> {
  readonly item: T
  readonly weight: number
  state: { readonly done: false } | { readonly done: true; readonly result: R }
}

/** Runs `work` over the source and hands the results to `sink` in order. Rejects with the first error of either. */
export async function mapInOrder<T, R>(source: AsyncIterable<T>, options: InOrderOptions<T, R>): Promise<void> {
  const queue: Entry<T, R>[] = []
  let running = 0
  let held = 0
  let draining = false
  let failure: { readonly error: unknown } | null = null
  let wake: () => void = () => undefined
  let changed: Promise<void> = Promise.resolve()
  const stopped = (): boolean => failure !== null || options.signal?.aborted === true
  const renew = (): void => {
    wake()
    changed = new Promise((resolve) => {
      wake = resolve
    })
  }
  const fail = (error: unknown): void => {
    failure ??= { error }
    options.closeSource?.()
  }
  const onAbort = (): void => {
    renew()
    options.closeSource?.()
  }
  renew()
  options.signal?.addEventListener('abort', onAbort, { once: true })

  const drain = async (): Promise<void> => {
    if (draining) return
    draining = true
    try {
      while (!stopped()) {
        const head = queue[0]
        if (head === undefined || !head.state.done) {
          await options.idle?.()
          if (!queue[0]?.state.done) break
          continue
        }
        await options.sink(head.state.result, head.item)
        queue.shift()
        held -= head.weight
        renew()
      }
    } catch (error) {
      fail(error)
    }
    draining = false
    renew()
  }

  const start = (item: T, weight: number): void => {
    const entry: Entry<T, R> = { item, weight, state: { done: false } }
    queue.push(entry)
    held += weight
    running += 1
    void options
      .work(item)
      .then((result) => {
        entry.state = { done: true, result }
      }, fail)
      .then(() => {
        running -= 1
        renew()
        return drain()
      })
  }

  const full = (weight: number): boolean =>
    queue.length > 0 &&
    (running >= options.concurrency || queue.length >= options.window || held + weight > options.budget)

  try {
    for await (const item of source) {
      const weight = options.weight(item)
      while (full(weight) && !stopped()) await changed
      if (stopped()) break
      start(item, weight)
    }
  } catch (error) {
    // A source that was closed early may complain about it.
    if (!stopped()) fail(error)
  }
  while ((queue.length > 0 && !stopped()) || draining) await changed
  options.signal?.removeEventListener('abort', onAbort)
  if (failure !== null) throw (failure as { readonly error: unknown }).error
}
