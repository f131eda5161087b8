/** From exported lines to rows: who is taken, what label a word gives, what is masked, merged and held out, and what a bad line does. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ImprovementFolder } from '../improvement-folder.ts'
import { collectData, type CollectOptions } from './collect.ts'
import { readConsent } from './consent.ts'
import type { DataSetFacts, Provenance } from './data-set.ts'
import { forgetUsers, scrubDataSets } from './forgotten.ts'
import { partOf, partOfUser } from './split.ts'

let root = ''
let folder: ImprovementFolder
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parapet-collect-'))
  // Nothing is held out, but where a test says so.
  folder = ImprovementFolder.create(join(root, 'improve'), 0)
})
afterEach(() => rmSync(root, { recursive: true }))

type Fields = Readonly<Record<string, unknown>>

let ids = 0
/** A passed prompt of the shop, as `parapet export` writes it. */
function decision(change: Fields = {}): Fields {
  ids += 1
  return {
    ...{ id: `dec_${ids}`, object: 'parapet.decision', at: '2026-11-20T10:00:00.000Z', decision: 'pass' },
    ...{ policyVersion: 'p', application: 'shop', user: 'u1', key: null, guards: [], spans: [], review: null },
    ...{ feedback: [said('correct')], content: { prompt: 'May I water the moss?', stage: 'input' }, ...change },
  }
}

function said(verdict: string, change: Fields = {}): Fields {
  return { id: 'x', at: '2026-11-21T10:00:00.000Z', verdict, by: 'ann', ...change }
}

const prompt = (text: string): Fields => ({ content: { prompt: text, stage: 'input' } })

function collect(lines: readonly unknown[], change: Partial<CollectOptions> = {}): Promise<DataSetFacts> {
  const path = join(root, 'export.jsonl')
  writeFileSync(path, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''))
  const consent = readConsent(['application=shop', 'source=our traffic'])
  return collectData(folder, { files: [path], consent, at: '2026-11-27T10:00:00.000Z', ...change })
}

function read<Row>(id: string, name: string): readonly Row[] {
  const text = gunzipSync(readFileSync(join(folder.data(id), `${name}.jsonl.gz`))).toString()
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]))
}

interface Row {
  readonly task: string
  readonly label: number
  readonly prompt: string
  readonly response: string | null
  readonly categories: readonly string[]
}

async function labels(lines: readonly unknown[]): Promise<readonly (readonly [string, number])[]> {
  const { id } = await collect(lines)
  return read<Row>(id, 'rows').map(({ task, label }) => [task, label] as const)
}

describe('consent', () => {
  test('is refused to everybody whom no rule names', async () => {
    const others = [
      decision({ application: null }),
      decision({ application: 'forum' }),
      decision({ user: null }),
      decision({ feedback: [] }),
    ]
    const { counts, rows } = await collect([...others, decision()])
    expect(counts).toMatchObject({ lines: 5, noConsent: 2, noUser: 1, notReviewed: 1 })
    expect(rows).toEqual({ rows: 1, 'held-out': 0 })
  })

  test('that was refused stands above one that was given', async () => {
    const consent = readConsent(['application=shop', 'no-user=u1', 'user=u2'])
    const { counts } = await collect([decision(), decision({ ...prompt('Moss?'), user: 'u2', application: null })], {
      consent,
    })
    expect(counts).toMatchObject({ noConsent: 1 })
  })

  test('without a rule, or of a file that is none, is a mistake', () => {
    writeFileSync(join(root, 'c.json'), '{"application": ["shop"]}')
    expect(() => readConsent([])).toThrow(/Nobody has consented/)
    expect(() => readConsent(['no-user=u1'])).toThrow(/Nobody has consented/)
    expect(() => readConsent(['shop'])).toThrow(/neither a rule/)
    expect(() => readConsent([join(root, 'c.json')])).toThrow(/no consent file/)
  })
})

describe('a label', () => {
  test.each([
    ['blocked without need', { decision: 'block' }, [said('false_positive', { expected: 'pass' })], 0],
    ['let through wrongly', {}, [said('false_negative')], 1],
    ['rightly let through', {}, [said('correct')], 0],
    ['rightly blocked', { decision: 'block' }, [said('correct')], 1],
    ['changed the mind', {}, [said('false_negative'), said('correct', { at: '2026-11-22T10:00:00.000Z' })], 0],
  ])('of what was %s is the reviewer’s', async (_, change, feedback, label) => {
    expect(await labels([decision({ ...change, feedback })])).toEqual([['prompt_harm', label]])
  })

  test('comes from a review of a held answer too', async () => {
    const review = (state: string): Fields => ({ state, reviewer: 'ben', at: '2026-11-22T10:00:00.000Z' })
    const held = { decision: 'hold', feedback: [] }
    const lines = [
      decision({ ...held, ...prompt('Eat the moss?'), review: review('rejected') }),
      decision({ ...held, ...prompt('Pet the moss?'), review: review('approved') }),
      decision({ ...held, ...prompt('Sell the moss?'), review: review('pending') }),
    ]
    const { id, counts } = await collect(lines)
    const rows = read<Row>(id, 'rows').map((row) => [row.prompt, row.label])
    expect(rows.toSorted()).toEqual([
      ['Eat the moss?', 1],
      ['Pet the moss?', 0],
    ])
    expect(counts['notReviewed']).toBe(1)
  })

  test.each([
    ['contradicts itself', said('false_positive', { expected: 'block' })],
    ['is about a mask', said('correct', { expected: 'modify' })],
  ])('that %s is none', async (_, feedback) => {
    const { id, counts } = await collect([
      decision({ decision: 'block', feedback: [feedback] }),
      decision(prompt('Fern?')),
    ])
    expect(counts['unclear']).toBe(1)
    expect(read<Row>(id, 'rows').map((row) => row.prompt)).toEqual(['Fern?'])
  })

  test('is about the text that the reviewer, the stage or the guard names, and none where nobody does', async () => {
    const both = { content: { prompt: 'Moss?', response: 'Moss.' } }
    const fired = (label: string): Fields => ({
      guards: [{ stage: 'output', status: 'judged', decision: 'block', labels: [label] }],
    })
    const wrong = said('false_positive')
    expect(
      await labels([decision({ ...both, feedback: [said('false_negative', { labels: ['response_harm', 'S2'] })] })]),
    ).toEqual([['response_harm', 1]])
    expect(
      await labels([decision({ ...both, ...fired('response_harm'), decision: 'block', feedback: [wrong] })]),
    ).toEqual([['response_harm', 0]])
    expect(await labels([decision(both)])).toEqual(
      expect.arrayContaining([
        ['prompt_harm', 0],
        ['response_harm', 0],
      ]),
    )
    await expect(collect([decision({ ...both, feedback: [said('false_negative')] })])).rejects.toThrow(/--label/)
    await expect(collect([decision({ ...both, ...fired('pii.email'), feedback: [wrong] })])).rejects.toThrow(
      /other guards/,
    )
    await expect(collect([decision({ content: null })])).rejects.toThrow(/without the text/)
  })

  test('of a conversation is about the newest request and its answer', async () => {
    const messages = [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'Moss?' },
      { role: 'assistant', content: 'Yes.' },
      { role: 'user', content: [{ type: 'text', text: 'And ferns?' }] },
    ]
    const answers = [{ role: 'assistant', content: 'Ferns too.' }]
    const { id } = await collect([decision({ content: { messages, answers }, feedback: [said('correct')] })])
    expect(read<Row>(id, 'rows').find(({ response }) => response !== null)).toMatchObject({
      ...{ task: 'response_harm', prompt: 'And ferns?', response: 'Ferns too.', system: 'Be kind.', label: 0 },
    })
  })

  test('counts only from those who are named as reviewers, where some are', async () => {
    const lines = [decision({ feedback: [said('false_negative', { by: 'app' }), said('correct')] })]
    const { id, counts } = await collect(lines, { reviewers: ['ann'] })
    expect(counts['otherReviewers']).toBe(1)
    expect(read<Row>(id, 'rows').map(({ label }) => label)).toEqual([0])
  })
})

describe('texts', () => {
  test('are written without personal data and secrets, and names only as keyed hashes', async () => {
    const text = 'Write to ann.moss@example.com or 4111 1111 1111 1111 about the moss'
    const { id, masked } = await collect([decision({ ...prompt(text), user: 'user-4711' })])
    expect(masked).toMatchObject({ 'pii.email': 1 })
    const files = ['rows', 'held-out', 'provenance'].map((name) => JSON.stringify(read(id, name))).join('')
    const facts = readFileSync(join(folder.data(id), 'data.json'), 'utf8')
    for (const secret of ['ann.moss@', '4111', 'user-4711', '"ann"']) expect(files + facts).not.toContain(secret)
    expect(files).toContain(folder.hashOf('user', 'user-4711'))
    expect(files).toContain(folder.hashOf('reviewer', 'ann'))
  })

  test('that come again are one row, and none where people contradict each other', async () => {
    const again = decision({ ...prompt('may i  WATER the moss?'), user: 'u2' })
    const one = decision(prompt('Eat the moss?'))
    const other = decision({ ...prompt('Eat the moss?'), feedback: [said('false_negative', { by: 'ben' })] })
    const first = decision()
    const { id, counts, agreement } = await collect([first, first, again, one, other])
    expect(read<Row>(id, 'rows').map((row) => row.prompt)).toEqual(['May I water the moss?'])
    expect(counts).toMatchObject({ duplicates: 1, conflicts: 1 })
    expect(agreement).toEqual({ texts: 2, agreed: 1 })
    expect(read<Provenance>(id, 'provenance')[0]?.origins).toHaveLength(2)
  })

  test('that measure are left out', async () => {
    const { counts, rows } = await collect([decision(), decision(prompt('Fern?'))], {
      pinned: [{ prompt: 'FERN?', response: null }],
    })
    expect([counts['inPinned'], rows.rows]).toEqual([1, 1])
  })

  test('are the same data set whatever the order of lines, and whether packed or not', async () => {
    const lines = ['Moss?', 'Fern?', 'Ivy?'].map((text) => decision(prompt(text)))
    const one = await collect(lines)
    const path = join(root, 'packed.jsonl.gz')
    writeFileSync(
      path,
      gzipSync(
        lines
          .toReversed()
          .map((line) => JSON.stringify(line))
          .join('\n'),
      ),
    )
    const two = await collect([], { files: [path] })
    expect([two.id, two.sha256]).toEqual(['d2', one.sha256])
  })
})

describe('a disagreement with a judge', () => {
  const disagreement = (text: string, harmful: boolean): Fields => ({
    ...{ guard: 'safety', stage: 'input', label: 'prompt_harm', judge: { score: 0.9, harmful } },
    ...{ texts: { prompt: text, response: null, system: null }, caller: { application: 'shop', user: 'u1' } },
  })

  test('gives the judge’s label, over which a person’s stands', async () => {
    const lines = [disagreement('Fern?', true), disagreement('May I water the moss?', true), decision()]
    const { id, counts } = await collect(lines)
    expect(
      read<Provenance>(id, 'provenance')
        .map(({ by, label }) => `${by} ${label}`)
        .toSorted(),
    ).toEqual([...['judge 1', 'person 0']])
    expect(counts['judgesOverruled']).toBe(1)
  })

  test('in the record form is taken by its source, as one without a user', async () => {
    const record = {
      task: 'prompt_harm',
      lang: 'en',
      prompt: 'Ivy?',
      label: 1,
      source: 'our traffic',
      licence: 'internal',
    }
    await expect(collect([record])).rejects.toThrow(/--anonymous/)
    expect((await collect([record], { anonymous: true })).rows.rows).toBe(1)
    await expect(collect([{ ...record, source: 'theirs' }], { anonymous: true })).rejects.toThrow(/without consent/)
  })
})

test('a forgotten user’s rows leave earlier data sets and come into no later one; what others said too stays', async () => {
  const lines = [decision(prompt('Fern?')), decision({ user: 'u2' }), decision()]
  await collect(lines)
  expect(forgetUsers(folder, ['u1', 'u1'])).toBe(1)
  expect(forgetUsers(folder, ['u1'])).toBe(0)
  mkdirSync(folder.versions('run-0123'), { recursive: true })
  expect(scrubDataSets(folder, '2026-11-28T10:00:00.000Z')).toEqual({ rows: 1, dataSets: ['d1'] })
  expect(existsSync(folder.versions('run-0123'))).toBe(false)
  const { id, counts, rows } = await collect(lines)
  expect(counts).toMatchObject({ forgotten: 2, scrubbedElsewhere: 0 })
  expect(rows.rows).toBe(1)
  for (const one of ['d1', id]) {
    expect(read<Row>(one, 'rows').map((row) => row.prompt)).toEqual(['May I water the moss?'])
    expect(JSON.stringify(read(one, 'provenance'))).not.toContain(folder.hashOf('user', 'u1'))
  }
})

describe('the hold-out', () => {
  test('sends a text to one side for ever, and a prompt with its answers', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, response) => {
        const side = partOf({ prompt: text, response: null }, 0.3)
        expect(partOf({ prompt: ` ${text.toUpperCase().toLowerCase()}\n`, response: null }, 0.3)).toBe(
          partOf({ prompt: text.toUpperCase().toLowerCase(), response: null }, 0.3),
        )
        if (text.trim() !== '') expect(partOf({ prompt: text, response }, 0.3)).toBe(side)
        // A larger share only adds to it.
        if (side === 'held-out') expect(partOf({ prompt: text, response: null }, 0.4)).toBe('held-out')
      }),
    )
  })

  test('has about its share, the same in a later data set with more rows, and near-copies stay out of training', async () => {
    folder = ImprovementFolder.create(join(root, 'other'), 0.3)
    const some = Array.from({ length: 60 }, (_, at) => decision({ ...prompt(`Moss ${at}?`), user: `m${at}` }))
    const sideOf = (id: string): ReadonlyMap<string, string> =>
      new Map(read<Provenance>(id, 'provenance').map(({ row, part }) => [row, part]))
    const one = await collect(some)
    expect(one.rows['held-out']).toBeGreaterThan(8)
    expect(one.rows['held-out']).toBeLessThan(30)
    const two = await collect([
      ...some,
      ...Array.from({ length: 20 }, (_, at) => decision({ ...prompt(`Fern ${at}?`), user: `f${at}` })),
    ])
    const later = sideOf(two.id)
    for (const [row, part] of sideOf(one.id)) expect(later.get(row)).toBe(part)
    const long = 'please tell me in a few words how often the old moss behind my house wants water number'
    const near = await collect(
      Array.from({ length: 20 }, (_, at) => decision({ ...prompt(`${long} ${at}`), user: `n${at}` })),
    )
    expect([near.rows.rows, near.counts['nearHeldOut']]).toEqual([0, 20 - near.rows['held-out']])
  })

  test('has all rows of a user on one side, and no copy of a held-out text on the other', async () => {
    folder = ImprovementFolder.create(join(root, 'users'), 0.3)
    const users = Array.from({ length: 40 }, (_, at) => `u${at}`)
    const own = users.flatMap((user) =>
      ['water', 'sell'].map((verb) => decision({ ...prompt(`May I ${verb} moss of ${user}?`), user })),
    )
    const sides = new Map(users.map((user) => [user, partOfUser(user, 0.3)]))
    const shared = (side: string): string => users.find((user) => sides.get(user) === side) ?? ''
    const answered = { response: 'Yes.', stage: 'output' }
    const { id, counts } = await collect([
      ...own,
      // Another comma, other letters; and an answer that gives a held-out prompt away.
      decision({ ...prompt('What of ferns?'), user: shared('held-out') }),
      decision({ ...prompt('what of: FERNS'), user: shared('rows') }),
      decision({ content: { ...answered, prompt: 'What of ferns?' }, user: shared('rows') }),
      // Said by both: it stands where it was said first.
      decision({ ...prompt('What of ivy?'), user: shared('held-out'), at: '2026-11-20T11:00:00.000Z' }),
      decision({ ...prompt('What of ivy?'), user: shared('rows') }),
    ])
    expect(counts).toMatchObject({ nearHeldOut: 2 })
    const [learnt, heldOut] = ['rows', 'held-out'].map((part) => read<Row>(id, part).map((row) => row.prompt))
    expect(learnt).toContain('What of ivy?')
    expect(learnt?.some((text) => /ferns/i.test(text))).toBe(false)
    for (const [user, side] of sides)
      expect((side === 'rows' ? learnt : heldOut)?.filter((text) => text.endsWith(` ${user}?`))).toHaveLength(2)
  })
})

test('names within sentences are masked by a finder, and whether one was there is written down', async () => {
  const nameFinder = (text: string): readonly { start: number; end: number }[] => {
    const start = text.indexOf('Ann Moss')
    return start < 0 ? [] : [{ start, end: start + 8 }]
  }
  const lines = [decision(prompt('I met Ann Moss and Mr Fern by the ivy.'))]
  const found = await collect(lines, { nameFinder })
  expect(read<Row>(found.id, 'rows')[0]?.prompt).not.toMatch(/Ann|Moss|Fern/)
  expect([found.names, found.masked['pii.name']]).toEqual([true, 2])
  const without = await collect(lines, { nameFinder: null })
  expect(read<Row>(without.id, 'rows')[0]?.prompt).toContain('Ann Moss and')
  expect([without.names, without.masked['pii.name']]).toEqual([false, 1])
})

describe('a line that cannot be read', () => {
  test.each([
    ['cut off', '{"id": "dec_1", "secret words', /export.jsonl:2 is not JSON/],
    ['of something else', { id: 'dec_1', prompt: 'secret words' }, /export.jsonl:2 is no decision/],
    ['without its texts’ form', decision({ content: { prompt: 7 } }), /content.prompt/],
    ['where the export broke off', { error: { code: 'record_unavailable' } }, /broke off/],
  ])('%s ends the collection without a data set, and is not quoted', async (_, line, message) => {
    const failure = await collect([decision(), line]).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'input_invalid', message: expect.stringMatching(message) })
    expect(String(failure)).not.toContain('secret words')
    expect(existsSync(folder.data('d1'))).toBe(false)
  })

  test('a file that is cut off inside its gzip is an error', async () => {
    const path = join(root, 'cut.jsonl.gz')
    writeFileSync(path, gzipSync(JSON.stringify(decision())).subarray(0, 60))
    await expect(collect([], { files: [path] })).rejects.toMatchObject({ code: 'input_invalid' })
  })
})
