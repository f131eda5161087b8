/** Next actions under guidelines: what counts as right, and a small model that gains accuracy, on fixtures and on the published files. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { runtime } from '../../../../test/support/nn/run-graph.ts'
import * as align from '../index.ts'
import { dialoguesOf, placesOf, studyNextActions } from './next-action-study.ts'

const SHAPE = {
  architecture: 'llama',
  ...{ width: 32, layers: 2, heads: 2, keyValueHeads: 2, headWidth: 16, feedForward: 64 },
  ...{ maxLength: 512, ropeTheta: 10_000, epsilon: 1e-5, tiedEmbeddings: true },
} as const

const guideline = (id: string, actions: readonly string[]): align.Guideline => ({
  ...{ id, title: id, rules: [], source: 'test' },
  steps: actions.map((action, at) => ({ id: String(at), text: `Do ${action}.`, action })),
  flow: { actions, ordered: true },
})
const GUIDELINES = [
  guideline('refund', ['find-account', 'check-order', 'pay-back']),
  guideline('status', ['check-order', 'find-account', 'tell-date']),
  guideline('return', ['ask-reason', 'find-account', 'send-label']),
]

test('a made dialogue keeps its flow at every place', () => {
  const dialogues = GUIDELINES.flatMap((one) => dialoguesOf(one, 2, 1))
  const places = placesOf(dialogues, GUIDELINES)
  expect(places).toHaveLength(18)
  expect(places.slice(0, 3).map(({ expected }) => expected)).toEqual([['find-account'], ['check-order'], ['pay-back']])
  expect(places[2]?.prompt[0]?.content).toContain('1. Do find-account. [action: find-account]')
  expect(placesOf(dialogues, [])).toEqual([])
})

test('alignment on right before wrong actions gains accuracy on new dialogues', async () => {
  const { rows, pairs } = await studyNextActions({
    ...{ runtime: await runtime(), guidelines: GUIDELINES, unseen: [], real: [], shape: SHAPE, vocabularySize: 330 },
    ...{ formSteps: 20, steps: 110, batch: 8, seed: 1 },
  })
  expect(rows.map(({ set }) => set)).toEqual(['new dialogues'])
  expect(pairs).toBeGreaterThan(20)
  const [row] = rows
  expect(row?.chance).toBeCloseTo(1 / 3)
  expect(row?.after.rate ?? 0).toBeGreaterThan(Math.max(0.85, (row?.before.rate ?? 1) + 0.2))
})

const extra = fileURLToPath(new URL('../../../../../shared/data/extra/', import.meta.url))
const missing = existsSync(extra) ? '' : ' (data outside the repository is absent)'

describe.skipIf(missing !== '')(`the published files${missing}`, () => {
  const published = (name: string): unknown => align.parseJsonFile(readFileSync(`${extra}${name}`, 'utf8'), name)

  test('guidelines of ABCD are learnt from, unseen ones and published dialogues are measured', async () => {
    const guidelines = align
      .readAbcdGuidelines({
        ...{ guidelines: published('abcd_guidelines.json'), kb: published('abcd_kb.json') },
        ontology: published('abcd_ontology.json'),
      })
      .filter((one) => one.flow?.ordered === true)
      .toSorted((one, other) => align.guidelineText(one).length - align.guidelineText(other).length)
    expect(guidelines.length).toBeGreaterThan(40)
    const { rows } = await studyNextActions({
      ...{ runtime: await runtime(), guidelines: guidelines.slice(0, 3), unseen: guidelines.slice(3, 4) },
      ...{ real: align.readAbcdDialogues(published('abcd_sample_3_dialogues.json')), shape: SHAPE },
      ...{ vocabularySize: 1500, formSteps: 10, steps: 90, batch: 6, seed: 1 },
    })
    const [known] = rows
    expect(known?.set).toBe('new dialogues')
    expect(known?.after.hits ?? 0).toBeGreaterThan(known?.before.hits ?? 0)
    expect(rows.some(({ set }) => set === 'unseen guidelines')).toBe(true)
  })

  test('policies of tau-bench are prompts that fit a row', async () => {
    const policy = readFileSync(`${extra}tau_bench_retail_policy.md`, 'utf8')
    const parts = align.readPolicyMarkdown(policy, { id: 'retail', source: 'tau-bench' })
    const [first] = parts
    if (first === undefined) return expect.fail('no part')
    const { tokenizer } = await align.flows.flowModel(
      [{ prompt: [align.systemMessage(first)], response: 'Of course.', desirable: true }],
      { vocabularySize: 600 },
    )
    const pair = {
      prompt: [align.systemMessage(first), { role: 'user', content: 'Hi' }],
      chosen: 'a',
      rejected: 'b',
    } as const
    const { rows, leftOut } = align.encodePairs([pair], { tokenizer, maxLength: 8192 })
    expect([rows.length, leftOut]).toEqual([1, 0])
    expect(tokenizer.decode(rows[0]?.chosen.prompt ?? [])).toContain(align.guidelineText(first))
  })
})
