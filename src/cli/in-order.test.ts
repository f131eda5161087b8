import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mapInOrder } from './in-order.ts'

async function* from<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

const limits = { concurrency: 3, window: 8, weight: () => 1, budget: 100 }

/** Resolves after some turns of the microtask queue. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve()
}

describe('mapInOrder', () => {
  test('hands results on in order and never starts more than allowed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20)), fc.integer({ min: 1, max: 5 }), async (delays, concurrency) => {
        const results: number[] = []
        let running = 0
        let most = 0
        await mapInOrder(from([...delays.entries()]), {
          ...limits,
          concurrency,
          work: async ([index, delay]) => {
            running += 1
            most = Math.max(most, running)
            await turns(delay)
            running -= 1
            return index
          },
          sink: async (result) => {
            await turns(1)
            results.push(result)
          },
        })
        expect(results).toEqual([...delays.keys()])
        expect(most).toBeLessThanOrEqual(concurrency)
      }),
    )
  })

  test('keeps to the budget, yet takes one item that exceeds it', async () => {
    let held = 0
    let most = 0
    const sizes = [60, 60, 500, 10, 10, 90]
    await mapInOrder(from(sizes), {
      ...limits,
      weight: (size) => size,
      work: async (size) => {
        held += size
        most = Math.max(most, held)
        await turns(3)
        return size
      },
      sink: async (size) => {
        held -= size
      },
    })
    expect(most).toBe(500)
  })

  test('hands a result on while the source has nothing to deliver', async () => {
    const seen: number[] = []
    let deliver: () => void = () => undefined
    const second = new Promise<void>((resolve) => {
      deliver = resolve
    })
    async function* source(): AsyncGenerator<number> {
      yield 1
      await second
      yield 2
    }
    const run = mapInOrder(source(), {
      ...limits,
      work: async (item) => item,
      sink: async (item) => {
        seen.push(item)
        if (item === 1) deliver()
      },
    })
    await run
    expect(seen).toEqual([1, 2])
  })

  test('rejects with the error of the sink and closes the source', async () => {
    let closed = false
    async function* endless(): AsyncGenerator<number> {
      try {
        for (let item = 0; ; item += 1) yield item
      } finally {
        closed = true
      }
    }
    const run = mapInOrder(endless(), {
      ...limits,
      work: async (item) => item,
      sink: async (item) => {
        if (item === 5) throw new Error('full')
      },
    })
    await expect(run).rejects.toThrow('full')
    expect(closed).toBe(true)
  })

  test('stops on abort without handing on what came later', async () => {
    const abort = new AbortController()
    const seen: number[] = []
    await mapInOrder(from([1, 2, 3, 4, 5, 6]), {
      ...limits,
      signal: abort.signal,
      work: async (item) => item,
      sink: async (item) => {
        seen.push(item)
        if (item === 3) abort.abort()
      },
    })
    expect(seen).toEqual([1, 2, 3])
  })
})
