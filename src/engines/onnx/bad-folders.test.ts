/** What can be wrong with a folder or with options: each is said at once, with what to do. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { countingGraph } from '../../../test/support/nn/tiny-graphs.ts'
import {
  MODEL_CONFIG,
  TOKENIZER_JSON,
  folderFiles,
  modelFolder,
  removeModelFolders,
  tinyModel,
} from '../../../test/support/nn/tiny-text-classifier.ts'
import { type OnnxRuntime, loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { ParapetError } from '../../spec/index.ts'
import { loadTextClassifier, loadTextEncoder, type TextClassifierOptions } from './index.ts'

let graph: Uint8Array
beforeAll(async () => {
  ;({ graph } = await tinyModel('single'))
})
afterAll(removeModelFolders)

async function refusal(folder: string, options: TextClassifierOptions = {}): Promise<readonly [string, string]> {
  const engine = await loadTextClassifier(folder, options).catch((cause: unknown) => cause)
  if (!ParapetError.isInstance(engine)) return expect.fail('the folder was taken')
  return [engine.code, engine.message]
}

const folderWith = (change: Readonly<Record<string, unknown>>): string => modelFolder(folderFiles(graph, change))

describe('files', () => {
  test.each(['config.json', 'tokenizer.json', 'tokenizer_config.json'])('%s is missing, or no JSON', async (name) => {
    const folder = folderWith({ [name]: undefined })
    expect(await refusal(folder)).toEqual(['engine_unavailable', expect.stringContaining(`${name} is missing`)])
    writeFileSync(join(folder, name), '{ "half": ')
    expect(await refusal(folder)).toEqual(['engine_unavailable', expect.stringContaining(`${name} is not JSON`)])
    writeFileSync(join(folder, name), '[]')
    expect(await refusal(folder)).toEqual([
      'engine_unavailable',
      expect.stringContaining(`${name} is not a JSON object`),
    ])
  })

  test('there is no folder', async () => {
    expect((await refusal('/nowhere/at/all'))[1]).toContain('there is no such folder')
  })

  test('there is no graph, or one of another name', async () => {
    expect((await refusal(folderWith({ 'model.onnx': undefined })))[1]).toContain('optimum-cli export onnx')
    const folder = folderWith({ 'model.onnx': undefined, 'onnx/model_quantized.onnx': graph })
    expect((await refusal(folder))[1]).toContain('It has onnx/model_quantized.onnx: choose with file or precision')
    for (const options of [{ precision: 'q8' }, { file: 'onnx/model_quantized.onnx' }] as const) {
      const engine = await loadTextClassifier(folder, options)
      expect(engine.labels).toEqual(['BENIGN', 'ATTACK'])
      await engine.dispose()
    }
    expect((await refusal(folder, { file: 'other.onnx' }))[1]).toContain('there is no file other.onnx')
  })

  test('the graph is cut off, empty, something else, or a pointer to it', async () => {
    for (const [bytes, said] of [
      [graph.subarray(0, Math.floor(graph.length / 2)), 'It may be cut off'],
      [graph.subarray(0, graph.length - 40), 'It may be cut off'],
      [new TextEncoder().encode('<html>not found</html>'), 'It may be cut off'],
      [new Uint8Array(), 'is empty'],
      ['version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 9\n', 'Run: git lfs pull'],
    ] as const)
      expect(await refusal(folderWith({ 'model.onnx': bytes }))).toEqual([
        'engine_unavailable',
        expect.stringContaining(said),
      ])
  })

  test('a file that goes away is missed when it is loaded again', async () => {
    const folder = folderWith({})
    await (await loadTextClassifier(folder)).dispose()
    rmSync(join(folder, 'model.onnx'))
    expect((await refusal(folder))[0]).toBe('engine_unavailable')
  })
})

describe('what does not fit together', () => {
  test('labels and outputs', async () => {
    const three = { ...MODEL_CONFIG, id2label: { '0': 'A', '1': 'B', '2': 'C' } }
    expect((await refusal(folderWith({ 'config.json': three })))[1]).toContain(
      'it has 2 outputs, but 3 labels: A, B, C',
    )
    expect((await refusal(folderWith({}), { labels: ['only'] }))[1]).toContain('2 outputs, but 1 labels')
    const none = { ...MODEL_CONFIG, id2label: undefined }
    expect((await refusal(folderWith({ 'config.json': none })))[1]).toContain(
      'Give the names of its 2 outputs as labels',
    )
    const gap = { ...MODEL_CONFIG, id2label: { '0': 'A', '2': 'C' } }
    expect((await refusal(folderWith({ 'config.json': gap })))[1]).toContain('has no name for 1')
    const twice = { ...MODEL_CONFIG, id2label: { '0': 'A', '1': 'A' } }
    expect((await refusal(folderWith({ 'config.json': twice })))[1]).toContain('twice')
  })

  test('a tokenizer of another model', async () => {
    const small = { ...MODEL_CONFIG, vocab_size: 12 }
    expect((await refusal(folderWith({ 'config.json': small })))[1]).toContain('has 16 tokens, the model 12')
    const added = [...TOKENIZER_JSON.added_tokens, { id: 40, content: '<new>', special: true }]
    const json = { ...TOKENIZER_JSON, added_tokens: added }
    expect((await refusal(folderWith({ 'tokenizer.json': json })))[1]).toContain('has 41 tokens, the model 16')
  })

  test('a tokenizer that cannot read the first text', async () => {
    const json = { ...TOKENIZER_JSON, model: { ...TOKENIZER_JSON.model, unk_token: null } }
    const folder = folderWith({ 'tokenizer.json': json })
    expect(await refusal(folder)).toEqual(['engine_unavailable', expect.stringContaining('cannot read the text "a"')])
    await expect(loadTextEncoder(folder)).rejects.toMatchObject({ code: 'engine_unavailable' })
  })

  test('a softmax over one label', async () => {
    const folder = folderWith({ 'model.onnx': countingGraph({ inputs: ['input_ids'] }) })
    const options = { labels: ['only'], activation: 'softmax' } as const
    expect(await refusal(folder, options)).toEqual(['configuration', expect.stringContaining('always 1')])
  })

  test('a tokenizer that is none', async () => {
    expect((await refusal(folderWith({ 'tokenizer.json': {} })))[1]).toContain('it has no model')
    const odd = { ...TOKENIZER_JSON, model: { type: 'Telepathy' } }
    expect((await refusal(folderWith({ 'tokenizer.json': odd })))[0]).toBe('engine_unavailable')
  })

  test.each([
    [['pixel_values'], 'the input pixel_values, which is not one of input_ids'],
    [['input_ids', 'past_key_values.0.key'], 'which generates texts'],
    [['attention_mask'], 'no input input_ids; it has attention_mask'],
    [['input_ids1', 'attention_mask1', 'attention_mask2'], 'no input input_ids2'],
  ])('inputs %j', async (inputs, said) => {
    expect((await refusal(folderWith({ 'model.onnx': countingGraph({ inputs }) })))[1]).toContain(said)
  })

  test('outputs that are no labels, or not numbers', async () => {
    const nan = countingGraph({ bias: Number.NaN })
    expect((await refusal(folderWith({ 'model.onnx': nan })))[1]).toContain('not numbers (NaN or infinite)')
    const infinite = countingGraph({ bias: Infinity })
    expect((await refusal(folderWith({ 'model.onnx': infinite })))[1]).toContain('not numbers')
  })

  test('a problem type without probabilities', async () => {
    const config = { ...MODEL_CONFIG, problem_type: 'regression' }
    expect((await refusal(folderWith({ 'config.json': config })))[1]).toContain('gives no probabilities')
  })

  test('an encoder that is a classifier', async () => {
    const folder = folderWith({ 'model.onnx': countingGraph({ inputs: ['input_ids1', 'input_ids2'] }) })
    await expect(loadTextEncoder(folder)).rejects.toThrow('Load it as a text classifier')
  })
})

test('a graph that breaks off when it runs', async () => {
  const real = await loadOnnxRuntime()
  const broken: OnnxRuntime = {
    ...real,
    async session(model, options) {
      const session = await real.session(model, options)
      const { inputNames, outputNames } = session
      const run = (): Promise<never> => Promise.reject(new Error('indices out of bounds'))
      return { inputNames, outputNames, run, release: () => session.release() }
    },
  }
  const [code, message] = await refusal(folderWith({}), { runtime: () => Promise.resolve(broken) })
  expect([code, message]).toEqual(['engine_unavailable', expect.stringContaining('it does not run. Its vocabulary')])
})

describe('options', () => {
  test.each([
    [{ maxTokens: 17 }, 'the model has 16 positions'],
    [{ maxTokens: 0 }, 'maxTokens must be a whole number above 0'],
    [{ overlap: 9 }, 'overlap must be at most half of maxTokens'],
    [{ overlap: -1 }, 'overlap must be a whole number'],
    [{ padTo: 8, maxTokens: 12 }, 'padTo is 8, less than maxTokens, 12'],
    [{ longest: 1.5 }, 'longest must be a whole number'],
    [{ threads: 0 }, 'threads must be a whole number'],
    [{ labels: ['A', 'A'] }, 'labels must be names, each once'],
    [{ precision: 'fp8' as 'fp16' }, 'precision is one of fp32'],
    [{ activation: 'relu' as 'softmax' }, 'activation is softmax or sigmoid'],
  ])('%j', async (options, said) => {
    expect(await refusal(folderWith({}), options)).toEqual(['configuration', expect.stringContaining(said)])
  })

  test('too few tokens for the frame', async () => {
    expect((await refusal(folderWith({}), { maxTokens: 4 }))[1]).toContain('of which 3 stand around texts')
  })

  test('onnxruntime that is not installed is named', async () => {
    const missing = new ParapetError(
      'engine_unavailable',
      'This needs onnxruntime-node. Run: npm install onnxruntime-node',
    )
    const options = { runtime: () => Promise.reject(missing) }
    expect((await refusal(folderWith({}), options))[1]).toContain('npm install onnxruntime-node')
    const web = { kind: 'web' as const, tensor: () => expect.fail(), session: () => expect.fail() }
    expect((await refusal(folderWith({}), { runtime: () => Promise.resolve(web) }))[1]).toContain('onnxruntime-node')
  })
})
