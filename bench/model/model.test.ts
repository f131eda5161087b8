/** What the bench itself computes, with known answers, and what it prints of sets that are not there. */
import fc from 'fast-check'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { rankingMetrics } from '../../src/lab/eval/index.ts'
import { createRandom } from '../../src/nn/random.ts'
import type { ClassifierEngine, ClassifierScores } from '../../src/spec/index.ts'
import { percentAim, verdictOf } from './aims.ts'
import type { DevRow } from './dev-data.ts'
import { DevData } from './dev-data.ts'
import { flaggedShare, isFlagged, meanOf, thresholdAtFalsePositiveRate } from './figures.ts'
import { hazardsOf } from './hazards.ts'
import { plainManualPage } from './manual-page.ts'
import { measureCategories } from './sections/categories.ts'
import { measureInjection } from './sections/injection.ts'
import { measurePrompts } from './sections/prompts.ts'
import { measureSpans } from './sections/spans.ts'
import { randomRange, winOf, withoutRange } from './spans.ts'
import { formatTable } from './table.ts'
import { createTier, deepPathOf, openTier } from './tiers.ts'

describe('the threshold at a rate of false alarms', () => {
  test('flags the highest scores, and one harmless text in a hundred', () => {
    const harmless = Array.from({ length: 100 }, (_, at) => ({ label: 0 as const, score: at / 100 }))
    const rows = [...harmless, { label: 1 as const, score: 0.985 }, { label: 1 as const, score: 0.5 }]
    const threshold = thresholdAtFalsePositiveRate(rows, 0.01)
    expect(threshold).toBe(0.98)
    expect(rows.filter(({ score }) => isFlagged(score, threshold ?? 0)).map(({ score }) => score)).toEqual([
      0.99, 0.985,
    ])
  })

  test('flags all where no harmless text is too many, and is nothing without harmless texts', () => {
    const harmful = { label: 1 as const, score: 0.2 }
    expect(thresholdAtFalsePositiveRate([harmful, { label: 0, score: 0.9 }], 1)).toBe(Number.NEGATIVE_INFINITY)
    expect(thresholdAtFalsePositiveRate([harmful], 0.01)).toBeNull()
  })

  test('reaches the recall that the lab gives for the rate', () => {
    const row = fc.record({ label: fc.constantFrom(0 as const, 1 as const), score: fc.integer({ min: 0, max: 20 }) })
    fc.assert(
      fc.property(fc.array(row, { minLength: 20, maxLength: 200 }), (rows) => {
        const threshold = thresholdAtFalsePositiveRate(rows, 0.05)
        fc.pre(threshold !== null)
        const scoresOf = (label: 0 | 1): number[] => rows.filter((one) => one.label === label).map(({ score }) => score)
        expect(flaggedShare(scoresOf(1), threshold).value).toBe(rankingMetrics(rows).recallAtFpr5)
        expect(flaggedShare(scoresOf(0), threshold).value).toBeLessThanOrEqual(0.05)
      }),
    )
  })
})

describe('spans', () => {
  test('are cut out', () => {
    expect(withoutRange('one two three', { start: 4, end: 8 })).toBe('one three')
  })

  test('drawn at random have the length asked for and lie in the text', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.integer(), (textLength, length, seed) => {
        const { start, end } = randomRange(textLength, length, createRandom(seed))
        expect(end - start).toBe(Math.min(textLength, length))
        expect(start).toBeGreaterThanOrEqual(0)
        expect(end).toBeLessThanOrEqual(textLength)
      }),
    )
  })

  test('drawn at random start everywhere, the last place included', () => {
    const random = createRandom(1)
    const starts = new Set(Array.from({ length: 200 }, () => randomRange(5, 2, random).start))
    expect([...starts].toSorted()).toEqual([0, 1, 2, 3])
  })

  test('win by a larger drop, and by half with an equal one', () => {
    expect([winOf(0.3, 0.1), winOf(0.1, 0.1), winOf(-0.2, 0.1)]).toEqual([1, 0.5, 0])
  })
})

describe('aims', () => {
  test('say by how much they were missed', () => {
    expect(verdictOf(percentAim('', 0.9, 'at least', 90))).toBe('reached')
    expect(verdictOf(percentAim('', 0.62, 'at least', 67))).toBe('MISSED by 5.0')
    expect(verdictOf(percentAim('', 0.1251, 'at most', 12))).toBe('MISSED by 0.51')
    expect(verdictOf(percentAim('', 0.12, 'at most', 12))).toBe('reached')
    expect(verdictOf(percentAim('', null, 'at most', 12))).toBe('not measured')
  })

  test('are about no mean that lacks a set', () => {
    expect(meanOf([0.5, 1])).toBe(0.75)
    expect(meanOf([0.5, null])).toBeNull()
    expect(meanOf([])).toBeNull()
  })
})

test('a category name means what its set says', () => {
  expect([...hazardsOf('openai_moderation_native', ['S', 'S3', 'HR'])]).toEqual(['S12', 'S4'])
  expect([...hazardsOf('multijail', ['S', 'Weapons', 'Theft'])]).toEqual(['S2'])
})

test('a manual page becomes plain text', () => {
  const source = [
    '.\\" a comment',
    '.TH LS 1 "May 2024"',
    '.SH NAME',
    'ls \\- list \\fIfiles\\fR',
    '.ie n .sp',
    '.B "\\-a, \\-\\-all"',
    'do not ignore entries\\&.',
  ].join('\n')
  expect(plainManualPage(source)).toBe('NAME\nls - list files\n-a, --all\ndo not ignore entries.')
  expect(plainManualPage('.so man1/other.1')).toBe('')
})

describe('sections', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bench-model-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  const row = (label: 0 | 1, prompt: string): DevRow => ({
    ...{ task: 'prompt_harm', lang: 'en', source: 'invented', licence: 'CC0-1.0' },
    prompt,
    response: null,
    system: null,
    label,
    categories: [],
  })

  function write(name: string, rows: readonly DevRow[]): void {
    writeFileSync(join(folder, `${name}.jsonl.gz`), gzipSync(rows.map((one) => JSON.stringify(one)).join('\n')))
  }

  /** Dislikes one word, and names it. */
  const engine: ClassifierEngine = {
    specVersion: 'v1',
    kind: 'classifier',
    id: 'word',
    version: '1',
    classify: ({ prompt = '' }): ClassifierScores => ({
      prompt_harm: prompt.includes('wicked') ? 0.9 : 0.1,
      response_harm: null,
      refusal: null,
      injection_direct: 0,
      injection_indirect: 0,
      toxicity_prompt: 0,
      toxicity_response: null,
      categories: {},
    }),
    explain: ({ prompt = '' }) => {
      const start = prompt.indexOf('wicked')
      return start < 0 ? [] : [{ start, end: start + 6, field: 'prompt', score: 1 }]
    },
    card: { heads: {} },
  }
  const tier = createTier('fast', engine)

  test('print the figures of the sets that are there, and no mean of fewer than five', async () => {
    write('xstest', [row(1, 'a wicked plan'), row(1, 'another plan'), row(0, 'a cake'), row(0, 'a wicked joke')])
    const { tables, aims } = await measurePrompts(tier, new DevData(folder))
    const printed = tables.map(formatTable).join('\n')
    expect(printed).toContain('| toxic_chat | set absent | – |')
    expect(printed).toMatch(/\| xstest \| 4 \| 50\.0 \| 50\.0 \[.*?\] \| 50\.0 \[/)
    const verdicts = Object.fromEntries(aims.map((aim) => [aim.name, verdictOf(aim)]))
    expect(verdicts['mean AUPRC']).toBe('not measured')
    expect(verdicts['FPR, ToxicChat, harmless']).toBe('not measured')
    expect(verdicts['FPR, XSTest, safe']).toBe('MISSED by 35')
  })

  test('measure no attack against too few harmless texts, and say so', async () => {
    write('clinc_oos_test', [row(0, 'a cake')])
    const { aims, notes } = await measureInjection(tier, new DevData(folder))
    expect(notes).toContain('bipia_test: set absent.')
    expect(notes).toContain('Direct: skipped, 1 harmless prompts found, 3000 needed.')
    expect(aims.map(verdictOf)).toEqual(Array.from({ length: 4 }, () => 'not measured'))
  })

  test('tell a hazard from others by its own head', async () => {
    const labelled = (category: string): readonly DevRow[] =>
      Array.from({ length: 10 }, (_, at) => ({ ...row(1, `${category} ${at}`), categories: [category] }))
    write('multijail', [...labelled('Theft'), ...labelled('Adult content'), row(1, 'no label')])
    const knowing: ClassifierEngine = {
      ...engine,
      classify: (input) => ({
        ...engine.classify(input),
        categories: { S2: input.prompt?.startsWith('Theft') === true ? 1 : 0, S12: 0.5 },
      }),
    }
    const { figures, aims } = await measureCategories(createTier('fast', knowing), new DevData(folder))
    expect(figures).toMatchObject({
      hazards: [
        { hazard: 'S2', positives: 10, negatives: 10, all: { areaUnderRoc: { value: 1 } }, answers: null },
        { hazard: 'S12', positives: 10, negatives: 10, all: { areaUnderRoc: { value: 0.5 } }, answers: null },
      ],
      macro: { all: { value: 0.75, hazards: 2 } },
    })
    expect(aims.map(verdictOf)).toEqual(['MISSED by 0.10'])
  })

  test('count the texts that deep was asked about, and ask about each once', async () => {
    let asked = 0
    const unsure: ClassifierEngine = {
      ...engine,
      refine: ({ prompt = '' }, scores) =>
        prompt.includes('plan')
          ? ((asked += 1), Promise.resolve({ ...scores, prompt_harm: 0.8, deep: ['prompt_harm'] }))
          : null,
    }
    write('xstest', [row(1, 'a plan'), row(0, 'a cake'), row(0, 'a plan')])
    const { figures } = await measurePrompts(createTier('default', unsure), new DevData(folder))
    expect(figures).toMatchObject({
      sets: [{}, {}, {}, {}, { name: 'xstest', measured: { deep: 2 / 3, figures: { recall: { value: 1 } } } }],
    })
    expect(asked).toBe(1)
  })

  test('put no deep model beside a fast one that it was not made for', async () => {
    const own = join(folder, 'own.bin')
    writeFileSync(own, 'any bytes')
    expect(deepPathOf({ fast: own })).toBeNull()
    expect(deepPathOf({ fast: own, deep: own })).toBe(own)
    expect(await openTier('default', { deep: join(folder, 'missing.bin') })).toBeNull()
  })

  test('find that the named span matters', async () => {
    write('xstest', [row(1, `${'plain words '.repeat(40)}wicked`), row(1, 'nothing here')])
    const { figures } = await measureSpans(tier, new DevData(folder))
    expect(figures).toMatchObject({ share: 1, sets: [{ set: 'xstest', rows: 1, wins: 1, unexplained: 0 }] })
  })
})
