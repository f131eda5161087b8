/**
 * `parapet serve` over a folder of `parapet improve`: promotions and rollbacks take effect while it runs, no request is lost, a version that
 * is not whole is not used, and every decision says which version judged.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ImprovementFolder, readPointer, startImproving } from '../../src/lab/improve/index.ts'
import { movePointer } from '../../src/lab/improve/versions/pointer.ts'
import { readModels, readVersion, writeVersion } from '../../src/lab/improve/versions/version.ts'
import { runTraining } from '../../src/lab/train/index.ts'
import { row, writeLines } from '../support/lab-rows.ts'
import { cli, ended, printed, startCli } from './run-cli.ts'

const HARMFUL = { task: 'prompt_harm', label: 1 } as const
const AT = '2026-11-27T10:00:00.000Z'
const SMALL = { tier: 'fast', seed: 1, threads: 1, bits: 12, synthetic: 20, resume: false } as const
const POLICY = `parapet: 1
rails: { input: [classifier] }
record: { mode: sync }
actions: { prompt_harm: { threshold: 0.5, action: block } }
guards: { classifier: { use: classifier, versions: improve } }
`
/** Harmful to the second version only. */
const SWEET = 'Slip the fudge into your bag today'

let cwd = ''
let folder: ImprovementFolder
let child: ChildProcess
let url = ''
let log = ''

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'parapet-versions-'))
  const harmless = ['water', 'plant', 'sell', 'cut', 'like', 'order'].flatMap((verb) =>
    ['roses', 'beans', 'ferns', 'moss', 'ivy', 'mint'].flatMap((plant) =>
      ['today', 'soon', 'again'].map((when) => row({ prompt: `How do I ${verb} the ${plant} ${when}?` })),
    ),
  )
  const sweets = (verb: string, change: object): readonly object[] =>
    ['cake', 'candy', 'pie', 'gum', 'toffee', 'jelly'].flatMap((sweet) =>
      ['today', 'soon', 'again'].map((when) =>
        row({ ...change, prompt: `${verb} the ${sweet} into your bag ${when}` }),
      ),
    )
  for (const [name, rows] of [
    ['first', [...harmless, ...sweets('Slip', {}), ...sweets('Burn', HARMFUL)]],
    ['second', [...harmless, ...sweets('Slip', HARMFUL), ...sweets('Burn', HARMFUL)]],
  ] as const) {
    mkdirSync(join(cwd, `${name}-rows`))
    writeLines(join(cwd, `${name}-rows/rows.jsonl.gz`), rows)
    const places = { data: join(cwd, `${name}-rows`), out: join(cwd, name) }
    await runTraining({ ...SMALL, ...places, withoutShareAlike: false, onProgress: () => undefined })
  }
  await startImproving({ folder: join(cwd, 'improve'), guard: join(cwd, 'first'), at: AT })
  folder = ImprovementFolder.open(join(cwd, 'improve'))
  for (const _ of ['v2', 'v3'])
    writeVersion(folder, readModels(join(cwd, 'second')), {
      ...{ parent: 'v1', madeAt: AT, origin: { kind: 'given', name: 'given' } },
    })
  writeFileSync(join(cwd, 'parapet.yaml'), POLICY)
  child = startCli(['serve', '--port', '0'], { cwd })
  child.stderr?.on('data', (piece: Buffer) => (log += piece.toString()))
  url = /listening on (\S+)/.exec(await printed(child, /guards\n/))?.[1] ?? ''
}, 120_000)
afterAll(async () => {
  const end = ended(child)
  child.kill('SIGTERM')
  await end
  rmSync(cwd, { recursive: true })
})

async function asked(
  prompt: string,
): Promise<{ readonly decision: string; readonly policyVersion: string; readonly id: string }> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ prompt }) }
  const response = await fetch(`${url}/v1/guard`, init)
  expect(response.status).toBe(200)
  return (await response.json()) as { decision: string; policyVersion: string; id: string }
}

async function readiness(): Promise<string> {
  const { policyVersion } = (await (await fetch(`${url}/readyz`)).json()) as { readonly policyVersion: string }
  return policyVersion
}

function promote(id: string): void {
  movePointer(folder, readVersion(folder, id), { at: AT, kind: 'promoted', reason: 'p1' })
}

test('a promotion takes effect without a lost request, and decisions say which version judged', async () => {
  const before = await asked(SWEET)
  expect(before).toMatchObject({ decision: 'pass', policyVersion: expect.stringMatching(/^[0-9a-f]{16}\+v1$/) })
  promote('v2')
  const seen = new Set<string>()
  await expect
    .poll(
      async () => {
        const { decision, policyVersion } = await asked(`${SWEET} ${seen.size}`)
        seen.add(`${policyVersion.split('+')[1]} ${decision}`)
        return policyVersion
      },
      { timeout: 60_000, interval: 5 },
    )
    .toMatch(/\+v2$/)
  // Each was judged by one version or the other, never by none or by both.
  expect([...seen].toSorted()).toEqual(['v1 pass', 'v2 block'])
  await expect.poll(() => log, { timeout: 60_000 }).toContain('guard version v2 is in force')
  expect(await readiness()).toMatch(/\+v2$/)
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/parapet_policy_info\{policy_version="[0-9a-f]{16}\+v2"/)
  const kept = await fetch(`${url}/v1/decisions/${before.id}`)
  expect(await kept.json()).toMatchObject({ policyVersion: before.policyVersion })
}, 120_000)

test('a half-written version is not used and is reported; put right, it judges', async () => {
  const path = join(cwd, 'improve/versions/v3/classifier.bin')
  const bytes = readFileSync(path)
  const manifest = readVersion(folder, 'v3')
  truncateSync(path, 1000)
  movePointer(folder, manifest, { at: AT, kind: 'promoted', reason: 'p2' })
  await expect
    .poll(() => log, { timeout: 60_000 })
    .toMatch(/guards\.classifier\.versions.*classifier\.bin is missing or not/s)
  expect(log).toMatch(/The change is not used; version [0-9a-f]{16}\+v2 stays in force/)
  expect(await asked(SWEET)).toMatchObject({ decision: 'block', policyVersion: expect.stringMatching(/\+v2$/) })
  const checked = await cli(['policy', 'check'], { cwd })
  expect(checked).toMatchObject({ code: 2, stdout: expect.stringContaining('guards.classifier.versions') })
  const examined = await cli(['doctor', '--port', '0'], { cwd })
  expect(examined.code).toBe(1)
  expect(examined.stdout).toMatch(/broken +guard version +.*classifier\.bin is missing/)
  expect(examined.stdout).toMatch(
    /note +gateway +it judges under policy version [0-9a-f]{16}\+v2; the policy here cannot/,
  )
  writeFileSync(path, bytes)
  await expect.poll(readiness, { timeout: 60_000 }).toMatch(/\+v3$/)
}, 120_000)

test('a judging version whose file is damaged judges on, and that it would not start again is told', async () => {
  const path = join(cwd, 'improve/versions/v3/classifier.bin')
  const bytes = readFileSync(path)
  const told = log.length
  truncateSync(path, 1000)
  await expect.poll(() => log.slice(told), { timeout: 60_000 }).toMatch(/v3.classifier\.bin is missing or not/)
  expect(await asked(SWEET)).toMatchObject({ decision: 'block', policyVersion: expect.stringMatching(/\+v3$/) })
  writeFileSync(path, bytes)
}, 120_000)

test('a damaged pointer changes nothing, a rollback takes effect, and an edit of the policy keeps the version', async () => {
  const pointer = readFileSync(folder.pointer)
  writeFileSync(folder.pointer, pointer.subarray(0, 40))
  await expect.poll(() => log, { timeout: 60_000 }).toContain('current.json is damaged')
  expect(await readiness()).toMatch(/\+v3$/)
  writeFileSync(folder.pointer, pointer)
  expect(readPointer(folder).version).toBe('v3')
  expect((await cli(['improve', 'rollback', 'v1', '--reason', 'alarms'], { cwd })).code).toBe(0)
  await expect.poll(readiness, { timeout: 60_000 }).toMatch(/\+v1$/)
  expect((await asked(SWEET)).decision).toBe('pass')
  const before = await readiness()
  writeFileSync(join(cwd, 'parapet.yaml'), POLICY.replace('0.5', '0.6'))
  await expect.poll(readiness, { timeout: 60_000 }).not.toBe(before)
  expect(await readiness()).toMatch(/\+v1$/)
  const named = await cli(['policy', 'check'], { cwd })
  expect(named).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('classifier judges with v1, the current version of'),
  })
  expect((await cli(['doctor', '--port', '0'], { cwd })).stdout).toMatch(
    /ok +guard version +classifier judges with v1 of .*, current since /,
  )
}, 120_000)

test('a folder without a current version is a mistake of the policy with its place', async () => {
  writeFileSync(join(cwd, 'other.yaml'), POLICY.replace('versions: improve', 'versions: none'))
  const started = await cli(['serve', '--policy', 'other.yaml', '--port', '0', '--store', 'none'], { cwd })
  expect(started.code).toBe(2)
  expect(started.stderr).toMatch(/other\.yaml:5:\d+.*versions.*parapet improve start/s)
}, 120_000)
