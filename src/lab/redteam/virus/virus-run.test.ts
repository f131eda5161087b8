/** A run on tiny models: it goes on where it was stopped, its figures are those of its rows, and it starts only where it may. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tinyVictim } from '../../../../test/support/lab/tiny-victim.ts'
import { FlowStore } from '../../align/flow/flow-store.ts'
import { writeCheckpoint } from '../../checkpoints/index.ts'
import { type Victim, measureSafety } from '../../victim/index.ts'
import type { RunGuards } from './guards.ts'
import { aims, conclusions, ladderOf } from './ladder-figures.ts'
import { runVirus } from './run-virus.ts'
import { type SeedContext, type SeedRows, runSeed } from './seed-bench.ts'
import { VerdictGuard } from './verdict-guard.ts'
import { renderVirusReport } from './virus-report.ts'
import type { VirusRun } from './virus-run.ts'
import { VIRUS_SETTINGS, type VirusSettings } from './virus-settings.ts'
import { openWhiteBox } from './white-box.ts'
import { trainWorldGuard } from './world-guard.ts'

const folder = mkdtempSync(join(tmpdir(), 'parapet-virus-'))
const settings: VirusSettings = {
  ...{ ...VIRUS_SETTINGS, seeds: [1], rows: 4, ratio: 0.5, topK: 4, candidates: 3, steps: 1 },
  ...{ epochs: 1, batch: 4, measured: 2 },
}
const OWNER = 'I trained this <b>tiny</b> model and may test it'
let victim: Victim
let guards: RunGuards
let whole: SeedRows
let resumed: SeedRows
let stoppedAfter = 0
const kept: string[] = []

beforeAll(async () => {
  victim = await tinyVictim()
  const target = new VerdictGuard('target', victim, 4)
  const world = trainWorldGuard('world', { seed: 1, count: 400, bits: 10 })
  const admission = { recall: 1, harmful: 1, falseAlarms: 0, harmless: 1 }
  guards = {
    ...{ target, unseen: [world], dispose: () => target.dispose() },
    admissions: [target, world].map(({ name }) => ({ guard: name, ...admission })),
  }
  const box = openWhiteBox(victim, target)
  const context = (name: string, resume: boolean, onProgress: (message: string) => void): SeedContext => ({
    ...{ victim, box, guards, settings, threads: 1, onProgress },
    store: new FlowStore(join(folder, name), 'tiny', resume),
    keep: (arm) => {
      kept.push(arm)
      return Promise.resolve()
    },
  })
  whole = await runSeed(
    1,
    context('whole', false, () => undefined),
  )
  const stop = new AbortController()
  const stopped = runSeed(1, {
    ...context('stopped', false, (message) => {
      stoppedAfter += 1
      if (message.includes('harmful')) stop.abort()
    }),
    signal: stop.signal,
  })
  await expect(stopped).rejects.toThrow(/abort/i)
  resumed = await runSeed(
    1,
    context('stopped', true, () => undefined),
  )
  await box.dispose()
}, 240_000)

afterAll(async () => {
  await guards.dispose()
  rmSync(folder, { recursive: true })
})

test('a run that was stopped gives the same rows when it goes on', () => {
  expect(stoppedAfter).toBeGreaterThan(2)
  expect(withoutClock(resumed)).toEqual(withoutClock(whole))
  expect(kept.length).toBeGreaterThanOrEqual(2 * whole.arms.length - 2)
})

describe('a finished run', () => {
  test('has rows from which every figure follows, and no optimised text', async () => {
    const run = await runOf(whole)
    for (const figures of ladderOf(JSON.parse(JSON.stringify(run)) as VirusRun)) {
      const [row = expect.fail()] = whole.arms.filter(({ arm }) => JSON.stringify(arm) === JSON.stringify(figures.arm))
      expect(figures.filter).toEqual(row.filter)
      const attacks = row.safety.rows.filter(({ set }) => set === 'attack')
      const hits = attacks.filter(({ answers }) => answers.some(({ strict }) => strict === true)).length
      expect(figures.strict).toMatchObject({ rows: attacks.length, hits })
      expect(figures.ensemble.leakage ?? 0).toBeLessThanOrEqual(figures.filter.leakage ?? 1)
      const passing = row.upload.filter(({ flaggedBy }) => !row.arm.moderated || !flaggedBy.includes('target'))
      expect(row.tuned).toBe(passing.length)
    }
    for (const slot of whole.slots)
      expect(Object.keys(slot).toSorted()).toEqual([
        ...['after', 'before', 'edits', 'history', 'lambda', 'seconds', 'slot'],
      ])
    expect(whole.slots.filter(({ lambda }) => lambda === 0).every(({ edits }) => edits === 0)).toBe(true)
  })

  test('is a page that keeps the paper’s message and escapes what it is given', async () => {
    const run = await runOf(whole)
    expect(aims(run)).toHaveLength(8)
    expect(conclusions(run).at(-1)).toMatch(/A filter alone proves nothing/)
    const page = renderVirusReport(run)
    expect(page).toContain('A filter alone proves nothing')
    expect(page).toContain('I trained this &lt;b&gt;tiny&lt;/b&gt; model')
    expect(page).not.toContain('NaN')
    expect(renderVirusReport({ ...run, settings: { ...settings, seeds: [1, 2] } })).toContain('Not finished')
  })
})

describe('a run starts only', () => {
  const options = { model: 'demo', out: join(folder, 'out'), settings, keep: false, resume: false, threads: 1 }
  const silent = { onProgress: (): void => undefined }

  test('with an owner statement and a local model', async () => {
    await expect(runVirus({ ...options, ...silent })).rejects.toThrow(/--owner-statement/)
    const remote = { ...options, ...silent, model: 'https://example.org/m', ownerStatement: OWNER }
    await expect(runVirus(remote)).rejects.toThrow(/local checkpoint/)
    const wrong = { ...options, ...silent, ownerStatement: OWNER, settings: { ...settings, lambda: 0 } }
    await expect(runVirus(wrong)).rejects.toThrow(/both ends/)
  })

  test('with guards that work: others stop it with their figures', async () => {
    const { config, parameters, tokenizerFiles } = victim
    await writeCheckpoint(join(folder, 'tiny'), { config, parameters, tokenizer: tokenizerFiles })
    const run = runVirus({
      ...{ ...options, ...silent, model: join(folder, 'tiny'), ownerStatement: OWNER },
      settings: { ...settings, guardSteps: 1 },
    })
    await expect(run).rejects.toThrow(/decoder guard, target finds .* of plain harmful rows .*--guard-steps/)
  }, 60_000)
})

async function runOf(rows: SeedRows): Promise<VirusRun> {
  const before = await measureSafety(victim, { split: 'test', rows: 2, seed: 1, conditions: ['vanilla'] })
  return {
    ...({ formatVersion: 1, paper: 'arXiv 2501.17433', ownerStatement: OWNER, settings, before } as const),
    model: { name: 'tiny', sha256: victim.sha256, parameters: 1, config: victim.config },
    ...{ guards: guards.admissions, seeds: [{ seed: 1, ...rows }] },
  }
}

/** Seconds differ from run to run. */
function withoutClock({ slots, arms }: SeedRows): unknown {
  return [...slots, ...arms].map((row) => ({ ...row, seconds: 0 }))
}
