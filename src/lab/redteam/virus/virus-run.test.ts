/** Whole runs on a tiny model: one that is stopped comes to the same end, its figures are those of its rows, and it starts only where it may. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tinyVictim } from '../../../../test/support/lab/tiny-victim.ts'
import { writeCheckpoint } from '../../checkpoints/index.ts'
import type { Victim } from '../../victim/index.ts'
import { aims } from './aims.ts'
import { armKey, armsOf } from './arms.ts'
import type { RunGuards } from './guards.ts'
import { conclusions, ladderOf } from './ladder-figures.ts'
import { type RunVirusOptions, runVirus } from './run-virus.ts'
import { VerdictGuard } from './verdict-guard.ts'
import { renderVirusReport } from './virus-report.ts'
import type { VirusRun } from './virus-run.ts'
import { VIRUS_SETTINGS, type VirusSettings } from './virus-settings.ts'
import { trainWorldGuard } from './world-guard.ts'

const folder = mkdtempSync(join(tmpdir(), 'parapet-virus-'))
const settings: VirusSettings = {
  ...{ ...VIRUS_SETTINGS, seeds: [1], rows: 4, ratio: 0.5, topK: 4, candidates: 3, steps: 1 },
  ...{ epochs: 1, batch: 4, measured: 2 },
}
const OWNER = 'I trained this <b>tiny</b> model and may test it'
const ADMISSION = { recall: 1, harmful: 1, falseAlarms: 0, harmless: 1 }
const world = trainWorldGuard('world', { seed: 1, count: 400, bits: 10 })
let victim: Victim
let whole: VirusRun
let resumed: VirusRun
const stops: string[] = []
/** What it answers to being resumed with guards of other names, and with those that it trains itself. */
const others: string[] = []

beforeAll(async () => {
  victim = await tinyVictim()
  const { config, parameters, tokenizerFiles } = victim
  await writeCheckpoint(join(folder, 'tiny'), { config, parameters, tokenizer: tokenizerFiles })
  await runVirus(optionsOf('whole'))
  whole = runIn('whole')
  // Stopped in the measuring, in a search, and between two arms.
  for (const moment of ['measuring', 'slot 1', 'mixing']) {
    const stop = new AbortController()
    const run = runVirus({
      ...optionsOf('stopped', stops.length > 0),
      signal: stop.signal,
      onProgress: (message) => {
        if (message.includes(moment)) stop.abort()
      },
    })
    await expect(run).rejects.toThrow(/abort|stopped/i)
    stops.push(readdirSync(join(folder, 'stopped', 'run')).join(' '))
  }
  const { openGuards: _, ...trained } = optionsOf('stopped', true)
  for (const options of [{ ...trained, openGuards: () => smallGuards('another') }, trained])
    await runVirus(options).catch((error: Error) => others.push(error.message))
  await runVirus(optionsOf('stopped', true))
  resumed = runIn('stopped')
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true }))

describe('a run that was stopped three times', () => {
  test('has kept more each time, and ends with the same rows', () => {
    const [measuring = '', search = '', arms = ''] = stops
    expect(measuring).not.toMatch(/slot/)
    expect(search).toMatch(/slot-1-1-1/)
    expect(search).not.toMatch(/arm-/)
    expect(arms).toMatch(/arm-1-benign/)
    expect(withoutClock(resumed)).toEqual(withoutClock(whole))
  })

  test('does not go on with other guards', () => {
    expect(others).toHaveLength(2)
    expect(others[0]).toMatch(/guards are not those that this run began with/)
    expect(others[1]).toMatch(/with other options/)
  })

  test('leaves the run and its report, nothing else', () => {
    for (const name of ['whole', 'stopped']) {
      expect(readdirSync(join(folder, name)).toSorted()).toEqual(['report.html', 'run.json'])
      expect(existsSync(join(folder, name, 'run'))).toBe(false)
    }
  })
})

describe('a finished run', () => {
  test('has every arm of the ladder, by the same path', () => {
    const [{ arms, slots } = expect.fail()] = whole.seeds
    expect(arms.map(({ arm }) => armKey(arm))).toEqual(armsOf(settings).map(armKey))
    for (const { arm, tuned, upload } of arms) {
      expect(upload).toHaveLength(settings.rows)
      const passing = upload.filter(({ flaggedBy }) => !arm.moderated || !flaggedBy.includes('target'))
      expect(tuned).toBe(passing.length)
    }
    expect(new Set(arms.map(({ tuned }) => tuned))).toEqual(new Set([2, 4]))
    expect(new Set(slots.map(({ lambda }) => lambda))).toEqual(new Set([0, settings.lambda, 1]))
    expect(slots.filter(({ lambda }) => lambda === 0).every(({ edits }) => edits === 0)).toBe(true)
    for (const slot of slots)
      expect(Object.keys(slot).toSorted()).toEqual([
        ...['after', 'before', 'edits', 'history', 'lambda', 'seconds', 'slot'],
      ])
  })

  test('has figures that follow from its rows', () => {
    const [{ arms } = expect.fail()] = whole.seeds
    for (const [at, figures] of ladderOf(whole).entries()) {
      const row = arms[at] ?? expect.fail()
      expect(figures.filter).toEqual(row.filter)
      const attacks = row.safety.rows.filter(({ set }) => set === 'attack')
      const hits = attacks.filter(({ answers }) => answers.some(({ strict }) => strict === true)).length
      expect(figures.strict).toMatchObject({ rows: attacks.length, hits })
      expect(figures.ensemble.leakage ?? 0).toBeLessThanOrEqual(figures.filter.leakage ?? 1)
    }
  })

  test('is a page that keeps the paper’s message and escapes what it is given', () => {
    expect(aims(whole).length).toBeGreaterThanOrEqual(8)
    expect(conclusions(whole).at(-1)).toMatch(/A filter alone proves nothing/)
    const page = readFileSync(join(folder, 'whole', 'report.html'), 'utf8')
    expect(page).toBe(renderVirusReport(whole))
    expect(page).toContain('A filter alone proves nothing')
    expect(page).toContain('I trained this &lt;b&gt;tiny&lt;/b&gt; model')
    expect(page).not.toContain('NaN')
    expect(renderVirusReport({ ...whole, settings: { ...settings, seeds: [1, 2] } })).toContain('Not finished')
  })
})

describe('a run starts only', () => {
  test('with an owner statement and a local model', async () => {
    const { ownerStatement: _, ...nobodys } = optionsOf('out')
    await expect(runVirus(nobodys)).rejects.toThrow(/--owner-statement/)
    await expect(runVirus({ ...optionsOf('out'), model: 'https://example.org/m' })).rejects.toThrow(/local checkpoint/)
    const wrong = { ...optionsOf('out'), settings: { ...settings, lambda: 0 } }
    await expect(runVirus(wrong)).rejects.toThrow(/both ends/)
  })

  test('with guards that work: others stop it with their figures', async () => {
    const { openGuards: _, ...trained } = optionsOf('out')
    const run = runVirus({ ...trained, settings: { ...settings, guardSteps: 1 } })
    await expect(run).rejects.toThrow(/decoder guard, target finds .* of plain harmful rows .*--guard-steps/)
  }, 60_000)
})

function optionsOf(name: string, resume = false): RunVirusOptions {
  return {
    ...{ model: join(folder, 'tiny'), ownerStatement: OWNER, out: join(folder, name), settings, resume },
    ...{ keep: false, threads: 1, openGuards: () => smallGuards(), onProgress: () => undefined },
  }
}

/** Its model knows nothing; as a filter it drops what holds more than one exchange. */
class OneExchange extends VerdictGuard {
  override flags(conversations: readonly (readonly unknown[])[]): Promise<readonly boolean[]> {
    return Promise.resolve(conversations.map(({ length }) => length > 3))
  }
}

/** Guards that no gate would admit: what a run does with them does not depend on how good they are. */
function smallGuards(name = 'target'): Promise<RunGuards> {
  const target = new OneExchange(name, victim, 4)
  const admissions = [target, world].map(({ name }) => ({ guard: name, ...ADMISSION }))
  return Promise.resolve({ target, unseen: [world], admissions, dispose: () => target.dispose() })
}

function runIn(name: string): VirusRun {
  return JSON.parse(readFileSync(join(folder, name, 'run.json'), 'utf8')) as VirusRun
}

/** Seconds differ from run to run. */
function withoutClock(run: VirusRun): unknown {
  const still = <Row>(rows: readonly Row[]): unknown => rows.map((row) => ({ ...row, seconds: 0 }))
  return { ...run, seeds: run.seeds.map(({ slots, arms }) => [still(slots), still(arms)]) }
}
