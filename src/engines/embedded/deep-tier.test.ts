/** The deep tier on a real onnxruntime: who is asked, what both tiers say together, and that no failure is a silent pass. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { headModel, tinyEncoder, tinyGuardModel } from '../../../test/support/nn/guard-model.ts'
import { runtime as realRuntime } from '../../../test/support/nn/run-graph.ts'
import { encodeGuardText, type GuardEncoderData, writeGuardEncoder } from '../../nn/encoder/guard-encoder.ts'
import type { OnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { UnigramTokenizer } from '../../nn/tokenizer/unigram.ts'
import type { ClassifierEngine, ClassifierScores } from '../../spec/index.ts'
import { ParapetError } from '../../spec/index.ts'
import type { DeepTier, DeepTierOptions } from './deep-tier.ts'
import { examineDeepTier } from './examine-deep-tier.ts'
import { createDeepTier, createEmbeddedClassifier, loadEmbeddedClassifier, MODEL_FILES } from './index.ts'

const MODEL = tinyGuardModel()
const folder = mkdtempSync(join(tmpdir(), 'parapet-deep-'))
afterAll(() => rmSync(folder, { recursive: true }))

function tier(change: Partial<GuardEncoderData> = {}, options: DeepTierOptions = {}): DeepTier {
  return createDeepTier(writeGuardEncoder({ ...MODEL, ...change }), { runtime: realRuntime, ...options })
}

const SURE: ClassifierScores = {
  prompt_harm: 0.05,
  response_harm: null,
  refusal: null,
  injection_direct: 0.05,
  injection_indirect: 0.05,
  toxicity_prompt: 0.05,
  toxicity_response: null,
  categories: { S1: 0.5, S2: 0.01 },
}
const ANSWER: ClassifierScores = {
  prompt_harm: null,
  response_harm: 0.5,
  refusal: 0.5,
  injection_direct: null,
  injection_indirect: null,
  toxicity_prompt: null,
  toxicity_response: 0.9,
  categories: { S1: 0.5, S2: 0.01 },
}

/** What a part of the model says of a text, run here by itself. */
async function logits(part: 'text' | 'response', text: string, prompt?: string): Promise<Record<string, number>> {
  const ort = await realRuntime()
  const tokenizer = new UnigramTokenizer({ pieces: MODEL.pieces, reserved: MODEL.reserved })
  const vector = async (of: string): Promise<Float32Array> => {
    const ids = encodeGuardText(tokenizer, of, MODEL.maxTokens)
    const session = await ort.session(MODEL.encoder)
    const results = await session.run({ ids: ort.tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]) })
    return results['vector']?.data as Float32Array
  }
  const own = await vector(text)
  const beside = prompt === undefined ? own.map(() => 0) : await vector(prompt)
  const input = part === 'text' ? own : Float32Array.of(...own, ...beside)
  const session = await ort.session(MODEL[part])
  const results = await session.run({ vector: ort.tensor('float32', input, [1, input.length]) })
  const data = results['logits']?.data as Float32Array
  return Object.fromEntries(MODEL.heads[part].map((output, index) => [output, data[index] ?? Number.NaN]))
}

function together(logit: number | undefined, fast: number, { deep = 1.5, weight = 0.5, bias = 0.25 } = {}): number {
  const clamped = Math.min(1 - 1e-6, Math.max(1e-6, fast))
  return 1 / (1 + Math.exp(-(deep * (logit ?? Number.NaN) + weight * Math.log(clamped / (1 - clamped)) + bias)))
}

describe('who is asked', () => {
  test.each([
    ['no score is in its band', SURE],
    ['a score is below its band', { ...SURE, prompt_harm: 0.19 }],
    ['a score is above its band', { ...SURE, prompt_harm: 0.81 }],
    ['a head without a band is unsure', { ...SURE, injection_direct: 0.5 }],
    ['the head in its band does not count', { ...SURE, prompt_harm: null }],
  ])('nobody where %s', (_, scores) => {
    expect(tier().refine({ prompt: 'ab' }, scores)).toBeNull()
  })

  test('the deep tier exactly where a score is in its band', async () => {
    const deep = tier()
    const score = fc.double({ min: 0, max: 1, noNaN: true })
    await fc.assert(
      fc.asyncProperty(score, score, async (harm, toxicity) => {
        const asked = deep.refine({ prompt: 'ab' }, { ...SURE, prompt_harm: harm, toxicity_prompt: toxicity })
        expect(asked !== null).toBe((harm >= 0.2 && harm <= 0.8) || (toxicity >= 0.3 && toxicity <= 0.6))
        await asked
      }),
    )
  })

  test('the deep tier about everything, for measuring', async () => {
    const deep = tier({}, { band: 'all' })
    expect(deep.version).toBe(`${tier().version}:all`)
    const said = await deep.refine({ prompt: 'ab' }, SURE)
    const own = await logits('text', 'ab')
    expect(said?.injection_indirect).toBeCloseTo(together(own['injection_indirect'], 0.05), 5)
    expect(said?.prompt_harm).toBeCloseTo(together(own['prompt_harm'], 0.05), 5)
  })
})

describe('what both tiers say together', () => {
  test('replaces the scores in their bands and the hazards; a tier that is sure stays', async () => {
    const said = await tier().refine({ prompt: 'some words' }, { ...SURE, prompt_harm: 0.4 })
    const own = await logits('text', 'some words')
    expect(said).toEqual({
      ...SURE,
      prompt_harm: expect.closeTo(together(own['prompt_harm'], 0.4), 5),
      categories: {
        S1: expect.closeTo(together(own['S1'], 0.5), 5),
        S2: expect.closeTo(together(own['S2'], 0.01), 5),
      },
      deep: ['prompt_harm', 'S1', 'S2'],
    })
  })

  test.each([
    ['an answer and its prompt', 'a question'],
    ['an answer alone', undefined],
    ['an answer to nothing', ''],
  ])('of %s', async (_, prompt) => {
    const input = prompt === undefined ? { response: 'an answer' } : { response: 'an answer', prompt }
    const said = await tier({ band: { response_harm: [0.5, 0.5], refusal: [0, 1] } }).refine(input, ANSWER)
    const ofText = await logits('text', 'an answer')
    const ofAnswer = await logits('response', 'an answer', prompt === '' ? undefined : prompt)
    expect(said).toEqual({
      ...ANSWER,
      response_harm: expect.closeTo(together(ofAnswer['response_harm'], 0.5), 5),
      refusal: expect.closeTo(together(ofAnswer['refusal'], 0.5), 5),
      categories: {
        S1: expect.closeTo(together(ofText['S1'], 0.5), 5),
        S2: expect.closeTo(together(ofText['S2'], 0.01), 5),
      },
      deep: ['response_harm', 'refusal', 'S1', 'S2'],
    })
    const alone = await logits('response', 'an answer')
    if (prompt === 'a question') expect(ofAnswer['refusal']).not.toBeCloseTo(alone['refusal'] ?? 0, 5)
  })

  test('is nearly the same of an encoder in int8, on processors of all kinds', async () => {
    const unsure = { ...SURE, prompt_harm: 0.5 }
    const small = tier({ encoder: tinyEncoder('int8') })
    const distances: number[] = []
    for (const prompt of ['some words', 'how do i cook rice', 'zebra', 'the quick brown fox']) {
      const exact = await tier().refine({ prompt }, unsure)
      const near = await small.refine({ prompt }, unsure)
      distances.push(Math.abs((near?.prompt_harm ?? Number.NaN) - (exact?.prompt_harm ?? Number.NaN)))
    }
    expect(Math.max(...distances)).toBeLessThan(0.02)
    expect(Math.max(...distances)).toBeGreaterThan(0)
  })

  test('a probability of 0 or 1 stays a number', async () => {
    const deep = tier({ band: { prompt_harm: [0, 1] } })
    const own = await logits('text', 'ab')
    for (const fast of [0, 1]) {
      const said = await deep.refine({ prompt: 'ab' }, { ...SURE, prompt_harm: fast })
      expect(said?.prompt_harm).toBeCloseTo(together(own['prompt_harm'], fast), 5)
    }
  })

  test('is calibrated by the language of the text', async () => {
    const calibration = {
      ...MODEL.calibration,
      prompt_harm: { '*': { deep: 1, fast: 0, bias: 0 }, de: { deep: 0, fast: 1, bias: 2 } },
    }
    const deep = tier({ calibration })
    const german = 'Das Wetter ist heute sehr schön und wir gehen gemeinsam in den Garten.'
    const english = 'The weather is very nice today and we are going into the garden together.'
    const unsure = { ...SURE, prompt_harm: 0.5 }
    expect((await deep.refine({ prompt: german }, unsure))?.prompt_harm).toBeCloseTo(
      together(0, 0.5, { deep: 0, weight: 1, bias: 2 }),
      5,
    )
    for (const text of [english, 'das']) {
      const own = await logits('text', text)
      expect((await deep.refine({ prompt: text }, unsure))?.prompt_harm).toBeCloseTo(
        together(own['prompt_harm'], 0.5, { deep: 1, weight: 0, bias: 0 }),
        5,
      )
    }
  })
})

/** The real runtime, with a count of what ran and how much of it at once. */
function watched(): { readonly runtime: () => Promise<OnnxRuntime>; readonly encoded: string[]; most: number } {
  const encoded: string[] = []
  let running = 0
  const watch = {
    encoded,
    most: 0,
    runtime: async (): Promise<OnnxRuntime> => {
      const ort = await realRuntime()
      return {
        ...ort,
        session: async (model, options) => {
          const session = await ort.session(model, options)
          return {
            inputNames: session.inputNames,
            outputNames: session.outputNames,
            release: () => session.release(),
            run: async (feeds) => {
              watch.most = Math.max(watch.most, (running += 1))
              if (feeds['ids'] !== undefined) encoded.push(String(feeds['ids'].data))
              return session.run(feeds).finally(() => (running -= 1))
            },
          }
        },
      }
    },
  }
  return watch
}

describe('at work', () => {
  test('overlapping calls get what calls one by one get, and run one by one', async () => {
    const texts = Array.from({ length: 20 }, (_, index) => 'abcdefghijklmnopqrstuvwxyz'.slice(index, index + 5))
    const unsure = { ...SURE, prompt_harm: 0.5 }
    const alone: unknown[] = []
    const one = tier()
    for (const text of texts) alone.push(await one.refine({ prompt: text }, unsure))
    const watch = watched()
    const deep = tier({}, watch)
    expect(await Promise.all(texts.map((text) => deep.refine({ prompt: text }, unsure)))).toEqual(alone)
    expect(watch.most).toBe(1)
    expect(new Set(alone.map((scores) => JSON.stringify(scores))).size).toBeGreaterThan(10)
  })

  test('a prompt that was read for itself is not read again for its answers', async () => {
    const watch = watched()
    const deep = tier({}, watch)
    await deep.refine({ prompt: 'ask' }, { ...SURE, prompt_harm: 0.5 })
    await Promise.all(
      ['one', 'two'].map((response) => deep.refine({ prompt: 'ask', response }, { ...ANSWER, response_harm: 0.5 })),
    )
    expect(watch.encoded).toHaveLength(3)
  })

  test('a text is read again once many others were read after it', async () => {
    const watch = watched()
    const deep = tier({}, watch)
    const read = async (prompt: string): Promise<unknown> => deep.refine({ prompt }, { ...SURE, prompt_harm: 0.5 })
    await read('first')
    for (let index = 0; index < 64; index++) await read('x'.repeat(index + 1))
    expect(watch.encoded).toHaveLength(65)
    await read('first')
    expect(watch.encoded).toHaveLength(66)
  })
})

describe('a failure', () => {
  const unsure = { ...SURE, prompt_harm: 0.5 }
  const absent = (): Promise<OnnxRuntime> => Promise.reject(new ParapetError('engine_unavailable', 'not installed'))

  test('to find onnxruntime is an error, or leaves it to the fast tier for good', async () => {
    await expect(tier({}, { runtime: absent }).refine({ prompt: 'a' }, unsure)).rejects.toMatchObject({
      code: 'engine_unavailable',
    })
    const deep = tier({}, { runtime: absent, withoutRuntime: 'fast' })
    expect(await deep.refine({ prompt: 'a' }, unsure)).toEqual(unsure)
    expect(deep.refine({ prompt: 'a' }, unsure)).toBeNull()
    expect(await deep.open()).toBeNull()
    expect(await deep.milliseconds(3)).toBeNull()
  })

  test.each([
    ['an encoder that is no model', { encoder: Uint8Array.of(1, 2, 3) }],
    ['a head model that is none', { response: Uint8Array.of(1, 2, 3) }],
    ['heads of another number', { text: headModel(4, 3, 1) }],
    ['heads of another width', { text: headModel(5, MODEL.heads.text.length, 1) }],
  ] as const)('of %s is an error each time, whatever a missing runtime means', async (_, change) => {
    const deep = tier(change, { withoutRuntime: 'fast' })
    for (let time = 0; time < 2; time++)
      await expect(deep.refine({ prompt: 'a' }, unsure)).rejects.toMatchObject({
        code: 'engine_unavailable',
        message: expect.stringContaining('deep: off'),
      })
  })

  test('of the file is told when it is read', () => {
    const bytes = writeGuardEncoder(MODEL)
    expect(() => createDeepTier(bytes.subarray(0, -8))).toThrow('checksum')
  })
})

describe('the classifier with both tiers', () => {
  const bytes = readFileSync(MODEL_FILES.classifier)
  const path = join(folder, 'deep.bin')
  writeFileSync(path, writeGuardEncoder({ ...MODEL, band: { prompt_harm: [0, 1] } }))
  const absent = join(folder, 'absent.bin')
  const damaged = join(folder, 'damaged.bin')
  writeFileSync(damaged, writeGuardEncoder(MODEL).subarray(0, -8))
  const refines = ({ refine }: ClassifierEngine): boolean => refine !== undefined

  test('refines what it classified, and says so in its version and card', async () => {
    const fast = createEmbeddedClassifier(bytes)
    const both = createEmbeddedClassifier(bytes, 'both', tier({ band: { prompt_harm: [0, 1] } }))
    const input = { prompt: 'how do i cook rice' }
    const scores = both.classify(input)
    expect(scores).toEqual(fast.classify(input))
    const own = await logits('text', input.prompt)
    const said = await both.refine?.(input, scores)
    expect(said?.prompt_harm).toBeCloseTo(together(own['prompt_harm'], scores.prompt_harm ?? Number.NaN), 5)
    expect(said?.deep).toContain('prompt_harm')
    expect(both.version).toBe(`${fast.version}+${tier({ band: { prompt_harm: [0, 1] } }).version}`)
    expect(both.card).toEqual({ heads: fast.card.heads, deep: MODEL.coverage })
    expect(refines(fast)).toBe(false)
  })

  test('is loaded where the file is there', async () => {
    expect(refines(await loadEmbeddedClassifier(undefined, { deepPath: path }))).toBe(true)
    expect(refines(await loadEmbeddedClassifier(undefined, { deepPath: path, deep: 'required' }))).toBe(true)
    expect(refines(await loadEmbeddedClassifier(undefined, { deepPath: path, deep: 'off' }))).toBe(false)
    expect(refines(await loadEmbeddedClassifier(undefined, { deepPath: absent }))).toBe(false)
  })

  test('whose fast tier is another one has a deep one only if that is named', async () => {
    const own = fileURLToPath(MODEL_FILES.classifier)
    expect(refines(await loadEmbeddedClassifier(own))).toBe(false)
    expect(refines(await loadEmbeddedClassifier(own, { deepPath: path }))).toBe(true)
  })

  test.each([
    ['required and not there', { deepPath: absent, deep: 'required' }],
    ['damaged', { deepPath: damaged }],
    ['damaged and required', { deepPath: damaged, deep: 'required' }],
    ['no file but a folder', { deepPath: folder }],
  ] as const)('is not loaded where its deep tier is %s', async (_, options) => {
    await expect(loadEmbeddedClassifier(undefined, options)).rejects.toMatchObject({ code: 'engine_unavailable' })
  })

  test('is examined', async () => {
    expect(await examineDeepTier(path)).toEqual({
      bytes: readFileSync(path).length,
      runtime: 'node',
      milliseconds: expect.any(Number),
      problem: null,
    })
    expect(await examineDeepTier(absent)).toEqual({ bytes: null, runtime: null, milliseconds: null, problem: null })
    expect((await examineDeepTier(damaged)).problem).toContain('checksum')
  })

  test('needs no Node API and loads no package before it is asked', () => {
    const seen = new Set<string>()
    const outside: string[] = []
    const walk = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      const text = readFileSync(file, 'utf8')
      for (const [, names = '', from = ''] of text.matchAll(/^(?:import|export) ([^;]*?) from '([^']+)'/gms)) {
        if (names.startsWith('type ')) continue
        if (from.startsWith('.')) walk(resolve(dirname(file), from))
        else outside.push(from)
      }
    }
    const here = dirname(fileURLToPath(import.meta.url))
    walk(join(here, 'classifier.ts'))
    expect([...seen].some((file) => file.includes('onnx'))).toBe(false)
    walk(join(here, 'deep-tier.ts'))
    expect(seen.size).toBeGreaterThan(8)
    expect(outside).toEqual([])
  })
})
