/**
 * A stream whose maker does not wait for its reader: for work that is short and holds something scarce, so that a reader who stalls
 * stalls nobody else. Everything made is kept until it is read; it is for streams with a known, small end.
 */
import { ParapetError } from '../../spec/index.ts'

/**
 * Starts `make` at the first read and gives what it gives, in order. Its signal fires when `outer` does or when the reader leaves. The
 * stream rejects with what `make` rejects with, and with `aborted` as soon as `outer` fires.
 */
export async function* produceAhead<Item>(
  make: (give: (item: Item) => void, signal: AbortSignal) => Promise<void>,
  outer?: AbortSignal,
): AsyncGenerator<Item, void, undefined> {
  const left = new AbortController()
  const signal = outer === undefined ? left.signal : AbortSignal.any([outer, left.signal])
  const items: Item[] = []
  let wake = (): void => undefined
  let end: { readonly failure?: unknown } | undefined
  const finish = (reason: { readonly failure?: unknown }): void => {
    end ??= reason
    wake()
  }
  const give = (item: Item): void => {
    items.push(item)
    wake()
  }
  const onAbort = (): void => finish({ failure: new ParapetError('aborted', 'The answer is no longer wanted.') })
  outer?.addEventListener('abort', onAbort, { once: true })
  if (outer?.aborted === true) onAbort()
  try {
    if (end === undefined)
      make(give, signal).then(
        () => finish({}),
        (failure: unknown) => finish({ failure }),
      )
    for (let next = 0; ;) {
      // An abort goes before what was made and not read.
      if (outer?.aborted !== true && next < items.length) yield items[next++] as Item
      else if (end === undefined) await new Promise<void>((resolve) => (wake = resolve))
      else if ('failure' in end) throw end.failure
      else return
    }
  } finally {
    outer?.removeEventListener('abort', onAbort)
    left.abort()
  }
}
