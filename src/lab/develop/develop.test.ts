/** Develop through its doors: specification, generators, the split, baselines and the metrics of the brief. `run.test.ts` has whole runs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cleanSamples, sourceKey, splitBySystem, withoutRepeats } from './generate/clean.ts'
import { readReply } from './generate/engine-samples.ts'
import { grammarSamples } from './generate/grammar.ts'
import { drawFor, metaPrompt } from './generate/meta-prompt.ts'
import { wordsKey } from './generate/share-out.ts'
import { BELONGS_NOWHERE, COURTESIES, LIBRARY } from './library/index.ts'
import { GRAMMAR_LANGUAGES, HELD_BACK } from './library/languages.ts'
import { bestThreshold, cosineScore, nearestScore } from './measure/baselines.ts'
import { figuresOf } from './measure/figures.ts'
import { besideRandomScopes } from './measure/random-scopes.ts'
import { PARTS, type TopicSample } from './sample.ts'
import { parseSpecification, readSpecification } from './specification.ts'

const KITE = `
name: a kite shop
use: It helps with kites, lines and reels.
misuse: Anything that is not about kites.
topics:
  - name: flying kites
    examples: [How much wind does a delta kite need?, My kite spins in circles, Which kite is good for a beach?, Can I fly a kite near trees?]
  - name: kite lines
    examples: [Which line holds fifty kilos?, How do I untangle a line?, My reel is stuck, How long should a kite line be?]
edgeCases:
  - { prompt: How does a kite breed?, label: off-topic, why: the bird }
  - Users often send one word.
systemPrompts: ['You are the assistant of a kite shop. Help with kites, lines and reels. Nothing else.']
`
const sample = (system: string, prompt: string, label: 0 | 1): TopicSample => ({
  ...{ system, prompt, label, slice: 'request', language: 'en' },
})

describe('the specification', () => {
  test('says which key or line is wrong', () => {
    expect(() => parseSpecification('name: [', 'a.yaml')).toThrow('a.yaml, line 1, is not YAML')
    expect(() => parseSpecification(KITE.replace('use:', 'usage:'), 'a.yaml')).toThrow('use: ')
    expect(() => parseSpecification(`${KITE}\ncolour: red`, 'a.yaml')).toThrow('has no key colour')
    expect(() => parseSpecification(KITE.replace('label: off-topic', 'label: bad'), 'a.yaml')).toThrow('edgeCases.0')
    expect(() => parseSpecification('', 'a.yaml')).toThrow('the file')
    expect(parseSpecification(KITE, 'a.yaml').languages).toEqual(['en'])
  })

  test.each([
    [`${KITE}\nlanguages: [klingonese]`, 'languages.0: Write the code of a language'],
    [`${KITE}\nlanguages: [xx]`, 'languages.0: Write the code of a language'],
    [`${KITE}\nlanguages: [en, en]`, 'Name each language once'],
    [KITE.replace(/systemPrompts:.*/, 'systemPrompts: []'), 'at least one system prompt'],
    [`${KITE}\noffTopic: ['my KITE spins in  circles']`, 'is both on topic and off topic'],
    [KITE.replace('How does a kite breed?', 'My reel is stuck'), 'is both on topic and off topic'],
    [KITE.replace(/examples: \[How/, 'examples: [1, How'), 'topics.0.examples.0'],
    [
      'a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nname: [*c,*c,*c]',
      'refers to itself too often',
    ],
  ])('refuses %#', (source, message) => {
    expect(() => parseSpecification(source, 'a.yaml')).toThrow(message)
  })

  test('a file that is too long, or none, is refused before it is read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parapet-develop-'))
    try {
      writeFileSync(join(folder, 'long.yaml'), `${KITE}#${'x'.repeat(1_000_000)}`)
      expect(() => readSpecification(join(folder, 'long.yaml'))).toThrow('1000000 are the most')
      expect(() => readSpecification(folder)).toThrow('cannot be read')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('what the grammar cannot write for is said, with what to do', () => {
    const few = KITE.replaceAll(/examples: \[.*\]/g, 'examples: [Is it windy?, is it windy]')
    const made = (source: string): unknown =>
      grammarSamples(parseSpecification(source, 'a'), { seed: 1, scopes: 6, perScope: 8 })
    expect(() => made(few)).toThrow('1 different examples; without a model at least 5')
    expect(() => made(`${KITE}\nlanguages: [pl]`)).toThrow('written in en, de, fr, es and not in pl')
  })
})

describe('samples', () => {
  test('the grammar balances labels, repeats itself with its seed, and shares no scope and no text between parts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 6, max: 20 }),
        fc.constantFrom(...GRAMMAR_LANGUAGES),
        (seed, scopes, language) => {
          const specification = parseSpecification(`${KITE}\nlanguages: [${language}]`, 'kite')
          const options = { seed, scopes, perScope: 12 }
          const made = grammarSamples(specification, options)
          expect(grammarSamples(specification, options)).toEqual(made)
          const parts = PARTS.map((part) => {
            const { kept } = cleanSamples(made[part])
            for (const system of new Set(kept.map((one) => one.system))) {
              const labels = kept.filter((one) => one.system === system).map(({ label }) => label)
              expect(labels.filter((label) => label === 1)).toHaveLength(labels.length / 2)
            }
            expect(new Set(kept.map((one) => one.language))).toEqual(new Set([language]))
            return { systems: new Set(kept.map((one) => one.system)), sources: new Set(kept.map(sourceKey)) }
          })
          for (const [one, other] of [
            [0, 1],
            [0, 2],
            [1, 2],
          ] as const)
            for (const key of ['systems', 'sources'] as const)
              expect([...(parts[one]?.[key] ?? [])].filter((text) => parts[other]?.[key].has(text))).toEqual([])
        },
      ),
      { numRuns: 12 },
    )
  }, 20_000)

  test('English samples that calibrate or measure were never taught, and neighbours of the scope are no negatives', () => {
    const known = new Set(
      [
        ...LIBRARY.flatMap(({ topics }) => topics.flatMap(({ requests }) => requests)),
        ...BELONGS_NOWHERE,
        ...COURTESIES,
      ].map(wordsKey),
    )
    const bakery = KITE.replace(
      'use: It helps with kites, lines and reels.',
      'use: It sells kites, and cakes of a bakery.',
    )
    const made = grammarSamples(parseSpecification(bakery, 'kite'), { seed: 3, scopes: 12, perScope: 20 })
    for (const part of ['calibrate', 'test'] as const)
      expect(made[part].map(sourceKey).filter((key) => known.has(key))).toEqual([])
    const off = PARTS.flatMap((part) => made[part]).filter(({ label, slice }) => label === 1 && slice !== 'evasion')
    expect(off.length).toBeGreaterThan(80)
    expect(off.filter(({ prompt }) => /cake|bakery/i.test(prompt))).toEqual([])
  })

  test('held-back scopes say the same in each language', () => {
    for (const language of GRAMMAR_LANGUAGES) {
      const { scopes, elsewhere, courtesies } = HELD_BACK[language]
      expect([scopes.length, elsewhere.length, courtesies.length]).toEqual([12, 36, 16])
      for (const { name, system, requests } of scopes) {
        expect([name === '', system.length > 20, requests.length]).toEqual([false, true, 5])
      }
    }
  })

  test('what an earlier part holds is left out of the later ones, near-duplicates and dressings included', () => {
    const { split, repeated } = withoutRepeats({
      train: [sample('s', 'Where is my kite?', 0), sample('s', 'Rain', 1)],
      calibrate: [sample('t', 'where is the kite', 0), sample('t', 'Wind on Sunday', 0), sample('t', 'Soup', 1)],
      test: [
        { ...sample('u', 'Hi, soup! Thanks!', 1), from: 'Soup' },
        ...[sample('u', 'Bread', 1), sample('u', 'String', 0), sample('u', 'Rain!', 0)],
      ],
    })
    expect(repeated).toBe(3)
    expect(PARTS.map((part) => split[part].map(({ prompt }) => prompt))).toEqual([
      ['Where is my kite?', 'Rain'],
      ['Wind on Sunday', 'Soup'],
      ['Bread', 'String'],
    ])
  })

  test('duplicates count once, contradictions not at all, and the rarer label sets the number', () => {
    const { kept, dropped } = cleanSamples([
      ...[sample('s', 'A kite?', 0), sample('s', 'a kite', 0), sample('s', 'Rain', 1), sample('s', 'rain!', 0)],
      ...[sample('s', 'Soup', 1), sample('s', 'Snow', 1), sample('t', 'a kite', 0)],
    ])
    expect(kept).toEqual([sample('s', 'A kite?', 0), sample('s', 'Soup', 1)])
    expect(dropped).toEqual({ duplicates: 1, contradictions: 2, unbalanced: 2 })
  })

  test('a split by system prompt shares none', () => {
    const samples = [
      ...Array.from({ length: 40 }, (_, at) => sample(`s${at % 10}`, `p${at}`, at % 2 === 0 ? 0 : 1)),
      // Another writing of one of them.
      sample('The S4!', 'p', 0),
    ]
    const split = splitBySystem(samples, 3)
    const systems = PARTS.map((part) => new Set(split[part].map(({ system }) => wordsKey(system))))
    expect(systems.map(({ size }) => size)).toEqual([6, 2, 2])
    expect(new Set(systems.flatMap((set) => [...set])).size).toBe(10)
  })

  test('replies that are no JSON, of another form, or short give no samples', () => {
    const reply = (on: readonly string[], more: object = {}): string =>
      JSON.stringify({ system_prompt: 'You help with kites and lines.', on_topic: on, off_topic: ['x', 'y'], ...more })
    expect(readReply('Sure! {', 2, 'en').outcome).toBe('unreadable')
    expect(readReply(reply(['a'], { note: 1 }), 2, 'en').outcome).toBe('unreadable')
    expect(readReply(reply([]), 2, 'en').outcome).toBe('short')
    expect(
      readReply(`\`\`\`json\n${reply(['a', 'a', 'b', 'c'])}\n\`\`\``, 2, 'de').samples.map(({ prompt }) => prompt),
    ).toEqual(['a', 'b', 'x', 'y'])
    const refused = reply(["I'm sorry, but I cannot help with that request.", 'b', 'c'.repeat(5000), 'd'])
    expect(readReply(refused, 4, 'en').outcome).toBe('samples')
    expect(readReply(refused, 2, 'en').samples.map(({ prompt }) => prompt)).toEqual(['b', 'd', 'x', 'y'])
  })

  test('a reply has room for the prompts that are asked for, at their length', () => {
    const specification = parseSpecification(KITE, 'kite')
    const rooms = Array.from({ length: 40 }, (_, turn) => drawFor(specification, 1, turn)).map((draw) => ({
      length: draw.length,
      tokens: metaPrompt(specification, draw, 20).maxTokens,
    }))
    const story = rooms.find(({ length }) => length.startsWith('a paragraph'))
    // Forty prompts of a paragraph.
    expect(story?.tokens).toBeGreaterThan(8000)
    expect(rooms.find(({ length }) => length === 'two to six words')?.tokens).toBeLessThan(3000)
  })
})

describe('measures', () => {
  test('the brief: AUC, calibration error, Brier score and F1 at three thresholds', () => {
    const scores = [0.05, 0.15, 0.15, 0.45, 0.55, 0.65, 0.85, 0.95, 0.95, 0.95]
    const rows = ([0, 0, 1, 0, 1, 0, 1, 1, 1, 0] as const).map((label, at) => ({ label, score: scores[at] ?? 0 }))
    const at = (threshold: number): ReturnType<typeof figuresOf> => figuresOf(rows, { threshold, seed: 1 })
    expect(at(0.5).auc).toBeCloseTo(0.7, 12)
    expect(at(0.5).calibrationError).toBeCloseTo(0.33, 12)
    expect(at(0.5).brier).toBeCloseTo(0.2505, 12)
    expect([0.4, 0.5, 0.6].map((threshold) => at(threshold).f1?.toFixed(4))).toEqual(['0.6667', '0.7273', '0.6000'])
  })

  test('cosine and nearest examples on vectors by hand, with their rules for ties', () => {
    const [east, north] = [Float32Array.of(1, 0), Float32Array.of(0, 1)]
    expect([cosineScore(east, east), cosineScore(east, north), cosineScore(east, Float32Array.of(-1, 0))]).toEqual([
      0, 1, 1,
    ])
    const examples = { on: [east, east, north], off: [north, north, east] }
    // Three of equal likeness to the east: two on topic, then one off topic.
    expect(nearestScore(examples, east)).toBeCloseTo(1 / 3, 12)
    // To the north: the on-topic one was given first.
    expect(nearestScore(examples, north)).toBeCloseTo(2 / 3, 12)
    expect(nearestScore({ on: [east], off: [east] }, north)).toBe(0.5)
    const rows = ([0, 1, 1] as const).map((label, at) => ({ label, score: [0.2, 0.2, 0.7][at] ?? 0 }))
    expect(bestThreshold(rows)).toBe(0.2)
    expect(bestThreshold(rows.slice(1))).toBe(0.5)
  })

  test('harmful prompts meet scopes by a seed', () => {
    const pairs = besideRandomScopes(['a', 'b', 'c', 'd'], ['x', 'y', 'z'], 4)
    expect(besideRandomScopes(['a', 'b', 'c', 'd'], ['x', 'y', 'z'], 4)).toEqual(pairs)
    expect(pairs.map(({ prompt }) => prompt)).toEqual(['a', 'b', 'c', 'd'])
    expect(() => besideRandomScopes(['a'], [], 1)).toThrow('no scope')
  })
})
