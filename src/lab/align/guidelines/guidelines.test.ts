/** The readers of published guideline files, on small invented files of the same form and, where they are, on the published ones. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as align from '../index.ts'

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')
const json = (name: string): unknown => align.parseJsonFile(fixture(name), name)
const files = {
  guidelines: json('abcd_guidelines.json'),
  kb: json('abcd_kb.json'),
  ontology: json('abcd_ontology.json'),
}
const byId = (id: string): align.Guideline =>
  align.readAbcdGuidelines(files).find((guideline) => guideline.id === id) ?? expect.fail(`no ${id}`)

describe('ABCD guidelines', () => {
  test('texts, actions and flows meet', () => {
    const lamp = byId('lamp_return')
    expect(lamp.title).toBe('Lamp Trouble: Return a Lamp')
    expect(lamp.steps.map(({ id, action }) => [id, action])).toEqual([
      ['lamp_return/1', 'pull-up-account'],
      ['lamp_return/2', 'validate-purchase'],
      ['lamp_return/3', 'membership'],
      ['lamp_return/4', undefined],
      ['lamp_return/5', 'notify-team'],
    ])
    expect(lamp.steps[1]?.text).toBe('Check the purchase with [Validate Purchase]:\nOrder ID\nEmail Address')
    expect(lamp.rules).toHaveLength(2)
    expect(lamp.flow).toEqual({
      actions: ['pull-up-account', 'validate-purchase', 'membership', 'notify-team'],
      ordered: true,
    })
    expect(byId('lamp_flicker').flow?.ordered).toBe(false)
    expect(byId('lamp_flicker').steps.map(({ action }) => action)).toEqual(['try-again', 'log-out-in'])
    // The page of the FAQ, not the action for a member's privileges.
    expect(byId('membership').steps.map(({ action }) => action)).toEqual([
      'search-faq',
      'search-membership',
      'select-faq',
    ])
  })

  test('the system text holds everything', () => {
    const guideline = { ...byId('lamp_return'), persona: 'You are Lumo.' }
    const text = align.guidelineText(guideline)
    for (const part of [
      guideline.title,
      'You are Lumo.',
      ...guideline.rules,
      ...guideline.steps.map((step) => step.text),
    ])
      expect(text).toContain(part)
    expect(text).toContain('5. Tell the lamp team. [action: notify-team]')
    expect(align.systemMessage(guideline)).toEqual({ role: 'system', content: text })
  })

  test.each([
    [
      { kb: { ...(files.kb as object), lamp_return: ['fly'] } },
      'kb: lamp_return names fly, which is no action of the ontology',
    ],
    [{ kb: {} }, 'kb: lamp_return must be a list'],
    [{ guidelines: [] }, 'guidelines must be an object'],
    [{ guidelines: { 'Lamp Trouble': { subflows: {} } } }, 'Lamp Trouble has 0 subflows, the ontology 2'],
    [{ ontology: { actions: {} } }, 'ontology: intents must be an object'],
  ])('files that do not fit are refused: %#', (change, message) => {
    expect(() => align.readAbcdGuidelines({ ...files, ...change })).toThrow(message)
  })
})

describe('next action', () => {
  const flow: align.Flow = { actions: ['a', 'b', 'c'], ordered: true }
  test.each([
    [[], 'a', 'next'],
    [[], 'b', 'skipped'],
    [['a'], 'a', 'repeated'],
    [['a'], 'z', 'foreign'],
    [['a', 'z', 'b'], 'c', 'next'],
    // A step left out stays the next one.
    [['b'], 'a', 'next'],
    [['a', 'b', 'c'], 'c', 'repeated'],
  ] as const)('after %j, %s is %s', (done, action, verdict) => {
    expect(align.checkAction(flow, done, action)).toBe(verdict)
  })

  test('any order that takes each action once is right without order, and only one with', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(['a', 'b', 'c', 'd'], { minLength: 4 }), (order) => {
        const verdicts = (ordered: boolean): readonly string[] =>
          order.map((action, at) =>
            align.checkAction({ actions: ['a', 'b', 'c', 'd'], ordered }, order.slice(0, at), action),
          )
        expect(verdicts(false)).toEqual(['next', 'next', 'next', 'next'])
        expect(verdicts(true).every((verdict) => verdict === 'next')).toBe(order.join('') === 'abcd')
      }),
    )
    expect(align.nextActions(flow, ['a', 'b', 'c'])).toEqual([])
    expect(align.nextActions({ ...flow, ordered: false }, ['b'])).toEqual(['a', 'c'])
  })

  test('an action is read back from its turn', () => {
    expect(align.actionOfResponse(align.actionResponse('log-out-in'))).toBe('log-out-in')
    expect(align.actionOfResponse('I take action: none')).toBeUndefined()
  })
})

describe('ABCD dialogues', () => {
  const [dialogue] = align.readAbcdDialogues(json('abcd_dialogues.json'))
  if (dialogue === undefined) throw new Error('the fixture holds no dialogue')

  test('actions are labelled by the flow', () => {
    const labelled = align.labelActions(dialogue, byId('lamp_return'))
    expect(labelled.map(({ action, verdict, desirable }) => [action, verdict, desirable])).toEqual([
      ['pull-up-account', 'next', true],
      ['validate-purchase', 'next', true],
      ['notify-team', 'skipped', false],
      ['pull-up-account', 'repeated', false],
    ])
    expect(labelled[2]?.expected).toEqual(['membership'])
    expect(labelled[1]?.prompt.map(({ role }) => role)).toEqual(['system', 'assistant', 'user', 'user', 'assistant'])
    expect(labelled[1]?.prompt.at(-1)?.content).toBe('action: pull-up-account')
  })

  test('bad turns are made by skipping and repeating', () => {
    const labelled = align.labelActions(dialogue, byId('lamp_return'), { perturbed: true })
    const made = labelled.filter(({ origin }) => origin !== 'dialogue')
    expect(made.map(({ action, verdict, origin }) => [action, verdict, origin])).toEqual([
      ['validate-purchase', 'skipped', 'skipped'],
      ['membership', 'skipped', 'skipped'],
      ['pull-up-account', 'repeated', 'repeated'],
    ])
    // Good and bad turns of one place make a pair.
    expect(align.pairsOfTurns(labelled).map(({ chosen }) => chosen)).toEqual([
      'action: pull-up-account',
      'action: validate-purchase',
    ])
  })

  test('what does not fit is refused', () => {
    expect(() => align.labelActions(dialogue, byId('membership'))).toThrow(
      'follows lamp_return, but the guideline is membership',
    )
    const turn = { original: [['action', 'x']], delexed: [{ targets: ['s', 'take_action', null, [], -1] }] }
    expect(() => align.readAbcdDialogues([turn])).toThrow('dialogues[0].delexed[0].targets must name the action')
    expect(() => align.readAbcdDialogues([{ ...turn, delexed: [] }])).toThrow('1 turns in original and 0 in delexed')
    expect(() => align.readAbcdDialogues([{ ...turn, original: [['robot', 'x']] }])).toThrow('must begin with agent')
    expect(() => align.parseJsonFile('{', 'abcd.json')).toThrow('abcd.json is not JSON')
  })
})

/** Lines of a policy that are in no persona, step or rule. */
function lostLines(text: string, guidelines: readonly align.Guideline[]): readonly string[] {
  const kept = guidelines
    .flatMap(({ persona = '', steps, rules }) => [persona, ...steps.map((step) => step.text), ...rules])
    .join('\n')
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/^(?:[-*+]|\d+[.)])\s+/, ''))
    .filter((line) => !kept.includes(line))
}

describe('tau-bench policies', () => {
  const text = fixture('policy.md')
  const guidelines = align.readPolicyMarkdown(text, { id: 'lamps', source: 'policy.md' })

  test('sections, persona, steps and rules', () => {
    expect(guidelines.map(({ id, steps, rules }) => [id, steps.length, rules.length])).toEqual([
      ['lamps', 0, 3],
      ['lamps#lamps', 0, 2],
      ['lamps#return-a-lamp', 2, 3],
      ['lamps#path-1-the-lamp-is-dark', 2, 0],
    ])
    expect(guidelines[0]?.persona).toBe(
      'As a lamp agent, you can help users:\n- **return a lamp**\n- **ask about lamps**',
    )
    expect(guidelines[1]?.rules[0]).toBe('Kinds: Each lamp has:\n- a bulb\n- a base\n    - heavy or light')
    expect(guidelines[3]?.steps).toEqual([
      { id: '1.0', text: 'Look at the plug\nAsk the user to look.\n**If it is out:**\n- Put it in' },
      { id: '1.1', text: 'Look at the bulb\n- Turn it' },
    ])
    expect(lostLines(text, guidelines)).toEqual([])
  })

  test('a file read with CRLF is the same, an empty one is refused', () => {
    const crlf = text.replaceAll('\n', '\r\n')
    expect(align.readPolicyMarkdown(crlf, { id: 'lamps', source: 'policy.md' })).toEqual(guidelines)
    expect(() => align.readPolicyMarkdown('# Title\n', { id: 'x', source: 'x.md' })).toThrow('x.md holds no policy')
  })

  test('rules that can be checked on a turn', () => {
    const rules = Object.fromEntries(
      align.turnRulesOf(guidelines[0] ?? expect.fail('none')).map((rule) => [rule.id, rule.keeps]),
    )
    expect(Object.keys(rules)).toEqual(['one-tool-call', 'no-answer-beside-tool-call', 'transfer-message'])
    const call = (name: string, content = ''): align.PreferencePair['prompt'][number] => ({
      role: 'assistant',
      content,
      toolCalls: [{ id: '1', name, input: '{}' }],
    })
    const say = (content: string) => ({ role: 'assistant', content }) as const
    const both = { ...call('a'), toolCalls: [...(call('a').toolCalls ?? []), ...(call('b').toolCalls ?? [])] }
    expect([call('a'), both].map((turn) => rules['one-tool-call']?.(turn, []))).toEqual([true, false])
    expect(
      [call('a'), call('a', 'Well'), say('Well')].map((turn) => rules['no-answer-beside-tool-call']?.(turn, [])),
    ).toEqual([true, false, true])
    const after = [call('call_a_person')]
    const transfer = rules['transfer-message']
    expect([transfer?.(say('A PERSON COMES.'), after), transfer?.(say('Bye'), after)]).toEqual([true, false])
    expect([transfer?.(say('A PERSON COMES.'), []), transfer?.(say('Bye'), [])]).toEqual([false, true])
  })
})

const extra = fileURLToPath(new URL('../../../../../shared/data/extra/', import.meta.url))
const missing = existsSync(extra) ? '' : ' (data outside the repository is absent)'

describe.skipIf(missing !== '')(`the published files${missing}`, () => {
  const published = (name: string): string => readFileSync(`${extra}${name}`, 'utf8')
  const parsed = (name: string): unknown => align.parseJsonFile(published(name), name)

  test('ABCD: 55 guidelines, whose actions are those of the flow but in four', () => {
    const guidelines = align.readAbcdGuidelines({
      guidelines: parsed('abcd_guidelines.json'),
      kb: parsed('abcd_kb.json'),
      ontology: parsed('abcd_ontology.json'),
    })
    expect(guidelines).toHaveLength(55)
    const differing = guidelines.filter(
      ({ steps, flow }) => steps.flatMap(({ action }) => action ?? []).join() !== flow?.actions.join(),
    )
    expect(differing.map(({ id }) => id)).toEqual(['refund_status', 'search_results', 'slow_speed', 'manage_pay_bill'])
    expect(guidelines.flatMap(({ id, flow }) => (flow?.ordered === false ? [id] : []))).toEqual([
      'credit_card',
      'shopping_cart',
      'search_results',
      'slow_speed',
    ])
    const verdicts = align.readAbcdDialogues(parsed('abcd_sample_3_dialogues.json')).map((dialogue) => {
      const guideline = guidelines.find(({ id }) => id === dialogue.subflow) ?? expect.fail(dialogue.subflow)
      return align.labelActions(dialogue, guideline).map(({ verdict }) => verdict)
    })
    expect(verdicts).toEqual([
      ['next', 'next', 'skipped', 'foreign'],
      ['next', 'next'],
      ['next', 'next', 'next'],
    ])
  })

  test('tau-bench and tau2-bench: no line is lost', () => {
    const names = readdirSync(extra).filter((name) => /^tau2?_.*\.md$/.test(name))
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) {
      const guidelines = align.readPolicyMarkdown(published(name), { id: name.slice(0, -3), source: name })
      expect([name, ...lostLines(published(name), guidelines)]).toEqual([name])
      expect(new Set(guidelines.map(({ id }) => id)).size).toBe(guidelines.length)
    }
    const workflow = align.readPolicyMarkdown(published('tau2_telecom_tech_support_workflow.md'), {
      id: 'w',
      source: 'w',
    })
    expect(workflow.map(({ steps }) => steps.length).filter((count) => count > 0)).toEqual([5, 1, 5, 4, 7])
  })
})
