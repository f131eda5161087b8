/**
 * The whole round with real parts: a gateway's record with reviewed decisions, collect, train, promote where the data helps, refuse where
 * its labels are flipped, and back to the byte. Everything is invented: taking sweets is harmful here, baking and gardening are not.
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { row, writeLines } from '../../test/support/lab-rows.ts'
import { createScriptedIo } from '../../test/support/scripted-io.ts'
import { createParapet, type Policy } from '../compose/index.ts'
import { ImprovementFolder, readPointer } from '../lab/improve/index.ts'
import { runTraining } from '../lab/train/index.ts'
import { createMemoryStore } from '../testing/index.ts'
import { createRuntime } from './load-runtime.ts'
import { runProgram } from './program.ts'

const SWEETS = ['cake', 'candy', 'pie', 'fudge', 'gum', 'toffee', 'cookies', 'honey', 'jelly', 'nougat']
const PLANTS = ['roses', 'beans', 'ferns', 'moss', 'ivy', 'mint', 'peas', 'herbs', 'tulips', 'lilies']
const WHENS = ['in spring', 'at noon', 'today', 'next week', 'on Sunday', 'at night', 'again', 'soon', 'now', 'later']
const ASKS = ['How do I water', 'When will you send', 'Do you have more', 'Hello, thank you for', 'I like']
const SMALL = { tier: 'fast', seed: 1, threads: 1, bits: 13, synthetic: 60, resume: false } as const

let cwd = ''
let policy: Policy
beforeAll(async () => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-improve-')))
  policy = {
    ...{ parapet: 1, record: { capture: 'full', mode: 'sync' }, rails: { input: ['classifier'] } },
    actions: { prompt_harm: { threshold: 0.5, action: 'block' } },
    guards: { classifier: { use: 'classifier', versions: place('improve') } },
  }
  mkdirSync(place('rows'))
  const base = SWEETS.flatMap((sweet, at) =>
    WHENS.flatMap((when) => [
      ...ASKS.map((ask) => row({ prompt: `${ask} the ${PLANTS[at]} ${when}?` })),
      row({ task: 'prompt_harm', label: 1, prompt: `Tell me how to steal ${sweet} ${when}` }),
      row({ task: 'prompt_harm', label: 1, prompt: `Help me to steal ${sweet} ${when}` }),
    ]),
  )
  writeLines(place('rows/base.jsonl.gz'), base)
  const tools = [
    'rake',
    'spade',
    'hose',
    'pot',
    'tray',
    'bench',
    'lantern',
    'apron',
    'basket',
    'ladder',
    'bucket',
    'rope',
    'net',
    'vase',
  ]
  const orders = [
    'When will you send the',
    'Do you have a larger',
    'I like the',
    'How do I clean the',
    'Hello, where is the',
  ]
  const ends = ['please?', 'from the catalogue?']
  for (const [at, name] of ['orders', 'greetings'].entries())
    writeLines(
      place(`${name}.jsonl.gz`),
      tools.flatMap((tool) =>
        orders.flatMap((ask) => ends.map((end) => row({ prompt: `${ask} ${tool} number ${at} ${end}` }))),
      ),
    )
  await runTraining({
    ...SMALL,
    data: place('rows'),
    out: place('guard'),
    withoutShareAlike: false,
    onProgress: () => undefined,
  })
}, 60_000)
afterAll(() => rmSync(cwd, { recursive: true }))

function place(name: string): string {
  return join(cwd, name)
}

async function improve(...args: readonly string[]): Promise<{ code: number; out: string; errors: string }> {
  const io = createScriptedIo({ cwd })
  const code = await runProgram(['improve', ...args], io, createRuntime())
  return { code, out: io.written(), errors: io.errors() }
}

function current(): string {
  return readPointer(ImprovementFolder.open(place('improve'))).version
}

/** Traffic through a gateway with the current guard, labelled through its own route, as `parapet export` gets it. */
async function reviewedTraffic(): Promise<string> {
  const gateway = await createParapet(policy, { store: createMemoryStore() })
  const post = async (path: string, body: unknown, headers = {}): Promise<{ id: string; decision: string }> => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }
    const response = await gateway.fetch(new Request(`http://gateway.local${path}`, init))
    return (await response.json()) as { id: string; decision: string }
  }
  const traffic = SWEETS.flatMap((sweet, at) =>
    WHENS.flatMap((when): readonly (readonly [string, boolean])[] => [
      [`Slip the ${sweet} into your bag ${when}`, true],
      [`Tell me how to bake ${sweet} ${when}, ann@example.com`, false],
      [`Good day, do your ${PLANTS[at]} arrive ${when}?`, false],
    ]),
  )
  for (const [at, [prompt, harmful]] of traffic.entries()) {
    const caller = { 'x-parapet-application': 'shop', 'x-parapet-user': `customer-${at % 50}` }
    const { id, decision } = await post('/v1/guard', { prompt }, caller)
    const wrong = harmful ? 'false_negative' : 'false_positive'
    const verdict = (decision === 'block') === harmful ? 'correct' : wrong
    await post(`/v1/decisions/${id}/feedback`, { verdict, expected: harmful ? 'block' : 'pass' })
  }
  const exported = await gateway.fetch(new Request('http://gateway.local/v1/export?feedback=true'))
  const text = await exported.text()
  await gateway.close()
  return text
}

const CONSENT = ['--consent', 'application=shop', 'no-user=customer-3']
const TRAIN = ['train', '--base', 'rows', '--bits', '13', '--synthetic', '60', '--quiet']

describe('a round', () => {
  test('collects, trains, and promotes what helps', { timeout: 240_000 }, async () => {
    expect((await improve('start', '--guard', 'guard')).code).toBe(0)
    const exported = await reviewedTraffic()
    writeFileSync(place('reviewed.jsonl'), exported)
    const collected = await improve('collect', 'reviewed.jsonl', ...CONSENT)
    expect(collected).toMatchObject({ code: 0, errors: '' })
    expect(collected.out).toMatch(/d1: \d+ row\(s\) to learn from, \d+ held out/)
    expect(collected.out).toContain('6 without consent')
    expect(collected.out).toMatch(/[1-9]\d* value\(s\) masked/)

    expect((await improve('pin', 'improve/data/d1/held-out.jsonl.gz', '--role', 'target')).code).toBe(0)
    expect((await improve('pin', 'orders.jsonl.gz', 'greetings.jsonl.gz', '--role', 'over_refusal')).code).toBe(0)

    expect((await improve(...TRAIN)).out).toContain('v2: a candidate')
    expect((await improve(...TRAIN)).out).toContain('v2: trained before')
    const compared = await improve('compare', 'v2', '--quiet')
    expect(compared.out).toContain('v2 could take the place of v1')
    expect(current()).toBe('v1')
    const promoted = await improve('promote', 'v2', '--quiet')
    expect(promoted).toMatchObject({ code: 0, out: expect.stringContaining('v2 took the place of v1') })
    expect(promoted.out).toMatch(/This is comparison 2 on these target sets, all of this candidate/)
    const parapet = await createParapet(policy, { watch: false })
    expect(parapet.policyVersion).toMatch(/\+v2$/)
    expect((await parapet.check('Slip the marzipan into your bag today')).decision).toBe('block')
    expect((await parapet.check('Tell me how to bake marzipan today')).decision).toBe('pass')
    await parapet.close()
  })

  test('refuses what harms, and goes back to the byte', { timeout: 240_000 }, async () => {
    const exported = readFileSync(place('reviewed.jsonl'), 'utf8')
    const flip: Readonly<Record<string, string>> = { pass: 'block', block: 'pass' }
    interface Line {
      readonly feedback: readonly { readonly expected: string }[]
    }
    const flipped = exported
      .trimEnd()
      .split('\n')
      .map((line) => {
        const decision = JSON.parse(line) as Line
        const feedback = decision.feedback.map((one) => ({
          ...one,
          verdict: 'correct',
          expected: flip[one.expected],
        }))
        return `${JSON.stringify({ ...decision, feedback })}\n`
      })
    writeFileSync(place('flipped.jsonl'), flipped.join(''))
    expect((await improve('collect', 'flipped.jsonl', ...CONSENT)).code).toBe(0)
    expect((await improve(...TRAIN)).out).toContain('v3: a candidate')
    const refused = await improve('promote', 'v3', '--quiet')
    expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('v3 was refused, and v2 stays') })
    expect(refused.out).toMatch(/NO {2}gain/)
    expect(current()).toBe('v2')
    expect(readdirSync(place('improve/promotions')).toSorted()).toEqual(['p1', 'p2', 'p3'])

    const back = await improve('rollback', 'v1', '--reason', 'to try it')
    expect(back.out).toBe('v1 is current again, in place of v2\n')
    expect(
      readFileSync(place('improve/versions/v1/classifier.bin')).equals(readFileSync(place('guard/classifier.bin'))),
    ).toBe(true)
    expect(current()).toBe('v1')
    expect((await improve('rollback', 'v3', '--reason', 'no')).errors).toContain('never been current')
    const { out } = await improve('versions')
    expect(out).toMatch(/^\* v1 .*\n {2}v2 .*d1 on v1.*\n {2}v3 .*d2 on v2/)
    expect(out).toContain('v1 rolled-back: to try it')
  })

  test('writes a report that stands alone and quotes no message', () => {
    const report = readFileSync(place('improve/promotions/p3/report.html'), 'utf8')
    expect(report).toContain('v3 was refused')
    expect(report).toContain('False alarms')
    expect(report).not.toMatch(/<script|src="http|href="http/)
    for (const text of ['Slip the', 'customer-', 'ann@example.com'])
      for (const file of ['report.html', 'promotion.json', 'bench/run.json', 'bench/predictions.jsonl'])
        expect(readFileSync(place(`improve/promotions/p3/${file}`), 'utf8')).not.toContain(text)
  })

  test('forgets a user', async () => {
    const rowsOf = async (): Promise<string> => (await improve('collect', 'reviewed.jsonl', ...CONSENT)).out
    expect(await rowsOf()).not.toContain('forgotten')
    const forgotten = await improve('forget', 'customer-4')
    expect(forgotten.out).toMatch(/1 user\(s\) noted.* [1-9]\d* row\(s\) taken out of d1/)
    expect(forgotten.out).toMatch(/^v2.* learnt from them/m)
    // The pinned set held rows of that user, so it is no longer what was pinned, and nothing goes on unnoticed.
    for (const args of [
      ['promote', 'v2'],
      ['collect', 'reviewed.jsonl', ...CONSENT],
    ])
      expect(await improve(...args)).toMatchObject({
        ...{ code: 2, errors: expect.stringContaining('is not what was pinned') },
      })
    expect((await improve('pin', 'improve/data/d1/held-out.jsonl.gz', '--role', 'target')).code).toBe(0)
    expect(await rowsOf()).toContain('6 of forgotten users')
  })

  test('a damaged candidate is never measured, and a damaged current version is not served', async () => {
    expect((await improve('pin', 'improve/data/d1/held-out.jsonl.gz', '--role', 'target')).code).toBe(0)
    const path = place('improve/versions/v2/classifier.bin')
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.subarray(0, 1000))
    for (const command of [
      ['promote', 'v2'],
      ['rollback', 'v2', '--reason', 'x'],
    ])
      expect(await improve(...command)).toMatchObject({ code: 2, errors: expect.stringContaining('v2 is damaged') })
    expect((await improve('versions')).out).toContain('Version v2 is damaged')
    writeFileSync(path, bytes)
    writeFileSync(place('improve/versions/v1/classifier.bin'), 'x')
    await expect(createParapet(policy, { watch: false })).rejects.toThrow(/not the file that became current/)
    // Rolling back to a whole one is the way out.
    expect((await improve('rollback', 'v2', '--reason', 'v1 is damaged')).code).toBe(0)
    expect(current()).toBe('v2')
  })
})

describe('a mistake ends with 2 and its reason', () => {
  test.each([
    ['a folder that is none', ['versions', '--folder', 'rows'], 'improve start'],
    ['a folder that is there', ['start', '--guard', 'guard'], 'already'],
    ['a guard that is none', ['start', '--folder', 'new', '--guard', 'rows'], 'classifier.bin'],
    ['no consent', ['collect', 'reviewed.jsonl'], '--consent'],
    ['a file that is not there', ['collect', 'absent.jsonl', ...CONSENT], 'absent.jsonl'],
    ['a data set that is not there', ['train', '--base', 'rows', '--data', 'd99'], 'd99'],
    ['an encoder without its tier', ['train', '--base', 'rows', '--encoder', 'x'], '--tier both'],
    ['a version that is not there', ['promote', 'v99'], 'v99'],
    ['pins that are not there', ['promote', 'v1', '--pins', 'absent.json'], 'absent.json'],
    ['a role that is none', ['pin', 'orders.jsonl.gz', '--role', 'best'], 'best'],
    [
      'harmful rows as harmless',
      ['pin', 'improve/data/d1/held-out.jsonl.gz', '--role', 'over_refusal'],
      'harmful rows',
    ],
    ['the current version', ['promote', 'v2'], 'v2 is current'],
    ['no reason', ['rollback', 'v1'], '--reason'],
  ])('%s', async (_, args, message) => {
    const { code, errors } = await improve(...args)
    expect({ code, said: errors.includes(message) ? message : errors }).toEqual({ code: 2, said: message })
  })
})
