/** The comparison on scripted arms with known answers, its world rows and judges, and the router's prompts against the world's own. */
import { describe, expect, test } from 'vitest'
import { sayingModel } from '../../../../test/support/language-model.ts'
import type { Message } from '../../../spec/index.ts'
import { requestText } from '../../world/index.ts'
import { ROUTE_SYSTEM, type RouteName, secondCall, TIPS } from '../../world/route-format.ts'
import { worldRows } from '../../world/rows.ts'
import type { Arm, SafeEvalJudges, SafeEvalRow } from './index.ts'
import {
  blockArm,
  plainArm,
  runSafeEval,
  safeEvalLines,
  systemArm,
  WORLD_ATTACKS,
  worldArms,
  worldGuard,
  worldRouter,
  worldSafeEval,
} from './index.ts'

const ROWS: readonly SafeEvalRow[] = Array.from({ length: 20 }, (_, at) => ({
  id: `${at}`,
  unit: `${Math.floor(at / 2)}`,
  group: at < 10 ? (at % 2 === 0 ? 'none' : 'rules') : 'task',
  unsafe: at < 10,
  request: `request ${at}`,
}))
const JUDGES: SafeEvalJudges = {
  safe: (_, answer) => answer !== 'harm',
  refused: (_, answer) => answer === 'no',
  helpfulness: (_, answer) => (answer === 'help' ? 1 : 0),
}
const arm = (name: string, say: (at: number) => string, route = ''): Arm => ({
  name,
  answer: async (request) => ({
    ...{ text: say(Number(request.slice(8))), route, unread: false },
    ...{ calls: 2, promptTokens: 10, answerTokens: 4 },
  }),
})
const careless = arm('careless', (at) => (at < 10 ? 'harm' : 'help'))
const strict = arm('strict', () => 'no', 'blocked')

describe('the comparison', () => {
  test('shares, means, costs and differences of known answers', async () => {
    const mixed = arm('mixed', (at) => (at < 8 ? 'no' : at < 10 ? 'harm' : at < 15 ? 'help' : 'no'), 'x')
    const report = await runSafeEval({ rows: ROWS, arms: [careless, strict, mixed], judges: JUDGES, seed: 1 })
    const [first, second, third] = report.arms
    expect(first?.safe['all']).toMatchObject({ hits: 0, rows: 10 })
    expect(third?.safe).toMatchObject({ all: { hits: 8, rows: 10 }, none: { hits: 4, rows: 5 }, rules: { hits: 4 } })
    expect(third?.helpfulness).toMatchObject({ mean: 0.5, rows: 10 })
    expect(third?.overRefusal['task']).toMatchObject({ hits: 5, rows: 10 })
    expect(second?.cost).toEqual({
      blocked: { rows: 20, calls: 2, promptTokens: 10, answerTokens: 4 },
      all: { rows: 20, calls: 2, promptTokens: 10, answerTokens: 4 },
    })
    expect(Object.keys(first?.cost ?? {})).toEqual(['all'])
    expect(report.differences).toMatchObject([
      { left: 'mixed', right: 'careless', safeUnderAttack: { mean: 0.8 }, helpfulness: { mean: -0.5 } },
      { left: 'mixed', right: 'strict', safeUnderAttack: { mean: -0.2 }, helpfulness: { mean: 0.5 } },
    ])
    const { interval } = report.differences[1]?.helpfulness ?? {}
    expect(interval?.low).toBeLessThan(0.5)
    expect(interval?.high).toBeGreaterThan(0.5)
    expect(safeEvalLines(report, 'About.').join('\n')).toContain('mixed − strict: safe under attack −0.200')
  })

  test('the same seed gives the same numbers', async () => {
    const run = (): Promise<unknown> => runSafeEval({ rows: ROWS, arms: [careless, strict], judges: JUDGES, seed: 3 })
    expect(await run()).toEqual(await run())
  })

  test('nothing to compare, and a judge that is none, are told', async () => {
    await expect(runSafeEval({ rows: [], arms: [strict], judges: JUDGES, seed: 1 })).rejects.toMatchObject({
      code: 'configuration',
    })
    const judges = { ...JUDGES, helpfulness: () => Number.NaN }
    await expect(runSafeEval({ rows: ROWS, arms: [strict], judges, seed: 1 })).rejects.toMatchObject({
      code: 'configuration',
    })
  })
})

describe('the arms', () => {
  const settings = (answers: readonly string[]) => ({
    engine: sayingModel(answers),
    countTokens: (text: string) => text.length,
  })

  test('each asks its own way and counts what it costs', async () => {
    expect(await plainArm(settings(['ok'])).answer('abc')).toMatchObject({
      text: 'ok',
      calls: 1,
      promptTokens: 3,
      answerTokens: 2,
    })
    expect(await systemArm({ ...settings(['ok']), system: 'rules' }).answer('abc')).toMatchObject({ promptTokens: 8 })
    const [, , block, routed] = worldArms(settings(['unsafe\nO1']))
    expect(await block?.answer('abc')).toMatchObject({
      text: 'Sorry, I cannot help with that.',
      route: 'blocked',
      calls: 1,
    })
    expect(await routed?.answer('abc')).toMatchObject({ route: 'potential_violation', calls: 2, unread: true })
  })

  test('a guard that cannot be read blocks', async () => {
    const block = blockArm({ ...settings(['???']), guard: worldGuard, refusal: 'no' })
    expect(await block.answer('abc')).toMatchObject({ text: 'no', unread: true, route: 'blocked' })
  })
})

describe('the world’s requests', () => {
  const { rows, judges } = worldSafeEval({ perKind: 4, seed: 5 })
  const sources = [
    ...worldRows({ split: 'test', seed: 5, counts: { forbidden: 4, 'near-miss': 4, contrast: 4, task: 4 } }),
  ]

  test('forbidden ones come plain and under each attack, allowed ones once', () => {
    const unsafe = rows.filter((row) => row.unsafe)
    expect(new Set(unsafe.map(({ group }) => group))).toEqual(new Set(['none', ...Object.keys(WORLD_ATTACKS)]))
    expect(unsafe).toHaveLength(6 * 5)
    expect(
      rows
        .filter((row) => !row.unsafe)
        .map(({ group }) => group)
        .toSorted(),
    ).toEqual([
      ...['contrast', 'contrast', ...Array.from({ length: 4 }, () => 'near-miss')],
      ...Array.from({ length: 4 }, () => 'task'),
    ])
  })

  test('a wanted answer is safe and helpful, compliance is neither safe nor refused', async () => {
    for (const source of sources) {
      const row = rows.find(({ id }) => id.startsWith(`${source.id}/`)) as SafeEvalRow
      const wanted = source.messages.at(-1)?.content ?? ''
      if (source.wanted === 'answer') expect(await judges.helpfulness(row, wanted)).toBe(1)
      else {
        expect([judges.safe(row, wanted), judges.refused(row, wanted)]).toEqual([true, true])
        expect([judges.safe(row, source.comply ?? ''), judges.refused(row, source.comply ?? '')]).toEqual([
          false,
          false,
        ])
      }
    }
  })
})

describe('the compact prompts are those that the world’s model was taught', () => {
  const [source] = worldRows({ split: 'test', seed: 2, counts: { forbidden: 1 } })
  const request = source === undefined ? '' : requestText(source)

  test.each(Object.keys(TIPS) as RouteName[])('%s', async (route) => {
    const choice = { system_check_result: 'No rule is near.', route, system_tip: TIPS[route] }
    const model = sayingModel([JSON.stringify(choice)])
    const messages: readonly Message[] = [{ role: 'user', content: request }]
    const plan = await worldRouter().route({ messages, engine: model })
    expect(model.asked[0]?.messages).toEqual([{ role: 'system', content: ROUTE_SYSTEM }, ...messages])
    expect(plan.messages).toEqual(secondCall(request, choice))
    expect(plan.route).toBe(route)
    expect(request.length).toBeGreaterThan(0)
  })
})
