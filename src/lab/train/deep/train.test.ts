/** A tiny encoder on invented rows: it learns, is interrupted without a trace, and becomes a file that says the same. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runtime } from '../../../../test/support/nn/run-graph.ts'
import { type EncoderConfig, USE_LITE, initialParameters } from '../../../nn/encoder/config.ts'
import { type GuardInput, encodeGuardInput, readGuardEncoder } from '../../../nn/encoder/guard-encoder.ts'
import type { ParameterValues } from '../../../nn/tensor/parameters.ts'
import { UnigramTokenizer } from '../../../nn/tokenizer/unigram.ts'
import type { Example } from '../examples.ts'
import { logitsOf } from './evaluate.ts'
import { planBatches, planOrder } from './plan.ts'
import { figureLines } from './report.ts'
import { type DeepRunOptions, runDeepTraining } from './run.ts'
import { type DeepProgress, type DeepRow, type TrainDeepOptions, trainDeep } from './train.ts'

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz']
const PIECES: readonly (readonly [string, number])[] = [
  ['<unk>', 0],
  ['▁', -3],
  ...['▁steal', '▁water', '▁sorry', '▁notes', '▁say', '▁the'].map((piece): [string, number] => [piece, -4]),
  ...LETTERS.map((letter): [string, number] => [letter, -6]),
]
const HEADS = ['prompt_harm', 'refusal', 'injection_indirect', 'S2']
const CONFIG: EncoderConfig = {
  ...USE_LITE,
  vocabularySize: PIECES.length,
  embeddingWidth: 8,
  layers: [{ width: 8, heads: 2, feedForward: 12 }],
  maxLength: 48,
  projection: 0,
  unitLength: false,
  segments: 4,
  hidden: 6,
  labels: HEADS.length,
}
const BUCKETS = [
  { length: 12, batch: 8 },
  { length: 48, batch: 4 },
]
const THINGS = LETTERS.map((letter, index) => `${letter}${LETTERS[(index * 7 + 3) % 26]}`)
/** Stealing is harm and hazard S2, watering is not; who is sorry refuses; notes that say something are planted. */
const EXAMPLES: readonly Example[] = THINGS.flatMap((thing): readonly Example[] => [
  { text: `steal the ${thing}`, targets: { prompt_harm: 1, S2: 1 }, weight: 1, group: 'bad', language: 'en' },
  { text: `water the ${thing}`, targets: { prompt_harm: 0, S2: 0 }, weight: 1, group: 'good', language: 'en' },
  {
    response: `sorry ${thing}`,
    prompt: `the ${thing}`,
    targets: { refusal: 1 },
    weight: 1,
    group: 'no',
    language: 'en',
  },
  {
    response: `water ${thing}`,
    prompt: `steal ${thing}`,
    targets: { refusal: 0 },
    weight: 1,
    group: 'yes',
    language: 'de',
  },
  { text: `notes say ${thing}`, document: true, targets: { injection_indirect: 1 }, weight: 1, group: 'planted' },
  { text: `notes ${thing}`, document: true, targets: { injection_indirect: 0 }, weight: 1, group: 'clean' },
])

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-deep-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function parameters(): ParameterValues {
  return initialParameters(CONFIG, 3)
}

async function settings(change: Partial<TrainDeepOptions> = {}): Promise<TrainDeepOptions> {
  const tokenizer = new UnigramTokenizer({ pieces: PIECES, reserved: 1 })
  const rows = EXAMPLES.map(({ text, response = '', prompt, document, targets, weight }): DeepRow => ({
    input: encodeGuardInput(
      tokenizer,
      text === undefined
        ? { kind: 'response', text: response, context: prompt }
        : { kind: document === true ? 'document' : 'prompt', text },
      48,
    ),
    ...{ targets, weight },
  }))
  const order = planOrder(
    EXAMPLES.map(({ group }) => group),
    { rows: 120, seed: 1 },
  )
  const batches = planBatches(order, (place) => rows[place]?.input.ids.length ?? 0, BUCKETS)
  return {
    ...{ runtime: await runtime(), config: CONFIG, parameters: parameters(), heads: HEADS, rows, batches },
    ...{ seed: 1, learningRate: 2e-3, ...change },
  }
}

/** Trains until a step, then aborts as Ctrl-C would. */
async function interrupted(options: TrainDeepOptions, at: number): Promise<void> {
  const stop = new AbortController()
  const onProgress = ({ step }: DeepProgress): void => (step === at ? stop.abort() : undefined)
  await expect(trainDeep({ ...options, signal: stop.signal, onProgress, progressEvery: 1 })).rejects.toThrow(
    `stopped after ${at} of`,
  )
}

describe('training', () => {
  test('interrupted and resumed equals uninterrupted, bit for bit', async () => {
    const whole = await settings()
    const { steps } = await trainDeep(whole)
    expect(steps).toBe(whole.batches.length)
    expect(steps).toBeGreaterThan(10)

    const path = join(folder, 'checkpoint.bin')
    await interrupted(await settings({ checkpoint: { path, every: 1000 } }), 3)
    await interrupted(await settings({ checkpoint: { path, every: 1000, resume: true } }), 7)
    const resumed = await settings({ checkpoint: { path, every: 1000, resume: true } })
    const steps1: number[] = []
    await trainDeep({ ...resumed, onProgress: ({ step }) => void steps1.push(step), progressEvery: 1 })
    expect(steps1[0]).toBe(8)
    expect(resumed.parameters).toEqual(whole.parameters)
    expect(whole.parameters).not.toEqual(parameters())
    expect(readdirSync(folder)).toEqual(['checkpoint.bin'])
  })

  test('a run that broke off without a word goes on from its last checkpoint', async () => {
    const whole = await settings()
    await trainDeep(whole)
    const path = join(folder, 'checkpoint.bin')
    let saved: Uint8Array | undefined
    await trainDeep(
      await settings({
        checkpoint: { path, every: 4 },
        onProgress: ({ step }) => void (step === 6 && (saved = readFileSync(path))),
        progressEvery: 1,
      }),
    )
    writeFileSync(path, saved ?? expect.fail('no checkpoint after six steps'))
    const resumed = await settings({ checkpoint: { path, every: 1000, resume: true } })
    const seen: number[] = []
    await trainDeep({ ...resumed, onProgress: ({ step }) => void seen.push(step), progressEvery: 1 })
    expect(seen[0]).toBe(5)
    expect(resumed.parameters).toEqual(whole.parameters)
  })

  test('a finished run that is resumed stays as it is', async () => {
    const path = join(folder, 'checkpoint.bin')
    const whole = await settings({ checkpoint: { path, every: 1000 } })
    await trainDeep(whole)
    const again = await settings({ checkpoint: { path, every: 1000, resume: true } })
    await trainDeep(again)
    expect(again.parameters).toEqual(whole.parameters)
  })

  test('a checkpoint of other data, options or making is refused', async () => {
    const path = join(folder, 'checkpoint.bin')
    await interrupted(await settings({ checkpoint: { path, every: 1000 } }), 2)
    const checkpoint = { path, every: 1000, resume: true }
    for (const change of [{ seed: 2 }, { learningRate: 1e-3 }, { embeddingRate: 9 }, { heads: ['a', 'b', 'c', 'd'] }])
      await expect(trainDeep(await settings({ ...change, checkpoint }))).rejects.toThrow('other data or options')
    const { rows } = await settings()
    const flipped = rows.map((row, index) => (index === 0 ? { ...row, targets: { prompt_harm: 0 as const } } : row))
    await expect(trainDeep(await settings({ rows: flipped, checkpoint }))).rejects.toThrow('other data or options')
    writeFileSync(path, readFileSync(path).subarray(0, 500))
    await expect(trainDeep(await settings({ checkpoint }))).rejects.toThrow('cannot be used')
  })

  test('heads a row says nothing about do not move', async () => {
    const { rows, ...rest } = await settings()
    const masked = rows.map((row) => ({ ...row, targets: 'refusal' in row.targets ? row.targets : {} }))
    const trained = { ...rest, rows: masked }
    await trainDeep(trained)
    const bias = (values: ParameterValues): readonly number[] => [...(values['labels.bias']?.data ?? [])]
    expect(bias(trained.parameters).toSpliced(1, 1)).toEqual(bias(parameters()).toSpliced(1, 1))
    expect(bias(trained.parameters)[1]).not.toBe(bias(parameters())[1])
  })

  test('mistakes are named', async () => {
    await expect(trainDeep(await settings({ heads: ['one'] }))).rejects.toThrow('4 labels for 1 heads')
    await expect(trainDeep(await settings({ batches: [] }))).rejects.toThrow('the plan is empty')
  })
})

describe('a whole run', () => {
  const options = async (change: Partial<DeepRunOptions> = {}): Promise<DeepRunOptions> => ({
    ...{ runtime: await runtime(), id: 'toy-1', heads: HEADS, config: CONFIG, parameters: parameters() },
    ...{ pieces: PIECES, reserved: 1, examples: EXAMPLES, rows: 1500, seed: 1, folder },
    ...{ buckets: BUCKETS, learningRate: 3e-3, ...change },
  })

  test('learns to tell unseen texts apart, and the file says what was learnt', async () => {
    const losses: number[] = []
    const result = await runDeepTraining(
      await options({ onProgress: ({ loss }) => void losses.push(loss), progressEvery: 20 }),
    )
    expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] ?? 0))
    expect(result.heldOut + result.learnt).toBe(EXAMPLES.length)
    expect(result.heldOut).toBeGreaterThan(2)

    const model = readGuardEncoder(result.file, 'deep.bin')
    expect(model.heads).toEqual(HEADS)
    const tokenizer = new UnigramTokenizer(model)
    const inputs: readonly GuardInput[] = [
      encodeGuardInput(tokenizer, { kind: 'prompt', text: 'steal the qqz' }, model.maxTokens),
      encodeGuardInput(tokenizer, { kind: 'prompt', text: 'water the qqz' }, model.maxTokens),
      encodeGuardInput(tokenizer, { kind: 'response', text: 'sorry qqz', context: 'the qqz' }, model.maxTokens),
      encodeGuardInput(tokenizer, { kind: 'response', text: 'water qqz', context: 'steal qqz' }, model.maxTokens),
      encodeGuardInput(tokenizer, { kind: 'document', text: 'notes say qqz' }, model.maxTokens),
      encodeGuardInput(tokenizer, { kind: 'document', text: 'notes qqz' }, model.maxTokens),
    ]
    const logits = await logitsOf({ runtime: await runtime(), onnx: model.onnx, inputs })
    for (const [column, positive] of [
      [0, 0],
      [1, 2],
      [2, 4],
      [3, 0],
    ] as const) {
      expect(logits[positive]?.[column]).toBeGreaterThan(0)
      expect(logits[positive + 1]?.[column]).toBeLessThan(0)
    }
    // Twenty-six rows are not enough to count as trained; German has refusals of one label only.
    expect(model.coverage['refusal']).toEqual({ de: 'transferred', en: 'transferred' })
    expect(model.coverage['prompt_harm']).toEqual({ de: 'untested', en: 'transferred' })
    expect(model.calibration['S2']).toEqual({ '*': { scale: 1, bias: 0 } })
    expect(result.figures.map(({ head }) => head)).toEqual(HEADS)
    expect(result.figures.every(({ largestDifference }) => largestDifference > 0 && largestDifference < 0.5)).toBe(true)
    expect(figureLines(result.figures)).toHaveLength(2 + HEADS.length)
  })

  test('the same seed gives the same file, another one another', async () => {
    const short = { rows: 100 }
    const { file } = await runDeepTraining(await options(short))
    expect((await runDeepTraining(await options(short))).file).toEqual(file)
    expect((await runDeepTraining(await options({ ...short, seed: 2 }))).file).not.toEqual(file)
  })
})

test('logits come in the order of the inputs, whatever runs together', async () => {
  const result = await runDeepTraining({
    ...{ runtime: await runtime(), id: 'toy-1', heads: HEADS, config: CONFIG, parameters: parameters() },
    ...{ pieces: PIECES, reserved: 1, examples: EXAMPLES, rows: 50, seed: 1, folder, buckets: BUCKETS },
  })
  const { onnx } = readGuardEncoder(result.file, 'deep.bin')
  const inputs = Array.from({ length: 300 }, (_, index) => {
    const length = 1 + ((index * 31) % 48)
    return {
      ids: Int32Array.from({ length }, (__, at) => (index + at) % PIECES.length),
      segments: new Uint8Array(length),
    }
  })
  const together = await logitsOf({ runtime: await runtime(), onnx, inputs })
  for (const place of [0, 1, 150, 299]) {
    const [alone] = await logitsOf({ runtime: await runtime(), onnx, inputs: inputs.slice(place, place + 1) })
    alone?.forEach((value, column) => expect(together[place]?.[column]).toBeCloseTo(value, 5))
  }
  const signal = AbortSignal.abort()
  await expect(logitsOf({ runtime: await runtime(), onnx, inputs, signal })).rejects.toThrow('evaluation was stopped')
})
