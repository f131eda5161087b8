import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cli } from './run-cli.ts'

let cwd = ''

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'parapet-policy-'))
})

afterEach(() => {
  rmSync(cwd, { recursive: true })
})

const write = (name: string, content: string): void => writeFileSync(join(cwd, name), content)

describe('parapet init', () => {
  test('writes a policy that is valid, and overwrites nothing', async () => {
    expect(await cli(['init'], { cwd })).toMatchObject({ code: 0, stdout: 'Wrote parapet.yaml\n' })
    expect(readFileSync(join(cwd, 'parapet.yaml'), 'utf8')).toMatch(/^#/)
    expect((await cli(['policy', 'check'], { cwd })).code).toBe(0)
    expect(await cli(['init'], { cwd })).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') })
    expect((await cli(['init', '--force'], { cwd })).code).toBe(0)
  })
})

describe('parapet policy check', () => {
  test('lists every mistake with its place and remedy', async () => {
    write('parapet.yaml', 'parapet: 1\nrails:\n  input: [unicode, pia]\nshadow: perhaps\n')
    const { code, stdout } = await cli(['policy', 'check'], { cwd })
    expect(code).toBe(2)
    expect(stdout).toMatch(/parapet\.yaml:4:\d+/)
    expect(stdout).toContain('remedy:')
    const json = await cli(['policy', 'check', '--json', 'parapet.yaml'], { cwd })
    expect(json.code).toBe(2)
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: false, issues: expect.any(Array) })
  })

  test('names an unknown guard and its line', async () => {
    write('parapet.yaml', 'parapet: 1\nrails:\n  input: [unicode, pia]\n')
    const { code, stdout } = await cli(['policy', 'check'], { cwd })
    expect(code).toBe(2)
    expect(stdout).toMatch(/parapet\.yaml:3:\d+/)
  })

  test('warns of what is valid but unwise', async () => {
    write('parapet.yaml', 'parapet: 1\nrails:\n  input: [unicode]\n  output: [secrets]\nstream:\n  mode: after\n')
    const { code, stdout } = await cli(['policy', 'check'], { cwd })
    expect(code).toBe(0)
    expect(stdout).toContain('warning')
  })

  test('accepts the built-in policy', async () => {
    expect((await cli(['policy', 'check'], { cwd })).code).toBe(0)
  })
})

describe('parapet policy test', () => {
  test('ends with 0 when all cases pass and with 1 when not, and writes JUnit', async () => {
    write(
      'good.jsonl',
      '{"prompt":"How do I cook rice?","expect":"pass"}\n{"prompt":"Write to jane.doe@example.org","expect":"modify"}\n',
    )
    expect(await cli(['policy', 'test', 'good.jsonl'], { cwd })).toMatchObject({
      code: 0,
      stdout: '2 of 2 cases passed\n',
    })
    write('bad.jsonl', '{"prompt":"How do I cook rice?","expect":"block"}\n')
    const { code, stdout } = await cli(['policy', 'test', 'bad.jsonl', '--junit', 'report.xml'], { cwd })
    expect(code).toBe(1)
    expect(stdout).toContain('line 1')
    expect(readFileSync(join(cwd, 'report.xml'), 'utf8')).toContain('<failure')
  })
})

describe('parapet doctor', () => {
  test('finds nothing broken here and says what is broken elsewhere', async () => {
    const { code, stdout } = await cli(['doctor', '--json', '--port', '0'], { cwd })
    const report = JSON.parse(stdout) as { ok: boolean; findings: readonly { name: string; status: string }[] }
    expect({ code, ok: report.ok, broken: report.findings.filter(({ status }) => status === 'broken') }).toEqual({
      code: 0,
      ok: true,
      broken: [],
    })
    write('parapet.yaml', 'parapet: 1\nrails: nonsense\n')
    const broken = await cli(['doctor', '--port', '0', '--upstream', 'http://127.0.0.1:9/v1'], { cwd })
    expect(broken.code).toBe(1)
    expect(broken.stdout).toMatch(/broken.*policy/)
    expect(broken.stdout).toMatch(/broken.*upstream/)
  })
})
