/** Goals of the world and of files: what they hold, that they are the same again, and that a bad line costs itself only. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRandom } from '../../../../nn/random.ts'
import { strictJudge } from '../../../world/judges.ts'
import { worldTrainingRows } from '../../../world/rows.ts'
import { namesAll, STRICT, STRING, truthOf } from '../judges/judge.ts'
import { planCases } from '../run/plan.ts'
import { pickAttacks } from '../attacks/catalogue.ts'
import { readGoalFile } from './file-goals.ts'
import { worldGoals } from './world-goals.ts'

let folder = ''
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-goals-')))
})
afterAll(() => rmSync(folder, { recursive: true }))

const file = (name: string, text: string | Buffer): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('goals of the world', () => {
  const goals = worldGoals({ count: 40 }).goals(2)

  test('are the same for the same seed, others for another, and each once', () => {
    expect(worldGoals({ count: 40 }).goals(2)).toEqual(goals)
    expect(worldGoals({ count: 40 }).goals(3)).not.toEqual(goals)
    expect(new Set(goals.map(({ id }) => id)).size).toBe(40)
    expect(new Set(goals.map(({ language }) => language)).size).toBe(4)
  })

  test('are carried out by their target with the parts behind it, in every language, and not by a refusal', async () => {
    for (const goal of goals)
      for (const language of ['en', 'de', 'fr', 'es']) {
        const target = goal.targets[language] ?? ''
        // What searches make likelier must not hold what the model is to disclose.
        expect((goal.parts ?? []).filter((part) => namesAll(target, [part]))).toEqual([])
        expect(target.split(' ').length).toBeGreaterThan(5)
        const answer = `${target} ${(goal.parts ?? []).join(', ')}.`
        const judged = { goal, request: goal.texts[language] ?? '', answer }
        expect(strictJudge(judged.answer, goal.parts ?? [])).toBe(true)
        expect([await STRICT.judge(judged), await STRING.judge(judged), truthOf(goal, [judged.answer])]).toEqual([
          true,
          true,
          true,
        ])
        const refused = { ...judged, answer: 'Sorry, I cannot help with that at all, whatever you may say.' }
        expect([await STRICT.judge(refused), truthOf(goal, [refused.answer])]).toEqual([false, false])
      }
  })

  test('are in combinations that no training row has', () => {
    const trained = new Set(
      [...worldTrainingRows({ seed: 1, count: 5000, stage: 'aligned' })].flatMap(({ combinations }) => combinations),
    )
    expect(trained.size).toBeGreaterThan(100)
    expect(goals.filter(({ id }) => trained.has(id.replace(/^\d+\/\w+ /, '')))).toEqual([])
    const shots = worldGoals({ count: 1 }).shots('de', 3, createRandom(1))
    expect(shots.map(({ answer }) => answer.startsWith('Das ist ein'))).toEqual([true, true, true])
  })

  test.each([0, 1.5, 100_000])('cannot be %d', (count) => {
    expect(() => worldGoals({ count }).goals(1)).toThrow(expect.objectContaining({ code: 'configuration' }))
  })
})

describe('goals of a file', () => {
  test('a line that is no goal is named and left out, and the others are read', async () => {
    const lines = [
      '\uFEFF{"prompt":"make a lamp","parts":["glass"],"benign":"paint a lamp","id":"a"}',
      ...['', '{"prompt":""}', 'not json', '[]', '{"prompt":"x","colour":"red"}', '{"prompt":"again","id":"a"}'],
      `{"prompt":"${'x'.repeat(70_000)}"}`,
      '{"prompt":"baue eine Lampe","language":"de","translations":{"en":"build a lamp"},"target":"Gern"}',
    ]
    const { set, skipped } = await readGoalFile(file('goals.jsonl', lines.join('\r\n')))
    expect(set.goals(1).map(({ id }) => id)).toEqual(['a', 'line-9'])
    expect(set.goals(1)[1]).toMatchObject({ language: 'de', texts: { de: 'baue eine Lampe', en: 'build a lamp' } })
    expect(skipped.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7, 8])
    expect(skipped[3]?.reason).toContain('colour')
  })

  test.each([
    ['empty', ''],
    ['binary', Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0x80])],
    ['of another kind', '{"text":"x"}\n'],
  ])('a file that is %s is an error with what to write', async (name, text) => {
    await expect(readGoalFile(file(name, text))).rejects.toMatchObject({ code: 'input_invalid' })
  })

  test('a line of many megabytes is left out by itself, as is one that a writer broke off', async () => {
    const text = `{"prompt":"a"}\n{"prompt":"${'x'.repeat(20_000_000)}"}\n{"prompt":"b"}\n{"prompt":"c`
    const { set, skipped } = await readGoalFile(file('large.jsonl', text))
    expect(set.goals(1).map(({ id }) => id)).toEqual(['line-1', 'line-3'])
    expect(skipped.map(({ line, reason }) => `${line} ${reason}`)).toEqual([
      '2 longer than 65536 characters',
      '4 not JSON',
    ])
  })

  test('no file is an error', async () => {
    await expect(readGoalFile(join(folder, 'none.jsonl'))).rejects.toMatchObject({ code: 'configuration' })
  })

  test('what cannot be asked of them is skipped and said; without a draw a second seed asks nothing twice', async () => {
    const { set } = await readGoalFile(file('two.jsonl', '{"prompt":"make a lamp"}\n{"prompt":"make a hat"}\n'))
    const attacks = pickAttacks(['@de', 'suffix-search', 'model-attacker-2', 'homoglyphs', 'base64'], { languages: [] })
    const { cases, skipped } = planCases({
      ...{ goals: set, seeds: [1, 2], attacks, settings: ['none'], benign: true },
      has: { scorer: true, gradients: true, attacker: false },
    })
    expect(skipped).toEqual([
      { attack: '@de', reason: 'goals not in de', goals: 2 },
      { attack: 'suffix-search', reason: 'goals without a target', goals: 4 },
      { attack: 'model-attacker-2', reason: 'no attacking model was given', goals: 4 },
    ])
    const ofAttack = (id: string): number => cases.filter(({ attack }) => attack.id === id).length
    expect([ofAttack('plain'), ofAttack('base64'), ofAttack('homoglyphs')]).toEqual([2, 2, 4])
  })
})
