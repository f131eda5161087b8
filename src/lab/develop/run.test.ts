/** Whole runs of develop: stopped at any step and gone on with, a model that writes and judges, a model that is down, and a changed policy. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { engineFailure } from '../../engines/calls/index.ts'
import { loadTopicEngine } from '../../engines/embedded/topic-engine.ts'
import type { CompletionEngine, CompletionRequest } from '../../spec/index.ts'
import type { Subject } from '../eval/subject.ts'
import { engineSamples, isReplyRecord } from './generate/engine-samples.ts'
import { SEED_WORDS } from './generate/meta-prompt.ts'
import { openJournal } from './journal.ts'
import { askJudge, isJudgeAnswer } from './measure/ask-judge.ts'
import { runDevelop, type RunDevelopOptions } from './run-develop.ts'
import type { TopicSample } from './sample.ts'
import { parseSpecification } from './specification.ts'
import { Steps } from './steps.ts'

const KITE = `
name: a kite shop
use: It helps with kites, lines and reels.
misuse: Anything that is not about kites.
topics: [{ name: flying kites, examples: [How much wind does a delta kite need?] }]
edgeCases: [{ prompt: How does a kite breed?, label: off-topic, why: the bird }, Users often send one word.]
systemPrompts: ['You are the assistant of a kite shop. Help with kites, lines and reels. Nothing else.']
`
/** One for each reply: texts must differ by more than a number to be different ones. */
const THINGS = ['delta', 'stunt', 'paper', 'silk', 'beach', 'alpine', 'cellular', 'dragon', 'parafoil'] as const
const ASKS = ['wind', 'price', 'colour', 'tail'] as const
const DISHES = ['soup', 'bread', 'curry', 'salad'] as const
const USED = 6

let folder = ''
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'parapet-develop-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const settings = (extra: Partial<RunDevelopOptions> = {}): RunDevelopOptions => {
  writeFileSync(join(folder, 'kite.yaml'), KITE)
  return {
    ...{ specification: join(folder, 'kite.yaml'), out: join(folder, 'out'), replies: 9, scopes: 6, perScope: 8 },
    ...{ threshold: 0.5, falseAlarms: 0.05, seed: 1, tokens: 100_000, onProgress: () => undefined },
    ...extra,
  }
}

function results(out: string): unknown[] {
  const { latency: _latency, ...run } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as Record<
    string,
    unknown
  >
  const file = (name: string): string => readFileSync(join(out, name)).toString('base64')
  return [run, file('topic.bin'), file('samples.jsonl'), file('parapet.yaml')]
}

test('stopped at any step and run again, it ends as one that was not; nothing is asked twice; its file is a guard', async () => {
  const once: CompletionRequest[] = []
  const whole = await runDevelop(
    settings({ engine: scripted(once), judge: scriptedJudge(), out: join(folder, 'whole') }),
  )
  expect(once).toHaveLength(9)
  const [first, second] = once.map(
    ({ chat }) => /these words where they fit: ([^.]+)\./.exec(chat?.messages[0]?.content ?? '')?.[1] ?? '',
  )
  expect(first?.split(', ')).toHaveLength(SEED_WORDS)
  expect(first).not.toBe(second)
  expect(once[0]?.schema).toMatchObject({
    required: ['system_prompt', 'on_topic', 'off_topic'],
    additionalProperties: false,
  })
  expect(whole.samples.engine?.outcomes).toEqual({ samples: USED, unreadable: 1, short: 1, failed: 1 })
  const tested = whole.samples.parts.test.rows
  // A judge that fails gives no verdict: the pair is in no figure of its.
  const beside = whole.subjects.find(({ name }) => name === 'judge')
  expect([beside?.failures, beside?.figures.rows]).toEqual([1, tested - 1])
  expect(whole.samples.agreement).toEqual({
    judge: 'judge',
    sameModel: true,
    failures: 1,
    agree: tested - 1,
    rows: tested - 1,
  })
  // What the table of choices says of this guard is what was measured.
  const own = whole.operatingPoints.find(({ chosen }) => chosen)
  expect((own?.found ?? 0) / (own?.offTopic ?? 1)).toBeCloseTo(whole.subjects[0]?.figures.recall ?? Number.NaN, 12)
  // So is the promise, and it rests on requests that are not measured.
  expect(own?.promise).toEqual(whole.promise)
  expect(whole.promise.texts).toBeGreaterThan(0)
  expect(whole.promise.texts).toBeLessThanOrEqual(whole.samples.parts.train.texts + whole.samples.parts.calibrate.texts)
  expect(whole.promise.upper).toBeGreaterThan(whole.promise.flagged / whole.promise.texts)

  const asked: CompletionRequest[] = []
  const judged: string[] = []
  for (const stopAt of ['generating: reply 4', 'cross-fitting: fold 2', 'training', 'judge', 'measuring', '']) {
    const stop = new AbortController()
    const broken = settings({
      engine: scripted(asked),
      judge: scriptedJudge((id) => {
        judged.push(id)
        if (stopAt === 'judge' && id === '3') stop.abort()
      }),
      signal: stop.signal,
      onProgress: (message) => stopAt !== '' && message.startsWith(stopAt) && stop.abort(),
    })
    if (stopAt === '') await runDevelop(broken)
    else await expect(runDevelop(broken)).rejects.toMatchObject({ code: 'aborted' })
  }
  expect(results(join(folder, 'out'))).toEqual(results(join(folder, 'whole')))
  expect(asked).toHaveLength(9)
  // The one that was being judged, and the one that failed: it is asked again until the figures are made.
  expect(judged.filter((id) => id !== '0' && id !== '3')).toHaveLength(tested - 2)

  await expect(runDevelop(settings({ engine: scripted(asked), seed: 2 }))).rejects.toThrow(
    'another specification, model or options',
  )
  expect(readdirSync(join(folder, 'out')).toSorted()).toEqual([
    ...['parapet.yaml', 'report.html', 'run.json', 'samples.jsonl', 'steps', 'topic.bin'],
  ])
  expect(readFileSync(join(folder, 'out', 'report.html'), 'utf8')).toContain('What it cannot do')

  // A policy that somebody has changed stays theirs.
  writeFileSync(join(folder, 'out', 'parapet.yaml'), 'parapet: 1\n')
  await runDevelop(settings({ engine: scripted(asked), judge: scriptedJudge() }))
  expect(readFileSync(join(folder, 'out', 'parapet.yaml'), 'utf8')).toBe('parapet: 1\n')

  const engine = await loadTopicEngine(join(folder, 'out', 'topic.bin'))
  const [on, off] = await engine.classify(
    ['How much wind does this kite need?', 'Write a poem about soup'].map((text) => ({
      text,
      context: 'Help with kites and lines.',
    })),
  )
  expect(on?.probabilities[1]).toBeLessThan(off?.probabilities[1] ?? 0)
  await expect(engine.classify([{ text: 'x' }])).rejects.toThrow('needs a scope')
  await engine.dispose()
  await expect(engine.classify([{ text: 'x', context: 'y' }])).rejects.toThrow('let go')
}, 240_000)

test('a second run in the same folder is refused while the first works, and does no harm to it', async () => {
  const second: CompletionRequest[] = []
  let refused: unknown = null
  const first = runDevelop(
    settings({
      engine: scripted([]),
      onProgress: (message) => {
        if (refused === null && message.startsWith('cross-fitting'))
          refused = runDevelop(settings({ engine: scripted(second) })).catch((error: unknown) => error)
      },
    }),
  )
  expect((await first).samples.engine?.asked).toBe(9)
  expect(await refused).toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('Another run works in') as string,
  })
  expect(second).toEqual([])
  // Let go of: the same command ends at once with the same.
  await runDevelop(settings({ engine: scripted(second) }))
  expect(second).toEqual([])
  expect(readdirSync(join(folder, 'out'))).not.toContain('running.pid')
}, 240_000)

test('mistakes are said before a folder is made', async () => {
  await expect(runDevelop(settings({ falseAlarms: 0.7 }))).rejects.toThrow('lies from 0 to 0.5')
  await expect(runDevelop(settings({ threshold: 0.7 }))).rejects.toThrow('lies from 0.4 to 0.6')
  expect(readdirSync(folder)).toEqual(['kite.yaml'])
})

test('a budget ends the questions; a model that is down ends the run, and keeps what it answered', async () => {
  const specification = parseSpecification(KITE, 'kite')
  const asked: CompletionRequest[] = []
  const ask = (engine: CompletionEngine, tokens: number): ReturnType<typeof engineSamples> =>
    engineSamples(specification, {
      ...{ engine, seed: 1, replies: 9, each: 4, tokens, onProgress: () => undefined },
      journal: openJournal(join(folder, 'replies.jsonl'), isReplyRecord),
    })
  expect(await ask(scripted(asked), 650)).toMatchObject({ asked: 7, cut: true, tokens: 700 })
  expect(await ask(scripted(asked), 650)).toMatchObject({ asked: 7, cut: true })
  expect(asked).toHaveLength(7)
  let calls = 0
  const down: CompletionEngine = {
    ...scripted([]),
    complete: async () => {
      calls += 1
      throw engineFailure('server_error', 'down')
    },
  }
  await expect(
    engineSamples(specification, {
      ...{ engine: down, seed: 1, replies: 900, each: 4, onProgress: () => undefined },
      journal: openJournal(join(folder, 'down.jsonl'), isReplyRecord),
    }),
  ).rejects.toMatchObject({
    code: 'upstream_error',
    message: expect.stringContaining('run the same command again') as string,
  })
  expect([calls, readFileSync(join(folder, 'down.jsonl'), 'utf8')]).toEqual([5, ''])

  const samples = Array.from({ length: 40 }, (_, at): TopicSample => ({
    ...{ system: 's', prompt: `p${at}`, label: 0, slice: 'request', language: 'en' },
  }))
  const journal = openJournal(join(folder, 'judge.jsonl'), isJudgeAnswer)
  const broken: Subject = {
    ...scriptedJudge(),
    predict: ({ id, label }) =>
      Number(id) < 5
        ? { outcome: 'scored', score: label, positive: null, milliseconds: 1 }
        : { outcome: 'timeout', message: 'too slow', milliseconds: 1 },
  }
  await expect(askJudge(broken, samples, journal, { onProgress: () => undefined })).rejects.toThrow('too slow')
  expect(openJournal(join(folder, 'judge.jsonl'), isJudgeAnswer).known.size).toBe(5)
})

test('a step is made once, anew where its file is cut, and a folder of something else is refused', async () => {
  const out = join(folder, 'steps')
  const made: string[] = []
  const make = (name: string): Promise<string> =>
    Steps.open(out, { seed: 1 }).once(name, () => {
      made.push(name)
      return `${name} made`
    })
  expect([await make('a'), await make('a'), await make('b')]).toEqual(['a made', 'a made', 'b made'])
  writeFileSync(join(out, 'steps', 'a.json'), '"a ma')
  expect(await make('a')).toBe('a made')
  expect(made).toEqual(['a', 'b', 'a'])
  expect(() => Steps.open(out, { seed: 2 })).toThrow('another specification, model or options')
  writeFileSync(join(folder, 'mine.txt'), 'mine')
  expect(() => Steps.open(folder, { seed: 1 })).toThrow('is not empty and not of develop')
})

/** Says what the labels say, and nothing of the first pair. */
function scriptedJudge(onAsk: (id: string) => void = () => undefined): Subject {
  return {
    ...{ name: 'judge', version: '1', kind: 'measured', tasks: ['offtopic'] },
    predict: ({ id, label }) => {
      onAsk(id)
      return id === '0'
        ? { outcome: 'error', message: 'down', milliseconds: 1 }
        : { outcome: 'scored', score: label, positive: null, milliseconds: 1 }
    },
  }
}

/** Answers a question by its seed, as a model does, with one reply of each kind that is of no use. */
function scripted(asked: CompletionRequest[]): CompletionEngine {
  return {
    ...{ specVersion: 'v1', kind: 'completion', id: 'scripted', version: '1' },
    complete: async (request) => {
      asked.push(request)
      const turn = (request.seed ?? 1) - 1
      if (turn === 8) throw engineFailure('server_error', 'down')
      const thing = THINGS[turn] ?? ''
      const text = JSON.stringify({
        system_prompt: `You help with kites, lines and reels, above all the ${thing} kind.`,
        on_topic: ASKS.slice(0, turn === 2 ? 1 : 4).map((what) => `Which ${what} suits my ${thing} kite?`),
        off_topic: DISHES.map((dish) => `Tell me the recipe of ${thing} ${dish}`),
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
