/**
 * A whole audit of a tiny model that has learnt nothing: its files, its headline from raw rows, stopping and going on. What an audit finds of
 * a real model is the proof's matter.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DecoderConfig, initialDecoder } from '../../nn/decoder/config.ts'
import { type OnnxRuntime, loadOnnxRuntime } from '../../nn/runtime/onnx-runtime.ts'
import { packCheckpoint } from '../checkpoints/packed-file.ts'
import { loadVictim } from '../victim/victim.ts'
import type { AuditRun } from './audit-run.ts'
import { type AuditSettings, AUDIT_SETTINGS } from './audit-settings.ts'
import { chosenWeights } from './masks/prune.ts'
import { readMasks } from './masks/mask-file.ts'
import { runAudit } from './run-audit.ts'
import { summarise } from './summary/summarise.ts'

const SETTINGS: Partial<AuditSettings> = {
  ...{ seeds: [1], selectionRows: 1, testRows: 1, examples: 2, probeExamples: 8, finalists: 1, floor: 1 },
  setDifferences: AUDIT_SETTINGS.setDifferences.slice(1, 2),
  projections: AUDIT_SETTINGS.projections.slice(0, 1),
  // Twice the same control: it is measured once.
  ...{ lowestShares: [0.1, 0.1], heads: [1] },
  freezing: { shares: [0.5], examples: [2], epochs: 1, rate: 1e-4, batch: 2 },
}

let runtime: OnnxRuntime
const folder = mkdtempSync(join(tmpdir(), 'parapet-audit-'))
const tiny = join(folder, 'tiny.bin')
beforeAll(async () => {
  runtime = await loadOnnxRuntime()
  const { config: shipped, tokenizerFiles: tokenizer } = await loadVictim('demo', runtime)
  const config: DecoderConfig = {
    ...shipped,
    ...{ width: 16, layers: 2, heads: 2, keyValueHeads: 2, headWidth: 8, feedForward: 24 },
  }
  const checkpoint = { config, parameters: initialDecoder(config, 2), tokenizer }
  writeFileSync(tiny, packCheckpoint(checkpoint, { id: 'tiny', numbers: 'float32' }))
})
afterAll(() => rmSync(folder, { recursive: true }))

const audit = (
  out: string,
  resume: boolean,
  more: { readonly signal?: AbortSignal; readonly onProgress?: () => void } = {},
) => runAudit({ model: tiny, out: join(folder, out), settings: SETTINGS, resume, runtime, ...more })

it('writes what it found, with a headline that follows from its raw rows, and goes on to the same after a stop', async () => {
  const lines = await audit('whole', false)
  const text = readFileSync(join(folder, 'whole', 'run.json'), 'utf8')
  const run = JSON.parse(text) as AuditRun
  expect(lines.join('\n')).toContain(run.summary.conclusion)
  const { summary, ...raw } = run
  expect(JSON.parse(JSON.stringify(summarise(raw)))).toEqual(summary)
  // A figure that did not follow from the rows would not change with them.
  const altered = raw.measured.map((one) => ({
    ...one,
    rows: one.rows.map((row) => (row.set === 'attack' ? { ...row, attempts: 's' } : row)),
  }))
  expect(summarise({ ...raw, measured: altered }).base.figures.attack['vanilla']?.strict.rate).toBe(1)
  expect(summary.base.figures.attack['vanilla']?.strict.rate).toBe(0)
  expect(Object.keys(summary.base.figures.attack)).toEqual(['vanilla', 'sampled', 'suffix', 'unwrapped'])

  expect(summary.controls.map(({ seeds }) => seeds.length)).toEqual(summary.controls.map(() => 1))

  const report = readFileSync(join(folder, 'whole', 'report.html'), 'utf8')
  expect(report).toContain(summary.aims[0]?.found)
  expect(report).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/)

  const victim = await loadVictim(tiny, runtime)
  const file = readMasks(readFileSync(join(folder, 'whole', 'safety-critical.masks')), 'safety-critical.masks')
  expect(file.model).toBe(victim.sha256)
  expect(chosenWeights(file.masks) / run.model.auditedWeights).toBeCloseTo(summary.setDifference.weightShare, 9)
  for (const [name, mask] of file.masks) expect(mask.length).toBe(victim.parameters[name]?.data.length)

  const controller = new AbortController()
  let parts = 0
  const stopped = audit('stopped', false, {
    signal: controller.signal,
    onProgress() {
      parts += 1
      if (parts === 3) controller.abort()
    },
  })
  await expect(stopped).rejects.toThrow(/abort/i)
  expect(existsSync(join(folder, 'stopped', 'run.json'))).toBe(false)
  await expect(audit('stopped', false)).rejects.toThrow('unfinished audit')
  await expect(
    runAudit({
      model: tiny,
      out: join(folder, 'stopped'),
      settings: { ...SETTINGS, testRows: 2 },
      resume: true,
      runtime,
    }),
  ).rejects.toThrow('other options')
  // Altered weights were in memory alone, so that a run which ends anywhere leaves none.
  const left = readdirSync(join(folder, 'stopped'), { recursive: true, withFileTypes: true })
  expect(left.filter((one) => one.isFile()).every(({ name }) => name.endsWith('.json'))).toBe(true)
  await audit('stopped', true)
  expect(readFileSync(join(folder, 'stopped', 'run.json'), 'utf8')).toBe(text)
  expect(existsSync(join(folder, 'stopped', 'run'))).toBe(false)
}, 120_000)

it('refuses settings that measure nothing, and models that are not there', async () => {
  await expect(runAudit({ model: 'demo', out: folder, settings: { seeds: [] }, resume: false })).rejects.toThrow(
    'one seed',
  )
  await expect(runAudit({ model: 'demo', out: folder, settings: { testRows: 0 }, resume: false })).rejects.toThrow(
    'testRows',
  )
  await expect(
    runAudit({ model: join(folder, 'none'), out: join(folder, 'x'), resume: false, runtime }),
  ).rejects.toThrow()
  await expect(runAudit({ model: 'https://example.org/m', out: join(folder, 'x'), resume: false })).rejects.toThrow(
    'address',
  )
  const many = { settings: { ...SETTINGS, testRows: 1_000_000 }, out: join(folder, 'many'), runtime, resume: false }
  await expect(runAudit({ model: tiny, ...many })).rejects.toThrow('10000 at most')
  expect(existsSync(join(folder, 'many'))).toBe(false)
})

it('resumes nothing that is not an audit, and leaves it as it is', async () => {
  mkdirSync(join(folder, 'foreign/run'), { recursive: true })
  writeFileSync(join(folder, 'foreign/run/thesis.txt'), 'mine')
  await expect(audit('foreign', true)).rejects.toThrow('no run that could be resumed')
  expect(readFileSync(join(folder, 'foreign/run/thesis.txt'), 'utf8')).toBe('mine')
})
