/** Sampling against its definitions, and the loop of generation with sources made by hand. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../random.ts'
import { type GenerateOptions, type GeneratedPart, type LogitsSource, generate } from './generate.ts'
import { candidates, logSoftmaxAt, sampleToken } from './sampling.ts'

const SEED = { seed: 20261126 }
const greedy = { temperature: 0, random: () => expect.fail('asked') }
/** Few values, so that ties are common; some tokens cannot come. */
const logitsArray = fc
  .array(fc.constantFrom(-Infinity, -2, -1, 0, 0.5, 1, 3), { minLength: 1, maxLength: 12 })
  .filter((values) => values.some((value) => value > -Infinity))
  .map((values) => Float32Array.from(values))
const softmax = (logits: Float32Array, temperature: number): readonly number[] => {
  const weights = [...logits].map((value) => Math.exp(value / temperature))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

describe('the choice of a token', () => {
  test('temperature 0 takes the highest, of equal ones the first', () => {
    fc.assert(
      fc.property(logitsArray, (logits) => {
        expect(sampleToken(logits, greedy)).toBe(logits.indexOf(Math.max(...logits)))
      }),
      SEED,
    )
  })

  test('masked tokens are never chosen', () => {
    fc.assert(
      fc.property(
        logitsArray,
        fc.infiniteStream(fc.boolean()),
        fc.nat(),
        fc.double({ min: 0, max: 3, noNaN: true }),
        (logits, stream, seed, temperature) => {
          const mask = Uint8Array.from(logits, () => Number(stream.next().value))
          const random = createRandom(seed)
          const sample = () => sampleToken(logits, { temperature, topP: 0.9, random }, mask)
          if (!logits.some((value, id) => value > -Infinity && mask[id] === 1))
            expect(sample).toThrow('No token is left')
          else {
            const id = sample()
            expect(mask[id]).toBe(1)
            expect(logits[id]).toBeGreaterThan(-Infinity)
          }
        },
      ),
      SEED,
    )
  })

  test('top-p keeps the fewest most likely tokens that reach it, top-k at most so many', () => {
    const settings = fc.record({
      temperature: fc.constantFrom(0.5, 1, 2),
      topP: fc.constantFrom(0.05, 0.3, 0.62, 0.9, 0.999),
    })
    fc.assert(
      fc.property(logitsArray, settings, (logits, options) => {
        const share = softmax(logits, options.temperature)
        const order = [...logits.keys()].toSorted((one, other) => (share[other] ?? 0) - (share[one] ?? 0))
        const { ids, probabilities } = candidates(logits, options)
        expect([...ids]).toEqual(order.slice(0, ids.length))
        const sum = (count: number): number => order.slice(0, count).reduce((sum, id) => sum + (share[id] ?? 0), 0)
        expect(sum(ids.length)).toBeGreaterThan(options.topP - 1e-9)
        expect(sum(ids.length - 1)).toBeLessThan(options.topP + 1e-9)
        const kept = sum(ids.length)
        ids.forEach((id, place) => expect(probabilities[place]).toBeCloseTo((share[id] ?? 0) / kept, 9))
        const top = candidates(logits, { temperature: options.temperature, topK: 3 })
        expect([...top.ids]).toEqual(order.filter((id) => (share[id] ?? 0) > 0).slice(0, 3))
      }),
      SEED,
    )
  })

  test('top-p counts within top-k', () => {
    const logits = Float32Array.from([Math.log(4), Math.log(3), Math.log(2), Math.log(1)])
    // Of the first two alone the first has 4/7 > 0.5; of all four only 0.4.
    expect([...candidates(logits, { temperature: 1, topK: 2, topP: 0.5 }).ids]).toEqual([0])
    expect([...candidates(logits, { temperature: 1, topP: 0.5 }).ids]).toEqual([0, 1])
  })

  test('draws follow the probabilities, and the same seed gives the same draws', () => {
    const logits = Float32Array.from([0, 1, -Infinity, 2])
    const draw = (seed: number): readonly number[] => {
      const sampling = { temperature: 1, random: createRandom(seed) }
      return Array.from({ length: 4000 }, () => sampleToken(logits, sampling))
    }
    const draws = draw(7)
    expect(draw(7)).toEqual(draws)
    expect(draw(8)).not.toEqual(draws)
    softmax(logits, 1).forEach((share, id) =>
      expect(draws.filter((drawn) => drawn === id).length / 4000).toBeCloseTo(share, 1),
    )
    expect(sampleToken(logits, { temperature: 1, random: () => 1 - 2 ** -53 })).toBe(3)
  })

  test('log-probabilities add up to 1 and equal the formula', () => {
    fc.assert(
      fc.property(logitsArray, (logits) => {
        softmax(logits, 1).forEach((share, id) => expect(Math.exp(logSoftmaxAt(logits, id))).toBeCloseTo(share, 9))
      }),
      SEED,
    )
    expect(logSoftmaxAt(Float32Array.of(1000, 0), 1)).toBe(-1000)
    expect(() => logSoftmaxAt(Float32Array.of(1), 1)).toThrow('no token 1')
  })

  test('bad logits and settings are errors', () => {
    expect(() => sampleToken(Float32Array.of(1, Number.NaN), greedy)).toThrow('NaN for token 1')
    expect(() => sampleToken(Float32Array.of(Infinity), greedy)).toThrow('Infinity for token 0')
    expect(() => sampleToken(Float32Array.of(1, 2), greedy, Uint8Array.of(1))).toThrow('1 entries for 2')
    expect(() => sampleToken(Float32Array.of(1), { ...greedy, temperature: -1 })).toThrow('temperature')
    expect(() => sampleToken(Float32Array.of(1), { ...greedy, topK: 0 })).toThrow('topK')
    expect(() => sampleToken(Float32Array.of(1), { ...greedy, topP: 0 })).toThrow('topP')
  })
})

describe('generation', () => {
  /** After id n comes n + 1; remembers what it was given. */
  function counting() {
    const given: number[] = []
    const logitsAfter = (id: number): Float32Array =>
      Float32Array.from({ length: 9 }, (_, at) => (at === id + 1 ? 3 : 0))
    const prefill = (ids: readonly number[]): Float32Array => (given.push(...ids), logitsAfter(ids.at(-1) ?? 0))
    return { given, prefill, step: (id: number) => Promise.resolve(prefill([id])) }
  }
  async function parts(source: LogitsSource, options: Partial<GenerateOptions>): Promise<readonly GeneratedPart[]> {
    const all: GeneratedPart[] = []
    for await (const part of generate(source, [1, 2], { maxTokens: 3, sampling: greedy, ...options })) all.push(part)
    return all
  }
  const token = (id: number) => ({
    type: 'token',
    id,
    logProbability: expect.closeTo(3 - Math.log(8 + Math.exp(3)), 6),
  })

  test('ends at the limit, at a stop token or by an abort', async () => {
    const source = counting()
    expect(await parts(source, {})).toEqual([token(3), token(4), token(5), { type: 'end', reason: 'length' }])
    // The last token is not fed back: nobody asked what follows it.
    expect(source.given).toEqual([1, 2, 3, 4])
    const stopped = [token(3), { type: 'end', reason: 'stop', stop: token(4) }]
    expect(await parts(counting(), { stopTokens: [4] })).toEqual(stopped)
    const early = AbortSignal.abort()
    expect(await parts(counting(), { signal: early })).toEqual([{ type: 'end', reason: 'aborted' }])
    const controller = new AbortController()
    const seen: string[] = []
    const options = { maxTokens: 5, sampling: greedy, signal: controller.signal }
    for await (const part of generate(counting(), [1], options)) {
      seen.push(part.type === 'end' ? part.reason : String(part.id))
      if (seen.length === 2) controller.abort()
    }
    expect(seen).toEqual(['2', '3', 'aborted'])
  })

  test('a source that never waits can be aborted by a timer', async () => {
    const source = counting()
    const busy = (id: number) => {
      for (const until = performance.now() + 5; performance.now() < until;);
      return source.prefill([id % 3])
    }
    const signal = AbortSignal.timeout(30)
    const all = await parts({ ...source, step: busy }, { maxTokens: 100_000, signal })
    expect(all.at(-1)).toEqual({ type: 'end', reason: 'aborted' })
  })

  test('the mask is asked with what was drawn; errors of a source pass, unless it was aborted', async () => {
    const asked: number[][] = []
    const allowed = (drawn: readonly number[]) => (
      asked.push([...drawn]),
      Uint8Array.from({ length: 9 }, (_, id) => +(id === 7))
    )
    const ids = (await parts(counting(), { allowed, maxTokens: 2 })).map((part) => (part.type === 'end' ? -1 : part.id))
    expect(ids).toEqual([7, 7, -1])
    expect(asked).toEqual([[], [7]])
    const controller = new AbortController()
    const failing = { ...counting(), step: () => Promise.reject(new Error('broken')) }
    await expect(parts(failing, {})).rejects.toThrow('broken')
    const aborting = { ...counting(), step: () => (controller.abort(), Promise.reject(new Error('broken'))) }
    expect((await parts(aborting, { signal: controller.signal })).at(-1)).toEqual({ type: 'end', reason: 'aborted' })
    await expect(parts(counting(), { maxTokens: 0 })).rejects.toThrow('maxTokens')
  })
})
