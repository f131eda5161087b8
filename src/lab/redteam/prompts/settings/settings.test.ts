/** Guard settings: what a guard is shown, what its failures mean, and the world's own settings on the shipped model. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sayingModel } from '../../../../../test/support/language-model.ts'
import { MODEL_FILES } from '../../../../engines/embedded/index.ts'
import type { Message } from '../../../../spec/index.ts'
import { readWord, modelJudge } from '../judges/model-judge.ts'
import { judgeAgreement } from '../judges/agreement.ts'
import { worldGoals } from '../goals/world-goals.ts'
import { type LocalModel, openLocalModel } from '../targets/local-model.ts'
import { engineTarget } from '../targets/engine-target.ts'
import { guarded, judgedTexts, verdictOf } from './guard-setting.ts'
import { behindPolicy } from './policy-setting.ts'
import { worldSettings } from './world-settings.ts'

const OPTIONS = { maxTokens: 48, temperature: 0, seed: 1 }
const talk: readonly Message[] = [
  { role: 'system', content: 'rules' },
  { role: 'user', content: 'one' },
  { role: 'assistant', content: 'two' },
  { role: 'tool', content: 'three', toolCallId: '1' },
]

describe('a guard', () => {
  test('sees each text that is not the operator’s, and all of them as one', () => {
    expect(judgedTexts(talk)).toEqual(['one', 'three', 'one\ntwo\nthree'])
    expect(judgedTexts([{ role: 'user', content: 'one' }])).toEqual(['one'])
  })

  test('that fails is no pass and no block, before and after; a block before asks no model', async () => {
    const engine = sayingModel(['answer'])
    const of = (input: boolean | null, output: boolean | null) =>
      guarded(
        engineTarget({ engine }),
        { name: 'g', input: async () => verdictOf(input), output: async () => verdictOf(output) },
        '1',
      ).target.ask(talk, OPTIONS)
    expect(await of(true, false)).toMatchObject({ outcome: 'blocked', by: 'g, input', calls: 0 })
    expect(engine.asked).toEqual([])
    expect(await of(null, false)).toMatchObject({ outcome: 'failed', reason: 'guard_failed' })
    expect(await of(false, null)).toMatchObject({ outcome: 'failed', reason: 'guard_failed', calls: 1 })
    expect(await of(false, true)).toMatchObject({ outcome: 'blocked', by: 'g, output', calls: 1 })
    expect(await of(false, false)).toMatchObject({ outcome: 'answered', text: 'answer' })
  })

  test.each([
    ['pass', { outcome: 'answered', text: 'answer' }],
    ['flag', { outcome: 'answered', text: 'answer' }],
    ['modify', { outcome: 'answered', text: 'words' }],
    ['block', { outcome: 'blocked', by: 'policy, output' }],
    ['hold', { outcome: 'blocked' }],
    ['refuse', { outcome: 'refused', text: 'words' }],
    ['error', { outcome: 'failed', reason: 'guard_failed' }],
    ['timeout', { outcome: 'timed_out' }],
  ] as const)('of a policy that decides %s about the answer', async (decision, expected) => {
    const checker = {
      policyVersion: '1',
      check: async ({ response }: { readonly response?: string | null }) =>
        response === undefined ? ({ decision: 'pass' } as const) : { decision, text: 'words' },
    }
    const { target } = behindPolicy('p', engineTarget({ engine: sayingModel(['answer']) }), checker)
    expect(await target.ask(talk, OPTIONS)).toMatchObject(expected)
  })
})

describe('a model that judges', () => {
  test('is read by its first word, in four languages, and anything else is no verdict', async () => {
    expect(['Yes.', 'ja', 'Oui', ' sí', 'No', 'Nein!', 'non'].map(readWord)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ])
    expect(['', 'Nothing', 'perhaps', 'Yesterday'].map(readWord)).toEqual([null, null, null, null])
    const [goal] = worldGoals({ count: 1 }).goals(1)
    if (goal === undefined) throw new Error('no goal')
    const engine = sayingModel(['no', new Error('gone')])
    const judge = modelJudge(engine)
    expect(await judge.judge({ goal, request: 'q', answer: 'a' })).toBe(false)
    expect(await judge.judge({ goal, request: 'q', answer: 'a' })).toBe(null)
    expect(String(engine.asked[0]?.messages[1]?.content)).toContain('<answer>\na\n</answer>')
  })

  test('agreement counts both mistakes, leaves failures out, and has its constant beside it', () => {
    const row = (said: boolean | null, truth: boolean | null) => ({ judges: { j: said }, truth })
    const [found] = judgeAgreement([
      row(true, true),
      row(false, true),
      row(true, false),
      row(false, false),
      row(null, true),
      row(true, null),
    ])
    expect(found).toMatchObject({
      rows: 4,
      agreed: 2,
      missed: 1,
      falseAlarms: 1,
      failures: 1,
      recall: 0.5,
      constant: 0.5,
    })
  })
})

describe('the world’s settings on the shipped model', () => {
  let model: LocalModel
  beforeAll(async () => {
    model = await openLocalModel({ path: fileURLToPath(MODEL_FILES.chat), id: 'demo' })
  })
  afterAll(() => model.dispose())

  test('all decline a plain forbidden request; the guard blocks it without asking the model', async () => {
    const settings = await worldSettings({
      model,
      seed: 1,
      guardRows: 3000,
      names: ['none', 'world-guard', 'primeguard'],
    })
    expect(settings.map(({ name }) => name)).toEqual(['none', 'world-guard', 'primeguard'])
    const content = worldGoals({ count: 1 }).goals(1)[0]?.texts['en'] ?? ''
    const replies = await Promise.all(settings.map(({ target }) => target.ask([{ role: 'user', content }], OPTIONS)))
    expect(replies.map(({ outcome }) => outcome)).toEqual(['answered', 'blocked', 'answered'])
    expect(replies.map(({ calls }) => calls > 0)).toEqual([true, false, true])
  })

  test('there are no others', async () => {
    await expect(worldSettings({ model, names: ['wall'], seed: 1 })).rejects.toMatchObject({ code: 'configuration' })
  })
})
