/** Alignment of small decoders: what the first step says, that every loss learns, that a stopped run goes on, and runs that must agree. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runtime } from '../../../test/support/nn/run-graph.ts'
import { type DecoderConfig, initialDecoder } from '../../nn/decoder/config.ts'
import { trainBytePairs } from '../../nn/tokenizer/byte-level-bpe.ts'
import { CHATML_TEMPLATE, CHATML_TOKENS } from '../../nn/tokenizer/chat-template.ts'
import { type TextTokenizer, loadTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'
import { type AlignDecoderOptions, type AlignedDecoder, alignDecoder } from './align-decoder.ts'
import { encodeResponse } from './encode-preferences.ts'
import { type PreferencePair, turnsOfPairs } from './pairs.ts'
import type { PreferenceSettings } from './preference-loss.ts'
import { ResponseScorer } from './response-scorer.ts'

const folder = mkdtempSync(join(tmpdir(), 'align-'))
afterAll(() => rmSync(folder, { recursive: true }))

const GOOD = ['kolo', 'mira', 'tesu']
const BAD = ['vopa', 'lune', 'saro']
/** Some words are good and some are bad, whatever was asked; two lengths of prompt. */
const PAIRS: readonly PreferencePair[] = ['red', 'blue', 'green', 'black', 'white', 'grey'].flatMap((colour, at) => {
  const answers = { chosen: GOOD[at % 3] ?? '', rejected: BAD[Math.floor(at / 2)] ?? '' }
  const asked = { role: 'user', content: `say ${colour}` } as const
  const told = {
    role: 'system',
    content: 'You are the bot that knows all of the words, and you say only one.',
  } as const
  return [
    { prompt: [asked], ...answers },
    { prompt: [told, asked], ...answers },
  ]
})

let loaded: Promise<TextTokenizer> | undefined
function tokenizer(): Promise<TextTokenizer> {
  const [begin, end] = CHATML_TOKENS
  return (loaded ??= loadTokenizer(
    trainBytePairs(['say red', 'say blue', ...GOOD, ...BAD], {
      ...{ vocabularySize: 300, specialTokens: [begin, end], endToken: end, padToken: end },
      ...{ chatTemplate: CHATML_TEMPLATE, leastCount: 1 },
    }),
  ))
}

async function settings(change: Partial<AlignDecoderOptions> = {}): Promise<AlignDecoderOptions> {
  const text = await tokenizer()
  const config: DecoderConfig = {
    architecture: 'llama',
    ...{ vocabularySize: text.vocabularySize, width: 32, layers: 2, heads: 2, keyValueHeads: 1, headWidth: 16 },
    ...{ feedForward: 48, maxLength: 128, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
    endTokens: [text.endToken ?? 1],
  }
  return {
    ...{ runtime: await runtime(), config, parameters: initialDecoder(config, 1), tokenizer: text, seed: 3 },
    ...{ data: { pairs: PAIRS }, loss: { kind: 'dpo' }, steps: 30, batch: 4, learningRate: 5e-3, progressEvery: 1 },
    ...change,
  }
}

interface Course {
  readonly losses: readonly number[]
  readonly weights: Buffer
  readonly aligned: AlignedDecoder
}

async function run(change: Partial<AlignDecoderOptions> = {}): Promise<Course> {
  const losses: number[] = []
  const options = await settings({ ...change, onStep: (_, { loss }) => losses.push(loss) })
  const aligned = await alignDecoder(options)
  return { losses, aligned, weights: bytesOf(options) }
}

function bytesOf({ parameters }: AlignDecoderOptions): Buffer {
  return Buffer.concat(
    Object.values(parameters).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  )
}

describe('the first step', () => {
  test.each([
    ['dpo', { kind: 'dpo', beta: 0.3 }, Math.LN2],
    ['ipo', { kind: 'ipo', tau: 0.25, logRatio: 'sum' }, 4],
    ['ipo per token', { kind: 'ipo', tau: 0.5 }, 1],
    ['kto', { kind: 'kto' }, 0.5],
    ['kto without reference point', { kind: 'kto', referencePoint: 'zero' }, 0.5],
  ] satisfies readonly (readonly [string, PreferenceSettings, number])[])(
    '%s: the policy is its own reference',
    async (_, loss, first) => {
      const { losses } = await run({ loss, steps: 2 })
      expect(losses[0]).toBeCloseTo(first, 4)
      expect(losses[1]).not.toBe(losses[0])
    },
  )
})

test('a reference may be named: a copy of the start changes nothing, another model does', async () => {
  const loss = { kind: 'dpo', beta: 0.3 } as const
  const { parameters } = await settings({})
  const itself = await run({ loss, steps: 3 })
  const named = await run({ loss, steps: 3, reference: parameters })
  expect(named.losses).toEqual(itself.losses)
  const later = await settings({ loss, steps: 20 })
  await alignDecoder(later)
  const other = await run({ loss, steps: 3, reference: later.parameters })
  // The policy lies behind a reference that already prefers the chosen ones.
  expect(other.losses[0]).toBeGreaterThan(Math.LN2 + 0.05)
})

test.each([
  { kind: 'sft' },
  { kind: 'dpo' },
  { kind: 'ipo', logRatio: 'sum' },
  { kind: 'kto', beta: 0.3 },
  { kind: 'orpo', lambda: 1 },
  { kind: 'simpo' },
  { kind: 'hard-dpo', beta: 0.1 },
] satisfies readonly PreferenceSettings[])('$kind learns to prefer', async (loss) => {
  const options = await settings({ loss, steps: 60 })
  const before = await preferred(options)
  const { history, examples, leftOut } = await alignDecoder(options)
  expect({ examples, leftOut }).toEqual({ examples: loss.kind === 'kto' ? 24 : 12, leftOut: 0 })
  const end = history.slice(-10).reduce((sum, { loss: value }) => sum + value, 0) / 10
  expect(end).toBeLessThan((history[0]?.loss ?? 0) * 0.9)
  const after = await preferred(options)
  if (loss.kind !== 'sft') expect(after).toBeGreaterThan(Math.max(before, 10))
})

/** Pairs whose chosen response the model finds likelier, of 12. */
async function preferred({ runtime: ort, config, parameters, tokenizer: text }: AlignDecoderOptions): Promise<number> {
  const scorer = new ResponseScorer({ runtime: ort, config, parameters })
  const score = (key: 'chosen' | 'rejected'): Promise<Float64Array> =>
    scorer.score(PAIRS.map((pair) => encodeResponse(pair.prompt, pair[key], text)))
  const [chosen, rejected] = [await score('chosen'), await score('rejected')]
  await scorer.dispose()
  return chosen.filter((value, at) => value > (rejected[at] ?? 0)).length
}

describe('runs that must agree', () => {
  test('the same seed gives the same bits, another seed does not', async () => {
    const [one, again, other] = [await run({ steps: 8 }), await run({ steps: 8 }), await run({ steps: 8, seed: 4 })]
    expect(again.weights.equals(one.weights)).toBe(true)
    expect(other.weights.equals(one.weights)).toBe(false)
  })

  test('KTO on pairs is KTO on their turns', async () => {
    const loss = { kind: 'kto' } as const
    const pairs = await run({ loss, steps: 8 })
    const turns = await run({ loss, steps: 8, data: { turns: turnsOfPairs(PAIRS) } })
    expect(turns.weights.equals(pairs.weights)).toBe(true)
  })

  test('hard-sample DPO without likelihood and with equal weights is DPO', async () => {
    const dpo = await run({ loss: { kind: 'dpo', beta: 0.2 }, steps: 8 })
    const hard = await run({ loss: { kind: 'hard-dpo', beta: 0.2, sftCoefficient: 0 }, steps: 8 })
    expect(hard.weights.equals(dpo.weights)).toBe(true)
  })

  test('SFT takes the chosen responses of pairs', async () => {
    const loss = { kind: 'sft' } as const
    const pairs = await run({ loss, steps: 8 })
    const turns = await run({ loss, steps: 8, data: { turns: turnsOfPairs(PAIRS) } })
    expect(turns.weights.equals(pairs.weights)).toBe(true)
  })

  test.each(['dpo', 'sft', 'orpo'] as const)('%s: rows that only fill a batch change nothing', async (kind) => {
    const data = { pairs: PAIRS.slice(0, 1) }
    const alone = await run({ loss: { kind }, data, batch: 1, steps: 6 })
    const filled = await run({ loss: { kind }, data, batch: 5, steps: 6 })
    filled.losses.forEach((loss, step) => expect(loss).toBeCloseTo(alone.losses[step] ?? Number.NaN, 4))
  })

  test('a weight of 2 for every pair doubles the loss', async () => {
    const once = await run({ steps: 1 })
    const twice = await run({ steps: 1, data: { pairs: PAIRS.map((pair) => ({ ...pair, weight: 2 })) } })
    expect(twice.losses[0]).toBeCloseTo(2 * (once.losses[0] ?? 0), 4)
  })
})

test.each(['dpo', 'kto'] as const)('%s: a stopped run goes on to the same bits', async (kind) => {
  const change = { loss: { kind }, steps: { passes: 4 } } as const
  const whole = await run(change)
  const checkpoint = { path: join(folder, kind), every: 3, resume: true }
  const stop = new AbortController()
  const stopped = await settings({
    ...{ ...change, checkpoint, signal: stop.signal },
    onProgress: ({ step }) => step === 7 && stop.abort(),
  })
  await expect(alignDecoder(stopped)).rejects.toMatchObject({ code: 'aborted' })
  const resumed = await run({ ...change, checkpoint })
  expect(resumed.losses.length).toBe(whole.losses.length - 7)
  expect(resumed.losses).toEqual(whole.losses.slice(7))
  expect(resumed.weights.equals(whole.weights)).toBe(true)
  const other = await settings({ ...change, checkpoint, learningRate: 1e-3 })
  await expect(alignDecoder(other)).rejects.toThrow(/other data or options/)
})

test('a run does not go on with another template', async () => {
  const checkpoint = { path: join(folder, 'template'), every: 1, resume: true }
  await run({ steps: 1, checkpoint })
  const [begin, end] = CHATML_TOKENS
  const other = await loadTokenizer(
    trainBytePairs(['say red', 'say blue', ...GOOD, ...BAD], {
      ...{ vocabularySize: 300, specialTokens: [begin, end], endToken: end, padToken: end, leastCount: 1 },
      chatTemplate: `say ${CHATML_TEMPLATE}`,
    }),
  )
  await expect(run({ steps: 1, checkpoint, tokenizer: other })).rejects.toThrow(/other data or options/)
})

test('an adapter learns beside weights that stay', async () => {
  const options = await settings({ lora: { rank: 4, alpha: 16 }, steps: 80, learningRate: 2e-2 })
  const before = bytesOf(options)
  const { adapter, history } = await alignDecoder(options)
  expect(bytesOf(options).equals(before)).toBe(true)
  expect(history[0]?.loss).toBeCloseTo(Math.LN2, 4)
  expect(history.at(-1)?.loss).toBeLessThan(Math.LN2 * 0.95)
  expect(Object.keys(adapter?.layers ?? {})).toHaveLength(4)
})

describe('what cannot be', () => {
  test('rows that are too long are counted; none left is an error', async () => {
    const { aligned } = await run({ maxLength: 40, steps: 2 })
    expect(aligned).toMatchObject({ examples: 6, leftOut: 6 })
    await expect(run({ maxLength: 3 })).rejects.toThrow(/nothing to learn from: of 12 examples 0 fit into 3 tokens/)
  })

  test.each([
    [{ loss: { kind: 'dpo', beta: -1 } }, /beta/],
    [{ loss: { kind: 'dpo' }, data: { turns: turnsOfPairs(PAIRS) } }, /learns from pairs/],
    [{ loss: { kind: 'kto' }, batch: 1 }, /at least 2/],
    [{ batch: 0 }, /whole number of examples/],
    [{ data: { pairs: [] } }, /nothing to learn from/],
  ] satisfies readonly (readonly [Partial<AlignDecoderOptions>, RegExp])[])(
    '%# is refused',
    async (change, message) => {
      await expect(run(change)).rejects.toThrow(message)
    },
  )

  test('a tokenizer of another model is an error before the first step', async () => {
    const { config, parameters } = await settings()
    const small = { ...config, vocabularySize: 260, endTokens: [1] }
    let steps = 0
    await expect(run({ config: small, parameters, onStep: () => (steps += 1) })).rejects.toThrow(
      /of row 1 has the token 2\d\d, and the model knows 260 tokens\. Use the tokenizer that belongs to the model/,
    )
    expect(steps).toBe(0)
  })

  test('contents that are not text are refused', async () => {
    const media = [{ type: 'media', mediaType: 'image/png', source: 'data:,' }] as const
    const pairs = [{ prompt: [{ role: 'user', content: media }], chosen: 'a', rejected: 'b' }] as const
    await expect(run({ data: { pairs } })).rejects.toThrow(/media/)
  })

  test('a loss that is no number ends the run', async () => {
    await expect(run({ loss: { kind: 'ipo', tau: 1e-30 }, steps: 3 })).rejects.toThrow(/not finite/)
  })
})

test('a response ends with its end token and with nothing behind it', async () => {
  const text = await tokenizer()
  const { prompt, response } = encodeResponse([{ role: 'user', content: 'say red' }], 'kolo', text)
  expect(text.decode(response)).toBe('kolo<|im_end|>')
  expect(text.decode(prompt)).toBe('<|im_start|>user\nsay red<|im_end|>\n<|im_start|>assistant\n')
  const forged = encodeResponse([{ role: 'user', content: 'hi' }], 'kolo<|im_end|>', text)
  expect(forged.response.filter((id) => id === text.endToken)).toHaveLength(1)
})
