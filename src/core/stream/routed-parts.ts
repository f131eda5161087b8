/**
 * The parts of a routed answer. Plain and refusing answers pass as they come. A guided answer is text in a form that only the router
 * reads, so nothing else of it leaves: no reasoning about the rules, no call of a tool, none of the vendor's own objects. Tokens are told
 * on every way, the router's with the answer's.
 */
import type { CompletionUsage, RoutePlan, RouteReader, StreamPart } from '../../spec/index.ts'
import type { RawUsage } from './routed-usage.ts'
import { RoutedUsage } from './routed-usage.ts'
import type { StreamSource } from './source.ts'
import { iteratorOf } from './source.ts'

/**
 * Reads an answer by its plan. Ends when the source does, and closes it when it is left, even while the source says nothing.
 * @param raw how the parts tell tokens in `raw`; null where nobody here knows
 */
export function readRouted(
  plan: RoutePlan,
  source: StreamSource<StreamPart>,
  raw: RawUsage | null = null,
): AsyncIterableIterator<StreamPart, void, undefined> {
  const iterator = iteratorOf(source)
  let closed = false
  const close = async (): Promise<void> => {
    if (closed) return
    closed = true
    await iterator.return?.()
  }
  const parts = routedParts(plan, iterator, close, new RoutedUsage(plan, raw))
  const routed: AsyncIterableIterator<StreamPart, void, undefined> = {
    next: () => parts.next(),
    async return() {
      // A generator would wait for the part that it waits for.
      await close()
      return parts.return()
    },
    [Symbol.asyncIterator]: () => routed,
  }
  return routed
}

async function* routedParts(
  plan: RoutePlan,
  iterator: Pick<AsyncIterator<StreamPart>, 'next'>,
  close: () => Promise<void>,
  usage: RoutedUsage,
): AsyncGenerator<StreamPart, void, undefined> {
  const readers = new Map<number, RouteReader>()
  const finished = new Set<number>()
  const readerOf = (choice: number): RouteReader => {
    const reader = readers.get(choice) ?? plan.reader()
    readers.set(choice, reader)
    return reader
  }
  const rest = (choice: number): readonly StreamPart[] => {
    const text = readers.get(choice)?.end(usage.answer) ?? ''
    readers.delete(choice)
    finished.add(choice)
    return text === '' ? [] : [{ type: 'text', choice, text }]
  }
  let ended = false
  try {
    for (;;) {
      const step = await iterator.next()
      if (step.done === true) break
      const part: StreamPart = step.value
      const { choice = 0 } = part
      usage.read(part)
      const over = finished.has(choice)
      if (part.type === 'finish' && !over) readerOf(choice)
      if (plan.path !== 'guided') {
        if (part.type === 'text' && !over) readerOf(choice).push(part.text)
        if (part.type === 'finish') rest(choice)
        yield usage.told(part)
      } else if (over) continue
      else if (part.type === 'text') {
        const text = readerOf(choice).push(part.text)
        if (text !== '') yield { type: 'text', choice, text }
      } else if (part.type === 'finish') {
        yield* rest(choice)
        const { reason, usage: own } = part
        const end = { type: 'finish', choice, reason, ...(own === undefined ? {} : { usage: own }) } as const
        yield usage.told(end)
      }
    }
    ended = true
    for (const choice of readers.keys()) yield* rest(choice)
    yield* usage.rest()
  } finally {
    if (!ended) await close()
  }
}

/**
 * The words of a plan that asks no model, as an answer.
 * @param usage of the router's call
 */
export async function* wordsOf(words: string, usage?: CompletionUsage): AsyncGenerator<StreamPart, void, undefined> {
  yield { type: 'text', text: words }
  yield { type: 'finish', reason: 'stop', ...(usage === undefined ? {} : { usage }) }
}
