/** Runs of a graph: what it is fed, who waits, who is turned away, and what ends a call. */
import { afterAll, describe, expect, test } from 'vitest'
import { countingGraph, tokenLogitGraph, type CountingGraph } from '../../../test/support/nn/tiny-graphs.ts'
import {
  MODEL_CONFIG,
  VOCABULARY,
  folderFiles,
  modelFolder,
  removeModelFolders,
} from '../../../test/support/nn/tiny-text-classifier.ts'
import type { OnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import type { TextClassifierEngine } from '../../spec/index.ts'
import { loadTextClassifier, loadTextEncoder, type TextClassifierOptions } from './index.ts'

const open: TextClassifierEngine[] = []
afterAll(async () => {
  for (const engine of open) await engine.dispose()
  removeModelFolders()
})

const SUMS = { ...MODEL_CONFIG, problem_type: 'multi_label_classification', id2label: undefined }

/** An engine whose probabilities are sigmoids of sums over its inputs, and those sums again. */
async function counting(
  graph: CountingGraph = {},
  options: TextClassifierOptions = {},
  config: object = SUMS,
): Promise<{ engine: TextClassifierEngine; sums(text: string, context?: string): Promise<readonly number[]> }> {
  const inputs = graph.inputs ?? ['input_ids', 'attention_mask']
  const folder = modelFolder(folderFiles(countingGraph(graph), { 'config.json': config }))
  const engine = await loadTextClassifier(folder, { labels: inputs, ...options })
  open.push(engine)
  return {
    engine,
    async sums(text, context) {
      const [found] = await engine.classify([{ text, ...(context === undefined ? {} : { context }) }])
      return (found?.probabilities ?? []).map((p) => Math.round(100 * Math.log(p / (1 - p))))
    },
  }
}

const id = (word: string): number => VOCABULARY.indexOf(word)
const [CLS, SEP] = [2, 3]

describe('what the graph is fed', () => {
  test('ids with their frame, a mask of ones, segments and positions, where it asks for them', async () => {
    const inputs = ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids']
    const { sums } = await counting({ inputs })
    const pair = CLS + id('rose') + SEP + id('bread') + id('salt') + SEP
    expect(await sums('bread salt', 'rose')).toEqual([pair, 6, 3, 15])
    expect(await sums('rose')).toEqual([CLS + id('rose') + SEP, 3, 0, 3])
    const ids = await counting({ inputs: ['input_ids'] })
    expect(await ids.sums('rose')).toEqual([CLS + id('rose') + SEP])
  })

  test('two branches read a text each', async () => {
    const { engine, sums } = await counting({
      inputs: ['input_ids1', 'attention_mask1', 'input_ids2', 'attention_mask2'],
    })
    expect(await sums('bread salt', 'rose')).toEqual([
      ...[CLS + id('rose') + SEP, 3],
      ...[CLS + id('bread') + id('salt') + SEP, 4],
    ])
    await expect(engine.classify([{ text: 'bread' }])).rejects.toMatchObject({ code: 'input_invalid' })
  })

  test('padding up to a length, masked, with the id that the model names', async () => {
    const padded = { ...SUMS, pad_token_id: 1 }
    const { sums } = await counting({}, { padTo: 16 }, padded)
    expect(await sums('rose')).toEqual([CLS + id('rose') + SEP + 13, 3])
  })

  test('sizes that the graph fixes', async () => {
    const { engine, sums } = await counting({ batch: 2, length: 8 })
    expect(await sums('rose')).toEqual([CLS + id('rose') + SEP, 3])
    // Windows are as long as the graph, and batches as large.
    const [found] = await engine.classify([{ text: 'sun '.repeat(20) }])
    expect(found?.windows.length).toBeGreaterThan(3)
    const all = await engine.classify(Array.from({ length: 5 }, () => ({ text: 'rose' })))
    expect(new Set(all.map(({ probabilities }) => probabilities.join())).size).toBe(1)
  })
})

describe('labels by themselves', () => {
  test('each has its own probability', async () => {
    const { engine } = await counting()
    expect(engine.exclusive).toBe(false)
    const [found] = await engine.classify([{ text: 'rose' }])
    expect(found?.probabilities[1]).toBeCloseTo(1 / (1 + Math.exp(-0.03)), 5)
  })

  test('without a problem type several labels exclude each other, as transformers has it', async () => {
    const { engine } = await counting({}, {}, { ...SUMS, problem_type: null })
    expect(engine.exclusive).toBe(true)
    const one = await counting({ inputs: ['input_ids'] }, {}, { ...SUMS, problem_type: undefined })
    expect(one.engine.exclusive).toBe(false)
  })
})

test('a graph that answers for each token is found out by the first text of another length', async () => {
  const folder = modelFolder(folderFiles(tokenLogitGraph(), { 'config.json': SUMS }))
  const engine = await loadTextClassifier(folder, { labels: ['a', 'b', 'c'] })
  const encoder = await loadTextEncoder(folder)
  open.push(engine)
  const failure = { code: 'engine_unavailable', message: expect.stringContaining('has the shape [1,4]') }
  await expect(engine.classify([{ text: 'rose sun' }])).rejects.toMatchObject(failure)
  await expect(encoder.embed(['rose sun'])).rejects.toMatchObject(failure)
  await encoder.dispose()
})

/** The real runtime, whose runs wait for `go` and are counted. */
async function held(): Promise<{ runtime: OnnxRuntime; runs: () => number; hold(): () => void }> {
  const real = await loadOnnxRuntime()
  let gate: Promise<void> = Promise.resolve()
  let runs = 0
  return {
    runs: () => runs,
    hold() {
      let go = (): void => undefined
      gate = new Promise((resolve) => (go = resolve))
      return go
    },
    runtime: {
      ...real,
      async session(model, options) {
        const session = await real.session(model, options)
        return {
          inputNames: session.inputNames,
          outputNames: session.outputNames,
          release: () => session.release(),
          async run(feeds, fetches) {
            runs += 1
            await gate
            return session.run(feeds, fetches)
          },
        }
      },
    },
  }
}

const LONG = 'sun '.repeat(60)

describe('calls', () => {
  test('short texts of one length share a run, long ones have their own', async () => {
    const gate = await held()
    const { engine } = await counting({}, { runtime: () => Promise.resolve(gate.runtime), runTokens: 12 })
    const before = gate.runs()
    await engine.classify([{ text: 'rose' }, { text: 'bread' }, { text: 'salt' }, { text: 'sun sun' }])
    expect(gate.runs() - before).toBe(2)
    const [found] = await engine.classify([{ text: LONG }])
    expect(gate.runs() - before).toBe(2 + (found?.windows.length ?? 0))
  })

  test('a call that was cancelled ends between windows, and one that is cancelled already does not begin', async () => {
    const gate = await held()
    const { engine } = await counting({}, { runtime: () => Promise.resolve(gate.runtime), runTokens: 1 })
    const before = gate.runs()
    const leave = new AbortController()
    const go = gate.hold()
    const call = engine.classify([{ text: LONG }], { signal: leave.signal })
    leave.abort()
    go()
    await expect(call).rejects.toMatchObject({ code: 'aborted' })
    expect(gate.runs() - before).toBeLessThanOrEqual(1)
    await expect(engine.classify([{ text: 'rose' }], { signal: leave.signal })).rejects.toMatchObject({
      code: 'aborted',
    })
    expect(gate.runs() - before).toBeLessThanOrEqual(1)
  })

  test('nothing is begun after the deadline', async () => {
    let now = 1_000
    const clock = { now: () => (now += 10), setTimeout: () => 0, clearTimeout: () => undefined }
    const { engine } = await counting({}, { clock, runTokens: 1 })
    await expect(engine.classify([{ text: LONG }], { deadline: now + 60 })).rejects.toMatchObject({
      code: 'rate_limited',
      details: { reason: 'overloaded' },
    })
    await expect(engine.classify([{ text: 'rose' }], { deadline: now + 1_000 })).resolves.toHaveLength(1)
  })

  test('one run at a time, a line of bounded length, and everybody in it is served', async () => {
    const gate = await held()
    const { engine } = await counting({}, { runtime: () => Promise.resolve(gate.runtime), queue: 2 })
    const before = gate.runs()
    const go = gate.hold()
    const served = ['rose', 'salt', 'sun'].map((text) => engine.classify([{ text }]))
    await expect(engine.classify([{ text: 'soil' }])).rejects.toMatchObject({ code: 'rate_limited' })
    expect(gate.runs() - before).toBe(1)
    go()
    expect((await Promise.all(served)).flat()).toHaveLength(3)
  })

  test('dispose waits for what runs, and nothing runs after it', async () => {
    const gate = await held()
    const { engine } = await counting({}, { runtime: () => Promise.resolve(gate.runtime) })
    const go = gate.hold()
    const call = engine.classify([{ text: 'rose' }])
    const gone = engine.dispose()
    go()
    await expect(call).resolves.toHaveLength(1)
    await gone
    await expect(engine.classify([{ text: 'rose' }])).rejects.toThrow('was disposed of')
    await expect(engine.dispose()).resolves.toBeUndefined()
  })

  test('a text that is too long is refused, whole', async () => {
    const { engine } = await counting({}, { longest: 100 })
    await expect(engine.classify([{ text: 'x'.repeat(101) }])).rejects.toMatchObject({ code: 'input_too_large' })
    await expect(engine.classify([{ text: 'rose', context: 'x'.repeat(101) }])).rejects.toMatchObject({
      code: 'input_too_large',
    })
  })
})

test('the version follows weights that lie beside the graph', async () => {
  const beside = async (files: object): Promise<string> => {
    const folder = modelFolder(folderFiles(countingGraph(), { 'config.json': SUMS, ...files }))
    const engine = await loadTextClassifier(folder, { labels: ['a', 'b'] })
    open.push(engine)
    return engine.version
  }
  const none = await beside({})
  for (const name of ['model.onnx_data', 'model.onnx_data_1', 'model.onnx.data']) {
    const [one, other] = [await beside({ [name]: 'one' }), await beside({ [name]: 'two' })]
    expect(new Set([none, one, other]).size).toBe(3)
  }
  expect(await beside({ 'README.md': 'text' })).toBe(none)
})

test('the version follows weights and options that change results', async () => {
  const one = (await counting()).engine.version
  expect((await counting()).engine.version).toBe(one)
  expect((await counting({ bias: 0.5 })).engine.version).not.toBe(one)
  expect((await counting({}, { overlap: 2 })).engine.version).not.toBe(one)
  expect((await counting({}, { labels: ['a', 'b'] })).engine.version).not.toBe(one)
})
