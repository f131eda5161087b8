/** The flow experiment: figures of bots whose answers are known, preference data, intervals, and a whole small run that is stopped once. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { runtime } from '../../../../test/support/nn/run-graph.ts'
import { createRandom } from '../../../nn/random.ts'
import { type FlowSituation, badTurns, goodTurn, judgeTurn, overRefusedTurn } from '../../world/flow.ts'
import { promptKey } from '../pairs.ts'
import {
  type AnswerTurns,
  type FlowRun,
  type RunFlowsOptions,
  FLOW_REGIMES,
  FLOW_SIZE,
  crossedDifference,
  crossedMean,
  erringJudge,
  estimateDivergence,
  evaluateConversations,
  evaluateFlows,
  flowModel,
  flowSituations,
  goodTurns,
  judgedData,
  keepsGuideline,
  loggedTurns,
  onPolicyData,
  rulePairs,
  runFlows,
  winsOver,
  withAnswers,
} from './index.ts'
import { initialDecoder } from '../../../nn/decoder/config.ts'

const MADE = { language: 'en', seed: 5, count: 200 } as const
const SITUATIONS = flowSituations('test', MADE)

/** A bot that knows the situation behind a prompt. */
function bot(answer: (situation: FlowSituation) => string, situations = SITUATIONS): AnswerTurns {
  const known = new Map(situations.map((situation) => [promptKey(situation.messages), situation]))
  return (prompts) =>
    Promise.resolve(prompts.map((prompt) => answer(known.get(promptKey(prompt)) ?? expect.fail('unknown prompt'))))
}

describe('figures of known bots', () => {
  test('the right turns', async () => {
    const { report, outcomes } = await evaluateFlows(bot(goodTurn), SITUATIONS)
    const rates = [report.flow, report.guideline, report.joint, report.helpfulness].map(({ rate }) => rate)
    expect(rates).toEqual([1, 1, 1, 1])
    expect([report.overRefusal.rate, report.hallucination.rate]).toEqual([0, 0])
    const forbidden = SITUATIONS.filter(({ asked, forbidden: topic }) => asked === topic).length
    expect(report.refusal).toMatchObject({ rows: 200, hits: forbidden })
    expect(report.joint.interval?.high).toBe(1)
    expect(outcomes).toHaveLength(200)
  })

  test('declining everything keeps the guideline and helps nobody', async () => {
    const { report } = await evaluateFlows(
      bot((situation) => overRefusedTurn(situation) ?? goodTurn(situation)),
      SITUATIONS,
    )
    expect([report.joint.rate, report.helpfulness.rate]).toEqual([1, 0])
    const questions = SITUATIONS.filter(({ asked, forbidden }) => asked !== null && asked !== forbidden).length
    expect(report.overRefusal.hits).toBe(questions)
    expect(report.helpfulness.rows).toBe(questions)
  })

  test('a wrong fact is no help', async () => {
    const { report } = await evaluateFlows(
      bot((situation) => goodTurn(situation).replace(situation.answer, 'Purple.')),
      SITUATIONS,
    )
    expect([report.helpfulness.rate, report.hallucination.rate, report.joint.rate]).toEqual([0, 1, 1])
  })

  test('whole flows are played with the own turns in the history', async () => {
    const last = flowSituations('test', { ...MADE, count: 12 }, ({ done }) => done === 3)
    const seen: number[] = []
    const right: AnswerTurns = (prompts) => {
      seen.push(...prompts.map(({ length }) => length))
      return Promise.resolve(
        prompts.map((prompt, at) => {
          const situation = last[at] ?? expect.fail('no situation')
          const done = (prompt.length - 2) / 2
          return goodTurn(done === 3 ? situation : { ...situation, done, asked: null, answer: 'Fine.' })
        }),
      )
    }
    expect((await evaluateConversations(right, last)).passed).toMatchObject({ hits: 12, rows: 12 })
    expect(seen).toEqual([2, 4, 6, 8].flatMap((length) => Array.from({ length: 12 }, () => length)))
    const once: AnswerTurns = async (prompts) => {
      const texts = await right(prompts)
      return texts.map((text, at) => (at === 4 && prompts[at]?.length === 4 ? 'Well.' : text))
    }
    const { each } = await evaluateConversations(once, last)
    expect(each.flatMap((passed, at) => (passed ? [] : [at]))).toEqual([4])
  })
})

describe('data', () => {
  test('pairs set a right turn before one that breaks a rule or declines what is allowed', () => {
    const pairs = rulePairs(MADE)
    const situations = flowSituations('train', { ...MADE, count: 100 })
    expect(pairs).toHaveLength(100)
    let declined = 0
    for (const [at, { chosen, rejected }] of pairs.entries()) {
      const situation = situations[at] ?? expect.fail('no situation')
      expect([keepsGuideline(situation, chosen), keepsGuideline(situation, rejected)]).toEqual([true, false])
      if (judgeTurn(situation, rejected).overRefusal) declined += 1
    }
    expect(declined).toBeGreaterThan(5)
    expect(rulePairs(MADE)).toEqual(pairs)
  })

  test('logs err at their rate; good turns do not', () => {
    const bad = loggedTurns({ ...MADE, count: 2000 }, 0.35).filter(({ desirable }) => !desirable).length
    expect(Math.abs(bad / 2000 - 0.35)).toBeLessThan(0.04)
    expect(goodTurns(MADE).every(({ desirable }) => desirable)).toBe(true)
  })

  test('a judge without errors gives the labels of the rules, in both orders', async () => {
    const never = await judgedData(MADE, erringJudge(1, { errorRate: 0, failureRate: 0 }))
    expect(never.pairs).toEqual(rulePairs(MADE))
    expect([never.turns.length, never.dropped]).toEqual([200, 0])
  })

  test('one with errors turns some round, ties some and leaves some out', async () => {
    const made = { ...MADE, count: 2000 }
    const good = new Map(rulePairs(made).map(({ prompt, chosen }) => [promptKey(prompt), chosen]))
    const { pairs, turns, dropped } = await judgedData(made, erringJudge(1))
    const turned = pairs.filter(({ prompt, chosen }) => good.get(promptKey(prompt)) !== chosen).length
    // Both turns must be judged wrongly for a pair to turn round: 0.1².
    expect(turned / pairs.length).toBeLessThan(0.04)
    expect(pairs.length).toBeGreaterThan(700)
    expect(dropped).toBeGreaterThan(100)
    const wrong = turns.filter(
      ({ prompt, response, desirable }) => (good.get(promptKey(prompt)) === response) !== desirable,
    )
    expect(Math.abs(wrong.length / turns.length - 0.1)).toBeLessThan(0.03)
  })

  test('own samples become pairs where a prompt has both kinds', () => {
    const situations = SITUATIONS.slice(0, 3)
    const [bad] = badTurns(situations[1] ?? expect.fail('none'), createRandom(1))
    const samples = situations.map((situation, at) => [
      goodTurn(situation),
      at === 1 ? (bad?.text ?? '') : goodTurn(situation),
    ])
    const { pairs, turns, promptsWithBoth, goodShare } = onPolicyData(situations, samples, 1)
    expect([turns.length, promptsWithBoth, goodShare]).toEqual([6, 1, 5 / 6])
    expect(pairs).toEqual([{ prompt: situations[1]?.messages, chosen: samples[1]?.[0], rejected: bad?.text }])
  })
})

test('a turn that keeps the rules wins, whichever comes first', async () => {
  const good = SITUATIONS.map(goodTurn)
  const bad = SITUATIONS.map((situation) => goodTurn(situation).slice(situation.persona.length + 2))
  expect(await winsOver(SITUATIONS, good, bad)).toEqual({ wins: 200, losses: 0, ties: 0 })
  expect(await winsOver(SITUATIONS, bad, good)).toEqual({ wins: 0, losses: 200, ties: 0 })
  expect(await winsOver(SITUATIONS, good, good)).toEqual({ wins: 0, losses: 0, ties: 200 })
})

describe('intervals over seeds and situations', () => {
  test('hold the mean, and the single seeds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }), { minLength: 1, maxLength: 4 }),
        (rows) => {
          const values = rows.map((row) => row.map(Number))
          const { mean, interval, seeds } = crossedMean(values)
          expect(interval.low).toBeLessThanOrEqual(mean + 1e-12)
          expect(interval.high).toBeGreaterThanOrEqual(mean - 1e-12)
          expect(seeds.reduce((sum, seed) => sum + seed, 0) / seeds.length).toBeCloseTo(mean, 12)
        },
      ),
      { numRuns: 20 },
    )
  })

  test('what is the same everywhere has no width; what does not count is left out', () => {
    expect(crossedMean([[1, 1, Number.NaN]])).toMatchObject({ mean: 1, interval: { low: 1, high: 1 } })
    const { mean, interval } = crossedDifference(
      [
        [1, 1],
        [1, 0],
      ],
      [
        [0, 0],
        [0, -1],
      ],
    )
    expect([mean, interval.low, interval.high]).toEqual([1, 1, 1])
  })

  test('a seed that differs widens the interval', () => {
    const row = Array.from({ length: 100 }, (_, at) => at % 2)
    const same = crossedMean([row, row, row])
    const other = crossedMean([row, row, row.map(() => 1)])
    const width = ({ interval }: typeof same): number => interval.high - interval.low
    expect(width(other)).toBeGreaterThan(1.5 * width(same))
  })
})

test('a model diverges from itself by nothing, and from another by something', async () => {
  const ort = await runtime()
  const model = await flowModel(goodTurns(MADE), { vocabularySize: 400, shape: SMALL })
  const parameters = initialDecoder(model.config, 1)
  const asked = SITUATIONS.slice(0, 8).map(({ messages }) => messages)
  const answers = await withAnswers({ runtime: ort, model, parameters, temperature: 1, seed: 1 }, (answer) =>
    answer(asked),
  )
  expect(answers).toHaveLength(8)
  const self = await estimateDivergence({ runtime: ort, model, parameters, reference: parameters }, answers)
  expect(self).toEqual({ perResponse: 0, perToken: 0 })
  const doubled = Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, data }]) => [name, { shape, data: data.map((x) => 4 * x) }]),
  )
  const away = await estimateDivergence({ runtime: ort, model, parameters, reference: doubled }, answers)
  expect(away.perToken).toBeGreaterThan(0.001)
})

const SMALL = { width: 16, layers: 1, heads: 1, keyValueHeads: 1, headWidth: 16, feedForward: 16 }

describe('a whole run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flows-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  async function options(name: string, change: Partial<RunFlowsOptions> = {}): Promise<RunFlowsOptions> {
    return {
      ...{ out: join(folder, name), seeds: [1, 2], runtime: await runtime(), resume: false },
      regimes: FLOW_REGIMES.filter(({ id }) => ['sft-noisy', 'sft-noisy.sft-good'].includes(id)),
      size: {
        ...{ ...FLOW_SIZE, shape: SMALL, vocabularySize: 320, abilitySteps: 4, habitSteps: 2, pretrainTurns: 40 },
        ...{ tokensPerStep: 512, phaseSteps: 2, phaseRows: 4, phaseTurns: 16, situations: 6, conversations: 2 },
      },
      ...change,
    }
  }

  test('stops where it can go on, and then writes the same figures', async () => {
    const lines = await runFlows(await options('whole'))
    expect(lines.join('\n')).toContain('S′ → SFT on good turns only (control)')
    expect(readdirSync(join(folder, 'whole')).toSorted()).toEqual(['models', 'report.html', 'run.json'])
    expect(readdirSync(join(folder, 'whole', 'models')).toSorted()).toEqual(['base', 'sft-noisy', 'sft-noisy.sft-good'])
    const stop = new AbortController()
    const stopping = await options('stopped', {
      signal: stop.signal,
      onProgress: (message) => void (message.includes('1/sft-noisy.sft-good: joint') && stop.abort()),
    })
    await expect(runFlows(stopping)).rejects.toThrow()
    expect(existsSync(join(folder, 'stopped', 'run.json'))).toBe(false)
    await expect(runFlows(await options('stopped'))).rejects.toThrow(/unfinished run/)
    const other = await options('stopped', { resume: true })
    await expect(runFlows({ ...other, size: { ...other.size, phaseSteps: 3 } })).rejects.toThrow(/other options/)
    const said: string[] = []
    await runFlows({ ...other, onProgress: (message) => void said.push(message) })
    expect(said.some((message) => message.startsWith('seed 1/base'))).toBe(false)
    const run = (name: string): FlowRun => JSON.parse(readFileSync(join(folder, name, 'run.json'), 'utf8')) as FlowRun
    expect(run('stopped')).toEqual(run('whole'))
    const { rows, choices } = run('whole')
    expect(rows.map(({ id }) => id)).toEqual(['base', 'sft-noisy', 'sft-noisy.sft-good'])
    expect(rows[1]?.gain).toMatchObject({ mean: 0, interval: { low: 0, high: 0 } })
    expect(
      Object.values(choices)
        .flat()
        .filter(({ chosen }) => chosen),
    ).toHaveLength(1)
    const report = readFileSync(join(folder, 'whole', 'report.html'), 'utf8')
    expect(report).toContain('SFT on good turns only')
    expect(report).not.toMatch(/<script|https?:/)
  })
})
