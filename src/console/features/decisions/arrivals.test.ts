import { expect, test } from 'vitest'
import { createArrivals } from './arrivals.ts'

function listener(): {
  readonly said: string[]
  readonly arrive: (...decisions: readonly string[]) => void
  /** Lets time go on until `ms`. */
  readonly at: (ms: number) => void
  visible: boolean
} {
  const said: string[] = []
  const timers: { due: number; work: () => void }[] = []
  let now = 0
  const page = { visible: true }
  const take = createArrivals({
    say: (text) => said.push(text),
    visible: () => page.visible,
    later: (work, ms) => void timers.push({ due: now + ms, work }),
  })
  return Object.assign(page, {
    said,
    arrive: (...decisions: readonly string[]) => take(decisions),
    at(ms: number) {
      for (
        let next = timers.findIndex(({ due }) => due <= ms);
        next >= 0;
        next = timers.findIndex(({ due }) => due <= ms)
      ) {
        const [timer] = timers.splice(next, 1)
        now = timer?.due ?? now
        timer?.work()
      }
      now = ms
    },
  })
}

test('a burst is one sentence, a second after it began', () => {
  const page = listener()
  page.arrive('pass', 'block')
  page.at(500)
  page.arrive('pass')
  expect(page.said).toEqual([])
  page.at(1000)
  expect(page.said).toEqual(['3 new decisions: 2 passed, 1 blocked.'])
})

test('a flood is a sentence every eight seconds, and nothing is left unsaid', () => {
  const page = listener()
  for (let ms = 0; ms <= 20_000; ms += 100) {
    page.at(ms)
    page.arrive('timeout')
  }
  expect(page.said.length).toBe(3)
  page.at(60_000)
  const counts = page.said.map((text) => Number(/^\d+/.exec(text)?.[0]))
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(201)
  expect(page.said.length).toBe(4)
})

test('after a pause the next one is said a second after it came', () => {
  const page = listener()
  page.arrive('block')
  page.at(1000)
  page.at(30_000)
  page.arrive('hold')
  page.at(31_000)
  expect(page.said).toEqual(['1 new decision: 1 blocked.', '1 new decision: 1 held.'])
})

test('nothing is said while nobody looks, and nothing of it later', () => {
  const page = listener()
  page.visible = false
  page.arrive('block')
  page.at(1000)
  page.visible = true
  page.at(9000)
  page.arrive('pass')
  page.at(10_000)
  expect(page.said).toEqual(['1 new decision: 1 passed.'])
  page.arrive()
  page.at(60_000)
  expect(page.said).toHaveLength(1)
})
