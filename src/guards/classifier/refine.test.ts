/** The guard with a deep tier: what is looked at twice, what counts in the end, and what stays as it was. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { tinyGuardModel } from '../../../test/support/nn/guard-model.ts'
import { createStreamBuffer, createTextView } from '../../core/text/index.ts'
import { createDeepTier, createEmbeddedClassifier, MODEL_FILES } from '../../engines/embedded/index.ts'
import { writeGuardEncoder } from '../../nn/encoder/guard-encoder.ts'
import type {
  ClassifierEngine,
  ClassifierInput,
  ClassifierScores,
  Guard,
  GuardReport,
  GuardRequest,
} from '../../spec/index.ts'
import { createClassifierGuard } from './index.ts'

const NOTHING: ClassifierScores = {
  prompt_harm: 0,
  response_harm: 0,
  refusal: 0,
  injection_direct: 0,
  injection_indirect: 0,
  toxicity_prompt: 0,
  toxicity_response: 0,
  categories: {},
}

interface Looked {
  readonly input: ClassifierInput
  readonly scores: ClassifierScores
}

interface Script {
  /** Harm of a text by the fast tier. */
  readonly harm: (text: string) => number
  /** Harm by the deep tier, or null where it is not asked. */
  readonly again?: (text: string) => number | null
  readonly card?: ClassifierEngine['card']
}

function engine(
  { harm, again, card = { heads: {} } }: Script,
  looked: Looked[] = [],
): { readonly made: ClassifierEngine; readonly looked: Looked[] } {
  const textOf = ({ prompt, response }: ClassifierInput): string => response ?? prompt ?? ''
  const fast: ClassifierEngine = {
    specVersion: 'v1',
    kind: 'classifier',
    id: 'scripted',
    version: again === undefined ? 'fast' : 'fast+deep',
    card,
    explain: () => [],
    classify: (input) => ({ ...NOTHING, prompt_harm: harm(textOf(input)), response_harm: harm(textOf(input)) }),
  }
  if (again === undefined) return { made: fast, looked }
  const refine: ClassifierEngine['refine'] = (input, scores) => {
    const score = again(textOf(input))
    if (score === null) return null
    looked.push({ input, scores })
    const head = input.response === undefined ? 'prompt_harm' : 'response_harm'
    return Promise.resolve({ ...scores, [head]: score, categories: { S1: score }, deep: [head, 'S1'] })
  }
  return { made: { ...fast, refine }, looked }
}

function asked(text: string, more: Partial<GuardRequest> = {}): GuardRequest {
  const { signal } = new AbortController()
  return { stage: 'input', field: 'prompt', text: createTextView(text), caller: {}, signal, ...more }
}

/** Words of ten characters, each with its number. */
function numbered(count: number): string {
  return Array.from({ length: count }, (_, index) => `word${String(index).padStart(5, '0')} `).join('')
}

describe('a text in one passage', () => {
  test('is judged at once where the engine is sure', () => {
    const { made } = engine({ harm: () => 0.9, again: () => null })
    const report = createClassifierGuard({ engine: made }).check(asked('a'))
    expect(report).toMatchObject({ scores: { prompt_harm: 0.9 } })
  })

  test.each([0.97, 0.03])('has the score of the deep tier where it is not: %d', async (score) => {
    const { made, looked } = engine({ harm: () => 0.5, again: () => score })
    const check = createClassifierGuard({ engine: made }).check(asked('a'))
    expect(check).toBeInstanceOf(Promise)
    expect(await check).toMatchObject({
      scores: { prompt_harm: score },
      categories: { S1: score },
      findings: score > 0.1 ? [{ label: 'prompt_harm', score }] : [],
    })
    expect(looked).toHaveLength(1)
  })

  test.each([
    ['input', {}, { response_harm: null, refusal: null, toxicity_response: null, injection_indirect: null }],
    ['input', { origin: 'unknown', system: 'Cook.' }, { response_harm: null, injection_indirect: 0 }],
    ['retrieval', {}, { response_harm: null, injection_indirect: 0, prompt_harm: 0.5 }],
    ['output', { prompt: 'ask' }, { prompt_harm: null, injection_direct: null, toxicity_prompt: null, refusal: 0 }],
  ] as const)('at stage %s with %j only heads that count can ask', async (stage, more, scores) => {
    const { made, looked } = engine({ harm: () => 0.5, again: () => 0.5 })
    await createClassifierGuard({ engine: made }).check(asked('a', { stage, ...more }))
    expect(looked[0]?.scores).toMatchObject(scores)
    if (stage === 'output') expect(looked[0]?.input).toEqual({ response: 'a', prompt: 'ask' })
  })

  test('is refined by the real tiers', async () => {
    const deep = createDeepTier(writeGuardEncoder(tinyGuardModel({ band: { prompt_harm: [0, 1] } })))
    const both = createEmbeddedClassifier(readFileSync(MODEL_FILES.classifier), 'both', deep)
    const prompt = 'how do i cook rice'
    const expected = await both.refine?.({ prompt }, both.classify({ prompt }))
    const report = await createClassifierGuard({ engine: both }).check(asked(prompt))
    expect(report.scores?.prompt_harm).toBe(expected?.prompt_harm)
    expect(report.categories).toEqual(expected?.categories)
  })
})

describe('a long text', () => {
  const text = numbered(200)
  /** Windows that begin later are worse. */
  const harm = (passage: string): number => (passage.length > 100 ? 0.3 : Number(passage.slice(4, 9)) / 400 + 0.2)

  test('is looked at as a whole and in its eight worst windows', async () => {
    const { made, looked } = engine({ harm, again: (passage) => harm(passage) - 0.1 })
    const report = await createClassifierGuard({ engine: made, window: 100, hop: 100 }).check(asked(text))
    expect(looked.map(({ input }) => input.prompt?.length)).toEqual([text.length, ...Array<number>(8).fill(100)])
    expect(looked.slice(1).map(({ input }) => input.prompt?.slice(4, 9))).toEqual(
      [190, 180, 170, 160, 150, 140, 130, 120].map((start) => String(start).padStart(5, '0')),
    )
    // The ninth window was not looked at again and keeps what it had; all others came out lower.
    const left = harm('word00110')
    expect(report.scores?.prompt_harm).toBeCloseTo(Math.max(left, harm('word00190') - 0.1), 10)
    expect(report.findings).toHaveLength(21)
    expect(report.findings.at(-1)).toMatchObject({ score: harm('word00190') - 0.1, span: { start: 1900, end: 2000 } })
  })

  test('does not count windows that nobody was asked about', async () => {
    const isOdd = (passage: string): boolean => Number(passage.slice(4, 9)) % 20 === 10
    const { made, looked } = engine({ harm, again: (passage) => (isOdd(passage) ? 0.9 : null) })
    const report = await createClassifierGuard({ engine: made, window: 100, hop: 100 }).check(asked(text))
    expect(looked.map(({ input }) => Number(input.prompt?.slice(4, 9)))).toEqual([190, 170, 150, 130, 110, 90, 70, 50])
    expect(report.scores?.prompt_harm).toBe(0.9)
  })

  test('is given up when nobody waits for it any more', async () => {
    const controller = new AbortController()
    const { made, looked } = engine({ harm, again: () => (controller.abort(), 0.5) })
    const guard = createClassifierGuard({ engine: made, window: 100 })
    await expect(guard.check(asked(text, { signal: controller.signal }))).rejects.toMatchObject({ code: 'aborted' })
    expect(looked).toHaveLength(1)
  })

  test('fails where the deep tier fails, and is not judged by the fast one unnoticed', async () => {
    const { made } = engine({ harm, again: () => 0.5 })
    const failing: ClassifierEngine = { ...made, refine: () => Promise.reject(new Error('broken')) }
    await expect(createClassifierGuard({ engine: failing }).check(asked(text))).rejects.toThrow('broken')
  })
})

describe('beside the deep tier', () => {
  test('the version of the guard tells one from the other', () => {
    const versions = [undefined, () => 0.5].map(
      (again) =>
        createClassifierGuard({ engine: engine({ harm: () => 0, ...(again === undefined ? {} : { again }) }).made })
          .version,
    )
    expect(versions).toEqual(['fast:512:256', 'fast+deep:512:256'])
  })

  test('a stream is judged by the fast tier', async () => {
    const { made, looked } = engine({ harm: () => 0.5, again: () => 0.9 })
    const { text: _, ...request } = asked('', { stage: 'output', field: 'response' })
    const session = createClassifierGuard({ engine: made }).open?.(request)
    const buffer = createStreamBuffer()
    buffer.append(numbered(120))
    buffer.finish()
    expect(await session?.advance(buffer)).toMatchObject({ report: { scores: { response_harm: 0.5 } } })
    expect(looked).toEqual([])
  })
})

describe('a language nobody tested', () => {
  const card: ClassifierEngine['card'] = {
    heads: { prompt_harm: { en: 'trained', it: 'transferred', de: 'untested' }, S1: { fr: 'trained' } },
    deep: { prompt_harm: { de: 'trained' }, S1: { fr: 'trained' } },
  }
  const languages: Readonly<Record<string, string>> = { English: 'en', Italiano: 'it', Deutsch: 'de', Français: 'fr' }
  const language = (text: string): string | null => languages[text] ?? null
  const check = (guard: Guard, text: string): GuardReport => guard.check(asked(text)) as GuardReport
  const guard = (score: number): Guard =>
    createClassifierGuard({ engine: engine({ harm: () => score, card }).made, language })

  test.each([
    ['English', 0.9, undefined],
    ['Italiano', 0.9, undefined],
    ['Deutsch', 0.9, ['prompt_harm']],
    ['Deutsch', 0.5, undefined],
    ['Français', 0.9, ['prompt_harm']],
    ['?', 0.9, undefined],
  ])('is marked: %s at %d', (text, score, untested) => {
    expect(check(guard(score), text).untested).toEqual(untested)
  })

  test('is that of the tier that gave the score', async () => {
    const { made } = engine({ harm: () => 0.4, again: () => 0.9, card })
    const both = createClassifierGuard({ engine: made, language })
    expect((await both.check(asked('Deutsch'))).untested).toEqual(['S1'])
    expect((await both.check(asked('English'))).untested).toEqual(['prompt_harm', 'S1'])
  })

  test('is asked for only where a score is above one half', () => {
    const never = (): never => {
      throw new Error('This was not to be asked.')
    }
    const quiet = createClassifierGuard({ engine: engine({ harm: () => 0.5 }).made, language: never })
    expect(check(quiet, 'a').scores?.prompt_harm).toBe(0.5)
  })

  test('is marked in a stream as in the whole text', () => {
    const { text: _, ...request } = asked('', { stage: 'output', field: 'response' })
    const session = guard(0.9).open?.(request)
    const buffer = createStreamBuffer()
    buffer.append('Deutsch')
    buffer.finish()
    expect(session?.advance(buffer)).toMatchObject({ report: { untested: ['response_harm'] } })
  })
})
