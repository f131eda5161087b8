/** A maker that runs ahead of its reader: everything in order, errors behind it, and told to stop when nobody reads. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { produceAhead } from './produce-ahead.ts'

test('the maker ends though the reader stands still, and nothing is lost', async () => {
  let made = false
  const stream = produceAhead<number>(async (give) => {
    for (let item = 0; item < 5; item += 1) {
      await turn()
      give(item)
    }
    made = true
  })
  expect((await stream.next()).value).toBe(0)
  for (let turns = 0; turns < 20; turns += 1) await turn()
  expect(made).toBe(true)
  const rest: number[] = []
  for await (const item of stream) rest.push(item)
  expect(rest).toEqual([1, 2, 3, 4])
})

test('an error comes behind what was made before it', async () => {
  const stream = produceAhead<string>(async (give) => {
    give('one')
    throw new Error('broken')
  })
  expect((await stream.next()).value).toBe('one')
  await expect(stream.next()).rejects.toThrow('broken')
})

test('an abort ends the stream at once, unread items or not, and tells the maker', async () => {
  const outer = new AbortController()
  let told: AbortSignal | undefined
  const stream = produceAhead<string>((give, signal) => {
    told = signal
    give('one')
    give('two')
    return new Promise(() => undefined)
  }, outer.signal)
  await stream.next()
  outer.abort()
  await expect(stream.next()).rejects.toMatchObject({ code: 'aborted' })
  expect(told?.aborted).toBe(true)
  const late = produceAhead(async () => expect.fail('started'), outer.signal)
  await expect(late.next()).rejects.toMatchObject({ code: 'aborted' })
})

test('an abort wakes a reader who waits', async () => {
  const outer = new AbortController()
  const next = produceAhead<string>(() => new Promise(() => undefined), outer.signal).next()
  await turn()
  outer.abort()
  await expect(next).rejects.toMatchObject({ code: 'aborted' })
})

test('a reader who leaves stops the maker', async () => {
  let told: AbortSignal | undefined
  const stream = produceAhead<string>(async (give, signal) => {
    told = signal
    give('one')
    await new Promise(() => undefined)
  })
  for await (const _item of stream) break
  expect(told?.aborted).toBe(true)
})
