/** Develop through its doors: specification, generators, baselines, metrics of the brief, and a run that is killed and goes on. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadTopicEngine } from '../../engines/embedded/topic-engine.ts'
import type { CompletionEngine, CompletionRequest } from '../../spec/index.ts'
import { engineFailure } from '../../engines/calls/index.ts'
import type { Subject } from '../eval/subject.ts'
import { cleanSamples, splitBySystem } from './generate/clean.ts'
import { readReply } from './generate/engine-samples.ts'
import { grammarSamples } from './generate/grammar.ts'
import { SEED_WORDS } from './generate/meta-prompt.ts'
import { bestThreshold, cosineScore, nearestScore } from './measure/baselines.ts'
import { figuresOf } from './measure/figures.ts'
import { besideRandomScopes } from './measure/random-scopes.ts'
import { runDevelop, type RunDevelopOptions } from './run-develop.ts'
import { PARTS, type TopicSample } from './sample.ts'
import { parseSpecification } from './specification.ts'

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
let folder = ''
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'parapet-develop-'))))
afterEach(() => rmSync(folder, { recursive: true }))

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
})

describe('samples', () => {
  test('the grammar balances labels, repeats itself with its seed, and shares no scope and no request between parts', () => {
    const specification = parseSpecification(KITE, 'kite')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 6, max: 20 }), (seed, scopes) => {
        const made = grammarSamples(specification, { seed, scopes, perScope: 12 })
        expect(grammarSamples(specification, { seed, scopes, perScope: 12 })).toEqual(made)
        const examples = specification.topics.flatMap((topic) => topic.examples)
        const seen = PARTS.map((part) => {
          const { kept } = cleanSamples(made[part])
          for (const system of new Set(kept.map((one) => one.system))) {
            const labels = kept.filter((one) => one.system === system).map(({ label }) => label)
            expect(labels.filter((label) => label === 1)).toHaveLength(labels.length / 2)
          }
          const prompts = kept.map(({ prompt }) => prompt.toLowerCase())
          return {
            systems: new Set(kept.map((one) => one.system)),
            examples: new Set(
              examples.filter((one) =>
                prompts.some((prompt) => prompt.includes(one.toLowerCase().replace(/[?]$/, ''))),
              ),
            ),
          }
        })
        for (const [one, other] of [
          [0, 1],
          [0, 2],
          [1, 2],
        ] as const) {
          expect([...(seen[one]?.systems ?? [])].filter((system) => seen[other]?.systems.has(system))).toEqual([])
          expect([...(seen[one]?.examples ?? [])].filter((text) => seen[other]?.examples.has(text))).toEqual([])
        }
      }),
      { numRuns: 8 },
    )
  }, 20_000)

  test('duplicates count once, contradictions not at all, and the rarer label sets the number', () => {
    const { kept, dropped } = cleanSamples([
      ...[sample('s', 'A kite?', 0), sample('s', 'a kite', 0), sample('s', 'Rain', 1), sample('s', 'rain!', 0)],
      ...[sample('s', 'Soup', 1), sample('s', 'Snow', 1), sample('t', 'a kite', 0)],
    ])
    expect(kept).toEqual([sample('s', 'A kite?', 0), sample('s', 'Soup', 1)])
    expect(dropped).toEqual({ duplicates: 1, contradictions: 2, unbalanced: 2 })
  })

  test('a split by system prompt shares none', () => {
    const samples = Array.from({ length: 40 }, (_, at) => sample(`s${at % 10}`, `p${at}`, at % 2 === 0 ? 0 : 1))
    const split = splitBySystem(samples, 3)
    const systems = PARTS.map((part) => new Set(split[part].map(({ system }) => system)))
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

describe('a run', () => {
  const settings = (extra: Partial<RunDevelopOptions> = {}): RunDevelopOptions => {
    writeFileSync(join(folder, 'kite.yaml'), KITE)
    return {
      ...{ specification: join(folder, 'kite.yaml'), out: join(folder, 'out'), replies: 5, scopes: 6, perScope: 8 },
      ...{ threshold: 0.5, falseAlarms: 0.05, seed: 1, onProgress: () => undefined },
      ...extra,
    }
  }
  const results = (out: string): unknown[] => {
    const { latency: _latency, ...run } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as Record<
      string,
      unknown
    >
    return [
      run,
      readFileSync(join(out, 'topic.bin')).toString('base64'),
      readFileSync(join(out, 'samples.jsonl'), 'utf8'),
    ]
  }

  test('stopped at any step and run again, it ends as one that was not; its file is a guard', async () => {
    const whole = await runDevelop(settings({ out: join(folder, 'whole') }))
    expect(whole.subjects.map(({ name }) => name)).toContain('nearest of 3 + 3 examples')
    for (const word of ['training', 'measuring']) {
      const stop = new AbortController()
      const broken = settings({
        signal: stop.signal,
        onProgress: (message) => message.startsWith(word) && stop.abort(),
      })
      await runDevelop(broken).catch(() => undefined)
    }
    await runDevelop(settings())
    expect(results(join(folder, 'out'))).toEqual(results(join(folder, 'whole')))
    expect(readFileSync(join(folder, 'out', 'report.html'), 'utf8')).toContain('What it cannot do')
    const engine = await loadTopicEngine(join(folder, 'out', 'topic.bin'))
    const [own, other] = await engine.classify(
      ['How much wind does this kite need?', 'Write a poem about soup'].map((text) => ({
        text,
        context: 'Help with kites and lines.',
      })),
    )
    expect(own?.probabilities[1]).toBeLessThan(other?.probabilities[1] ?? 0)
    await expect(runDevelop(settings({ seed: 2 }))).rejects.toThrow('another specification, model or options')
    expect(readdirSync(join(folder, 'out')).toSorted()).toEqual([
      'parapet.yaml',
      'report.html',
      'run.json',
      'samples.jsonl',
      'steps',
      'topic.bin',
    ])
    await expect(engine.classify([{ text: 'x' }])).rejects.toThrow('needs a scope')
    await engine.dispose()
    await expect(engine.classify([{ text: 'x', context: 'y' }])).rejects.toThrow('let go')
  }, 90_000)

  test('an engine is asked with seed words and a schema; bad replies are counted, and nothing is asked twice', async () => {
    const asked: CompletionRequest[] = []
    const engine = scripted(asked)
    const judge = scriptedJudge()
    const run = await runDevelop(settings({ engine, judge, replies: 9, tokens: 100_000 }))
    const beside = run.subjects.find(({ name }) => name === 'judge')
    // A judge that fails gives no verdict: the pair is in no figure of its.
    expect([beside?.failures, beside?.figures.rows]).toEqual([1, run.samples.parts.test.rows - 1])
    expect(run.samples.agreement).toMatchObject({ judge: 'judge', failures: 1, agree: run.samples.parts.test.rows - 1 })
    expect(asked).toHaveLength(9)
    const [first, second] = asked.map(
      ({ chat }) => /these words where they fit: ([^.]+)\./.exec(chat?.messages[0]?.content ?? '')?.[1] ?? '',
    )
    expect(first?.split(', ')).toHaveLength(SEED_WORDS)
    expect(first).not.toBe(second)
    expect(asked[0]?.schema).toMatchObject({
      required: ['system_prompt', 'on_topic', 'off_topic'],
      additionalProperties: false,
    })
    expect(run.samples.engine?.outcomes).toEqual({ samples: 6, unreadable: 1, short: 1, failed: 1 })
    const broke = await runDevelop(settings({ engine, replies: 9, tokens: 650, out: join(folder, 'poor') }))
    // Nothing is asked twice: only what the second run was new to.
    await runDevelop(settings({ engine, replies: 9, tokens: 650, out: join(folder, 'poor') }))
    expect(asked).toHaveLength(9 + 7)
    expect([broke.samples.engine?.asked, broke.samples.engine?.cut]).toEqual([7, true])
  }, 90_000)
})

/** Says what the labels say, and nothing of the first pair. */
function scriptedJudge(): Subject {
  return {
    ...{ name: 'judge', version: '1', kind: 'measured', tasks: ['offtopic'] },
    predict: ({ id, label }) =>
      id === '0'
        ? { outcome: 'error', message: 'down', milliseconds: 1 }
        : { outcome: 'scored', score: label, positive: null, milliseconds: 1 },
  }
}

/** Answers as a model does, with one reply of each kind that is of no use. */
function scripted(asked: CompletionRequest[]): CompletionEngine {
  return {
    ...{ specVersion: 'v1', kind: 'completion', id: 'scripted', version: '1' },
    complete: async (request) => {
      asked.push(request)
      const turn = (asked.length - 1) % 9
      if (turn === 8) throw engineFailure('server_error', 'down')
      const prompts = (what: string): readonly string[] =>
        Array.from({ length: turn === 2 ? 1 : 4 }, (_, at) => `${what} number ${at} of ${turn}`)
      const text = JSON.stringify({
        system_prompt: `You help with kites, lines and reels, shape ${turn}.`,
        ...{ on_topic: prompts('Which kite line is right for kite'), off_topic: prompts('Tell me the recipe of soup') },
      })
      return {
        text: turn === 1 ? 'I cannot.' : text,
        tokens: null,
        finish: 'stop',
        usage: { promptTokens: 60, completionTokens: 40 },
      }
    },
  }
}
