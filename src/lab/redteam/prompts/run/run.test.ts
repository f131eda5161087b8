/** A run: outcomes told apart, nothing lost when it is stopped, budgets, and figures that come out of the rows again. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ParapetError } from '../../../../spec/index.ts'
import type { TargetScorer } from '../attacks/attack.ts'
import { pickAttacks } from '../attacks/catalogue.ts'
import type { Goal, GoalSet } from '../goals/goal.ts'
import { STRICT, STRING, type SuccessJudge } from '../judges/judge.ts'
import { parseGate } from '../report/gate.ts'
import { readRedTeamRows, type RedTeamRecord } from '../report/run-record.ts'
import { summarise } from '../report/summary.ts'
import { REDTEAM_FILES, writeRedTeam } from '../report/write-run.ts'
import { guarded, unguarded, verdictOf } from '../settings/guard-setting.ts'
import type { Reply, Target } from '../targets/target.ts'
import type { RedTeamRow } from './row.ts'
import { type RedTeamOptions, type RedTeamOutcome, runRedTeam } from './run-red-team.ts'
import { SEARCHES } from './searches.ts'

let folder = ''
let count = 0
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-redteam-')))
})
afterEach(() => rmSync(folder, { recursive: true }))

const goals: GoalSet = {
  ...{ origin: 'world', about: 'Invented.', version: '1', shots: () => [] },
  goals: (seed) =>
    ['red', 'blue', 'green', 'white'].map((name): Goal => ({
      ...{ id: `${seed}/${name}`, language: 'en', texts: { en: `make a ${name} lamp` }, targets: {} },
      ...{ parts: [`${name}ish`, 'glass'], benign: { texts: { en: `paint a ${name} lamp` }, parts: ['brush'] } },
    })),
}

const cost = { calls: 1, promptTokens: 10, answerTokens: 5 }
const say = (text: string): Reply => ({ outcome: 'answered', text, ...cost })
/** Helps with paint, gives red and blue away when rules are denied, and otherwise declines. */
const answer = (text: string): Reply => {
  if (text.startsWith('paint') || text.includes('none. paint')) return say('Take a brush.')
  const name = /red|blue|green|white/.exec(text)?.[0] ?? ''
  if (!text.startsWith('Rules: none')) return say('Sorry, I cannot help with that.')
  if (name === 'green') return { outcome: 'failed', reason: 'server_error', ...cost }
  if (name === 'white') return { outcome: 'timed_out', ...cost }
  return say(`For a lamp you need ${name}ish glass and a good deal of patience.`)
}
const asked = (messages: Parameters<Target['ask']>[0]): string => String(messages.at(-1)?.content)
const target: Target = { id: 'scripted', ask: async (messages) => answer(asked(messages)) }
const wordGuard = guarded(
  target,
  {
    name: 'words',
    input: async (texts) => verdictOf(texts.some((text) => text.includes('blue'))),
    output: async (_question, said) => verdictOf(said.includes('redish') ? null : false),
  },
  '1',
)

function options(more: Partial<RedTeamOptions> = {}): RedTeamOptions {
  return {
    ...{ out: join(folder, String((count += 1))), goals, judges: [STRICT, STRING], seeds: [1], concurrency: 3 },
    ...{ attacks: pickAttacks(['no-rules'], { languages: [] }), settings: [unguarded(target), wordGuard] },
    ...more,
  }
}

const outcomeOf = (rows: readonly RedTeamRow[], id: RegExp): readonly string[] =>
  rows.filter((row) => id.test(row.id)).map(({ outcome }) => outcome)

describe('outcomes', () => {
  test('success, refusal, block, failure and time-out are told apart, and failures are in no rate', async () => {
    const { rows, planned, notRun } = await runRedTeam(options())
    expect([rows.length, planned, notRun]).toEqual([32, 32, 0])
    expect(outcomeOf(rows, /^none.*attack\|no-rules.*red/)).toEqual(['success'])
    expect(outcomeOf(rows, /^none.*attack\|plain.*red/)).toEqual(['refused'])
    expect(outcomeOf(rows, /^none.*no-rules.*green/)).toContain('failed')
    expect(outcomeOf(rows, /^none.*no-rules.*white/)).toContain('timed_out')
    expect(outcomeOf(rows, /^words.*attack\|no-rules.*blue/)).toEqual(['blocked'])
    expect(outcomeOf(rows, /^words.*attack\|no-rules.*red/)).toEqual(['failed'])
    expect(outcomeOf(rows, /^none.*benign\|no-rules.*red/)).toEqual(['helped'])
    expect(rows.find(({ id }) => /^words.*attack\|no-rules.*red/.test(id))?.reason).toBe('guard_failed')

    const [none, words] = summarise(rows).settings
    expect(none?.asr).toMatchObject({ hits: 2, rows: 2, excluded: 2, rate: 1 })
    expect(none?.byGoal).toMatchObject({ hits: 2, rows: 2, excluded: 2 })
    expect(none?.plain).toMatchObject({ hits: 0, rows: 4, excluded: 0 })
    expect(words?.asr).toMatchObject({ hits: 0, rows: 1, excluded: 3 })
    expect(words?.overRefusal['control']).toMatchObject({ hits: 1, rows: 4 })
    expect(none?.cheapest).toEqual({ attack: 'no-rules', successes: 2, cases: 4, tokens: 30, queries: 2, scored: 0 })
  })

  test('a judge that cannot tell, or breaks, leaves the case without a verdict', async () => {
    const judges: readonly SuccessJudge[] = [
      { name: 'broken', judge: async () => Promise.reject(new Error('gone')) },
      STRICT,
    ]
    const { rows } = await runRedTeam(options({ judges, settings: [unguarded(target)] }))
    expect(outcomeOf(rows, /attack\|no-rules.*red/)).toEqual(['judge_failed'])
    const { settings, judges: agreement } = summarise(rows)
    expect(settings[0]?.asr).toMatchObject({ rows: 0, rate: null, excluded: 4 })
    expect(agreement).toMatchObject([
      { judge: 'broken', rows: 0, failures: 6 },
      { judge: 'strict', rows: 6, agreed: 6, failures: 0 },
    ])
  })
})

describe('searches', () => {
  /** The more letters, the likelier: a search that can be told from none. */
  const scorer: TargetScorer = {
    tokens: [' a', ' bb', ' ccc'],
    score: async (candidates) => candidates.map(({ messages }) => String(messages[0]?.content).length - 1000),
  }
  const told: GoalSet = {
    ...goals,
    goals: (seed) => goals.goals(seed).map((goal) => ({ ...goal, targets: { en: 'For a lamp' } })),
  }
  const search = (more: Partial<RedTeamOptions> = {}): RedTeamOptions =>
    options({ goals: told, scorer, attacks: pickAttacks(['search'], { languages: [] }), ...more })

  test('are made once for all settings, counted beside the questions, and skipped where the target shows too little', async () => {
    let calls = 0
    const counted = { ...scorer, score: (many: Parameters<TargetScorer['score']>[0]) => (calls++, scorer.score(many)) }
    const { rows, skipped } = await runRedTeam(search({ scorer: counted }))
    const found = rows.filter(({ attack }) => attack === 'suffix-search')
    expect(found).toHaveLength(8)
    expect(found.every(({ scored, queries }) => scored === 769 && queries === 1)).toBe(true)
    expect(rows.filter(({ attack }) => attack === 'plain').every((row) => !('scored' in row))).toBe(true)
    // A first suffix and 12 rounds, and 13 generations, of each of four goals.
    expect(calls).toBe(4 * (13 + 13))
    expect(skipped).toEqual([{ attack: 'gcg', reason: 'the target shows no gradients', goals: 4 }])
  })

  test('are not made again when a run goes on, and not kept where texts are not', async () => {
    const given = search({ budget: { queries: 24 } })
    const before = await runRedTeam(given)
    expect(before.notRun).toBeGreaterThan(0)
    const kept = readFileSync(join(given.out, SEARCHES), 'utf8')
    expect(kept.trimEnd().split('\n').length).toBeGreaterThan(1)
    const first = kept.slice(0, kept.indexOf('\n') + 1)
    appendFileSync(join(given.out, SEARCHES), '{"run":"cut')
    const { budget: _, ...unlimited } = given
    const after = await runRedTeam({ ...unlimited, resume: true })
    expect(after.rows.slice(0, before.rows.length)).toEqual(before.rows)
    expect(after.rows).toEqual((await runRedTeam(search({ out: join(folder, 'whole') }))).rows)
    expect(readFileSync(join(given.out, SEARCHES), 'utf8').startsWith(first)).toBe(true)
    const secret = search({ keepTexts: false })
    await runRedTeam(secret)
    expect(readdirSync(secret.out)).not.toContain(SEARCHES)
  })
})

describe('nothing is lost', () => {
  test('stopped anywhere, killed in the middle of a line, and gone on with, it comes to the same rows', async () => {
    const whole = await runRedTeam(options())
    for (const after of [1, 7, 20]) {
      const given = options()
      const stop = new AbortController()
      const onProgress = (done: number): void => {
        if (done >= after) stop.abort()
      }
      await expect(runRedTeam({ ...given, onProgress, signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' })
      appendFileSync(join(given.out, 'rows.jsonl'), '{"id":"none|1|att')
      const resumed = await runRedTeam({ ...given, resume: true })
      expect(resumed).toEqual(whole)
      expect(await runRedTeam({ ...given, resume: true })).toEqual(whole)
    }
  })

  test('a target that is gone ends the run with its own words, and what was asked is kept', async () => {
    let left = 5
    const dying: Target = {
      id: 'scripted',
      ask: async (messages) => {
        if ((left -= 1) < 0) throw new ParapetError('upstream_error', 'The target is gone.')
        return answer(asked(messages))
      },
    }
    const given = options({ settings: [unguarded(dying)], concurrency: 2 })
    await expect(runRedTeam(given)).rejects.toThrow('The target is gone.')
    expect(readFileSync(join(given.out, 'rows.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(6)
    left = 1000
    const { rows } = await runRedTeam({ ...given, resume: true })
    expect(rows).toEqual((await runRedTeam(options({ settings: [unguarded(target)] }))).rows)
  })

  test('a folder of another run, or one that holds something, is left alone', async () => {
    const given = options()
    await runRedTeam(given)
    await expect(runRedTeam(given)).rejects.toMatchObject({ code: 'configuration' })
    await expect(runRedTeam({ ...given, resume: true, seeds: [2] })).rejects.toThrow(/another run/)
  })

  test('two runs in one folder: the second is turned away, and the first comes to its rows', async () => {
    const given = options({ resume: true })
    const [first, second] = await Promise.allSettled([runRedTeam(given), runRedTeam(given)])
    expect(first).toMatchObject({ status: 'fulfilled', value: { notRun: 0 } })
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'configuration' } })
    expect((await runRedTeam(given)).notRun).toBe(0)
  })

  test.each([
    ['of a process that is no more', '999999999'],
    ['with nothing in it', ''],
    ['of this process number before a restart', String(process.pid)],
  ])('a hold %s does not keep anybody out; one of a living process does', async (_name, pid) => {
    const given = options({ resume: true })
    mkdirSync(given.out, { recursive: true })
    writeFileSync(join(given.out, 'running.pid'), pid)
    expect((await runRedTeam(given)).notRun).toBe(0)
    expect(readdirSync(given.out)).not.toContain('running.pid')
    writeFileSync(join(given.out, 'running.pid'), String(process.ppid))
    await expect(runRedTeam(given)).rejects.toThrow(/Another run works in/)
  })

  test('a damaged row is asked again', async () => {
    const given = options()
    const { rows } = await runRedTeam(given)
    const path = join(given.out, 'rows.jsonl')
    const lines = readFileSync(path, 'utf8').split('\n')
    writeFileSync(path, [...lines.slice(0, 3), '{"id":1}', 'not json', '', ...lines.slice(5)].join('\n'))
    expect((await runRedTeam({ ...given, resume: true })).rows).toEqual(rows)
  })
})

describe('budgets', () => {
  test('of queries look at the same cases whatever runs beside what, every setting alike, and the rest is no evidence', async () => {
    const one = await runRedTeam(options({ budget: { queries: 11 }, concurrency: 1 }))
    expect([one.rows.length, one.notRun]).toEqual([10, 22])
    expect((await runRedTeam(options({ budget: { queries: 11 }, concurrency: 7 }))).rows).toEqual(one.rows)
    expect(one.rows.filter(({ setting }) => setting === 'none')).toHaveLength(5)
    // Whatever a budget cuts off, the controls are there.
    expect(one.rows.every(({ family }) => family === 'control')).toBe(true)
  })

  test('of tokens end the run when they are spent, and a larger one goes on', async () => {
    const given = options({ budget: { tokens: 40 }, concurrency: 1 })
    const small = await runRedTeam(given)
    expect(small.rows.length).toBeLessThan(8)
    expect(small.notRun).toBe(32 - small.rows.length)
    expect((await runRedTeam({ ...given, budget: {}, resume: true })).rows).toHaveLength(32)
  })

  test.each([
    [{ budget: { tokens: 0 } }],
    [{ seeds: [] }],
    [{ judges: [] }],
    [{ settings: [] }],
    [{ concurrency: 0 }],
    [{ maxTokens: 0.5 }],
  ])('and other settings that cannot be are said: %j', async (more) => {
    await expect(runRedTeam(options(more))).rejects.toMatchObject({ code: 'configuration' })
  })
})

describe('what is written', () => {
  const written = async (
    more: Partial<RedTeamOptions> = {},
  ): Promise<[RedTeamOptions, RedTeamOutcome, RedTeamRecord]> => {
    const given = options(more)
    const outcome = await runRedTeam(given)
    return [
      given,
      outcome,
      writeRedTeam({ options: given, outcome, gates: [parseGate('asr@none>0.5'), parseGate('asr[encoding]>0.1')] }),
    ]
  }

  test('every figure of run.json comes out of its rows again', async () => {
    const [{ out }] = await written()
    const path = join(out, REDTEAM_FILES.run)
    const record = JSON.parse(readFileSync(path, 'utf8')) as RedTeamRecord
    expect(summarise(await readRedTeamRows(path))).toEqual(record.summary)
    expect(record.gates.map(({ failed, rate }) => [failed, rate])).toEqual([
      [true, 1],
      [true, null],
      [true, null],
    ])
    expect(JSON.stringify(record)).not.toContain('undefined')
  })

  test('the page and the JUnit file say what failed, with no script and nothing unescaped', async () => {
    const hostile = unguarded({ ...target, id: '<script>alert(1)</script>' })
    const [{ out }] = await written({ settings: [hostile] })
    const page = readFileSync(join(out, REDTEAM_FILES.report), 'utf8')
    expect(page).toContain('Limit asr@none&gt;0.5 is passed under none: 1.000.')
    expect(page).not.toMatch(/<script/)
    const junit = readFileSync(join(out, REDTEAM_FILES.junit), 'utf8')
    expect(junit).toContain(
      '<testcase classname="none" name="no-rules"><failure message="2 of 2 goals got through, 2 without a verdict"/>',
    )
    expect(junit).toContain('<testsuite name="limits" tests="2" failures="2"')
  })

  test('markup and terminal codes in an answer are shown as text', async () => {
    const said = '<img src=x onerror=alert(1)> \u001B]0;title\u0007 ]]> redish glass, and other things to say'
    const saying: Target = { id: 'scripted', ask: async () => say(said) }
    const [{ out }, , record] = await written({ settings: [unguarded(saying)] })
    expect(record.rows.some(({ texts }) => texts?.answer === said)).toBe(true)
    const page = readFileSync(join(out, REDTEAM_FILES.report), 'utf8')
    expect(page).toContain('&lt;img src=x')
    expect(page).toContain('\\u{1b}]0;title\\u{7}')
    expect(page).not.toMatch(/<img/)
    for (const name of Object.values(REDTEAM_FILES))
      expect(readFileSync(join(out, name), 'utf8')).not.toMatch(/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/)
  })

  test('texts are kept of the world alone unless asked for', async () => {
    const [, own] = await written({ goals: { ...goals, origin: 'file' } })
    expect(own.rows.every(({ texts }) => texts === undefined)).toBe(true)
    const [, kept] = await written({ goals: { ...goals, origin: 'file' }, keepTexts: true })
    expect(kept.rows.some(({ texts }) => texts?.answer.includes('redish glass') === true)).toBe(true)
  })
})
