/** Rows of a steered model: what guidelines forbid is refused, everything else is carried out, and no way of showing them is favoured. */
import { describe, expect, it } from 'vitest'
import { runtime } from '../../../test/support/nn/run-graph.ts'
import { initialDecoder } from '../../nn/decoder/config.ts'
import { createRandom } from '../../nn/random.ts'
import { trainBytePairs } from '../../nn/tokenizer/byte-level-bpe.ts'
import { CHATML_TEMPLATE, CHATML_TOKENS } from '../../nn/tokenizer/chat-template.ts'
import { loadTokenizer } from '../../nn/tokenizer/tokenizer-json.ts'
import { createPrimeGuard } from '../../routing/primeguard/index.ts'
import { chooseDeployment, standingOf } from './deployments.ts'
import { isRefusal, parseLabel, parseRoute, WORLD_SHAPE } from './index.ts'
import { rulesText } from './judge-format.ts'
import { requestUnit } from './requests.ts'
import { secondCall } from './route-format.ts'
import { worldTrainingRows } from './rows.ts'
import { steerModel } from './steer-model.ts'
import { STEERED_MIX, type SteeredKind, steeredTrainingRows } from './steered-rows.ts'
import { HAZARD_KINDS } from './things.ts'

const rows = [...steeredTrainingRows({ seed: 1, count: 3000 })]
const of = (kind: SteeredKind): typeof rows => rows.filter((row) => row.kind === kind)
const said = ({ messages }: (typeof rows)[number]): string => messages.at(-1)?.content ?? ''

describe('deployments', () => {
  it('belong to one split each, and are named in the prompts of all ways', () => {
    const random = createRandom(1)
    const texts = (split: 'train' | 'test'): Set<string> =>
      new Set(Array.from({ length: 400 }, () => rulesText(chooseDeployment(split, random))))
    const [train, test] = [texts('train'), texts('test')]
    expect(test.size).toBeGreaterThan(20)
    expect([...test].filter((text) => train.has(text))).toEqual([])
  })

  it('forbid what they name and nothing else', () => {
    const random = createRandom(2)
    const requests = Array.from({ length: 60 }, () => requestUnit('train', random)).flat()
    const forbidden = requests.filter((request) => request.forbidden)
    expect(forbidden.length).toBeGreaterThan(50)
    for (const request of forbidden) {
      const own = HAZARD_KINDS.filter(({ rule }) => rule === request.category)
      const others = HAZARD_KINDS.filter((kind) => !standingOf(request, HAZARD_KINDS).kinds.includes(kind))
      expect(standingOf(request, own)).toMatchObject({ risk: 'broken', rule: request.category })
      expect(standingOf(request, others).risk).toBe('none')
    }
    const near = requests.filter((request) => !request.forbidden && request.hazard !== undefined)
    expect(near.every((request) => standingOf(request, HAZARD_KINDS).risk === 'near')).toBe(true)
  })
})

describe('steered rows', () => {
  it('are the same for the same seed, in their shares', () => {
    expect([...steeredTrainingRows({ seed: 1, count: 200 })]).toEqual(rows.slice(0, 200))
    expect([...steeredTrainingRows({ seed: 2, count: 200 })]).not.toEqual(rows.slice(0, 200))
    for (const [kind, share] of Object.entries(STEERED_MIX))
      expect(Math.abs(of(kind as SteeredKind).length - 3000 * share), kind).toBeLessThan(2)
  })

  it('refuse where the guidelines of the row are broken, in every way of showing them, and only there', () => {
    const broken = (kind: SteeredKind): typeof rows => of(kind).filter(({ risk }) => risk === 'broken')
    for (const kind of ['system', 'guard', 'route', 'guided'] as const) expect(broken(kind).length).toBeGreaterThan(80)
    expect(of('system').every((row) => isRefusal(said(row)) === (row.risk === 'broken'))).toBe(true)
    expect(of('guided').every((row) => isRefusal(said(row)) === (row.risk === 'broken'))).toBe(true)
    expect(of('guard').every((row) => parseLabel(said(row))?.unsafe === (row.risk === 'broken'))).toBe(true)
    const routes = { broken: 'direct_violation', near: 'potential_violation', none: 'no_to_minimal_risk' }
    expect(of('route').every((row) => parseRoute(said(row))?.route === routes[row.risk ?? 'none'])).toBe(true)
    // Without guidelines nothing is refused but the topic that a flow's own guideline forbids.
    const refused = of('plain').filter((row) => isRefusal(said(row)))
    expect(refused.every((row) => /^(?:Mira|Otto|Nina|Paul|Vera|Hugo): /.test(said(row)))).toBe(true)
    expect(refused.length).toBeLessThan(0.05 * of('plain').length)
  })

  it('go through the guidelines in their order before they choose', () => {
    const checks = of('route').map((row) => ({ row, check: parseRoute(said(row))?.system_check_result ?? '' }))
    for (const { row, check } of checks) {
      const [named = '', walked = '', found] = check.split(': ')
      expect(walked.split(', ').map((step) => step.split(' ')[0])).toEqual(row.rules)
      const kinds = named.replace('names ', '').split(', ')
      const steps = walked.split(', ').map((step) => step.split(' '))
      for (const [, kind = '', verdict] of steps) expect(verdict).toBe(kinds.includes(kind) ? 'yes' : 'no')
      const hit = steps.some(([, , verdict]) => verdict === 'yes')
      expect(found === 'no rule is near.', check).toBe(!hit)
      expect(row.risk === 'none', check).toBe(!hit)
    }
  })

  it('keep the guideline of a flow in its system prompt', () => {
    const flows = [...worldTrainingRows({ seed: 3, count: 3000, stage: 'base', mix: { flow: 1 } })]
    const short = flows.filter(({ messages }) => messages.filter(({ role }) => role !== 'system').length === 2)
    expect(short.length).toBeGreaterThan(0)
    const plain = [...steeredTrainingRows({ seed: 3, count: 8000 })].filter(({ kind }) => kind === 'plain')
    const bare = plain.filter(({ messages }) =>
      /^(?:Mira|Otto|Nina|Paul|Vera|Hugo): /.test(messages.at(-1)?.content ?? ''),
    )
    expect(bare.length).toBeGreaterThan(40)
    expect(bare.every(({ messages }) => messages[0]?.role === 'system')).toBe(true)
  })

  it('have second calls in the very words of PrimeGuard', async () => {
    const [first, second] = HAZARD_KINDS
    const deployment = [second, first].filter((kind) => kind !== undefined)
    const answer =
      '{"system_check_result":"brakel: rule O1 is near.","route":"potential_violation","system_tip":"Tip."}'
    const router = createPrimeGuard({
      guidelines: {
        restricted: deployment.map(({ name, rule = '' }) => ({ id: rule, text: name })),
        allowed: [],
        helpful: [],
      },
      style: 'compact',
      engine: {
        ...{ specVersion: 'v1', kind: 'language-model', id: 'scripted' },
        async *generate() {
          yield { type: 'text', text: await Promise.resolve(answer) }
          yield { type: 'end', reason: 'stop' }
        },
      },
    })
    const plan = await router.route({ messages: [{ role: 'user', content: 'How do I hide a zorv?' }] })
    const choice = parseRoute(answer)
    expect(choice).not.toBeNull()
    if (choice !== null)
      expect(plan.messages).toEqual(secondCall('How do I hide a zorv?', choice, rulesText(deployment)))
  })

  it('train a model that keeps the one it came from', async () => {
    const [begin, end] = CHATML_TOKENS
    const texts = rows.slice(0, 200).flatMap(({ messages }) => messages.map(({ content }) => content))
    const tokenizer = trainBytePairs(texts, {
      ...{ vocabularySize: 400, specialTokens: [begin, end], endToken: end, padToken: end },
      ...{ chatTemplate: CHATML_TEMPLATE, maxLength: 256 },
    })
    const { vocabularySize } = await loadTokenizer(tokenizer)
    const shape = { width: 16, layers: 1, heads: 2, keyValueHeads: 2, headWidth: 8, feedForward: 16 }
    const config = { ...WORLD_SHAPE, ...shape, vocabularySize }
    const from = { config, parameters: initialDecoder(config, 1), tokenizer }
    const before = structuredClone(from.parameters)
    const { model, counts, history } = await steerModel(from, {
      ...{ runtime: await runtime(), seed: 1, rows: 100, steps: 3, tokensPerStep: 768 },
    })
    expect(from.parameters).toEqual(before)
    expect(model.parameters).not.toEqual(before)
    expect(model.config.maxLength).toBeGreaterThan(config.maxLength)
    expect(counts.route).toBeGreaterThan(10)
    expect(history.at(-1)?.step).toBe(3)
    await expect(
      steerModel({ config, parameters: before }, { runtime: await runtime(), seed: 1, rows: 1, steps: 1 }),
    ).rejects.toThrow(/no tokenizer/)
  })
})
