import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createScriptedIo, type ScriptedIo, type ScriptedIoOptions } from '../../test/support/scripted-io.ts'
import type { CheckInput, CheckResult } from '../spec/check.ts'
import type { Decision } from '../spec/decision.ts'
import { ParapetError } from '../spec/errors.ts'
import { findPolicy } from './find-policy.ts'
import { runProgram } from './program.ts'
import type { Checker, DeepReport, PolicyReport, RunningGateway, Runtime, ServeSettings } from './runtime.ts'

let cwd = ''

beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'parapet-program-')))
})

afterEach(() => {
  rmSync(cwd, { recursive: true })
})

const VALID: PolicyReport = { issues: [], version: 'v1', warnings: [], pseudonyms: false }

interface Script {
  readonly decision?: Decision
  readonly text?: string
  readonly policy?: PolicyReport
  readonly deep?: DeepReport
  readonly fail?: unknown
}

interface ScriptedRuntime extends Runtime {
  readonly inputs: CheckInput[]
  readonly policies: (string | null)[]
  readonly settings: ServeSettings[]
}

/** A runtime that answers as told and remembers what it was asked. */
function createScriptedRuntime(script: Script = {}): ScriptedRuntime {
  const inputs: CheckInput[] = []
  const policies: (string | null)[] = []
  const settings: ServeSettings[] = []
  const checker: Checker = {
    policyVersion: 'v1',
    close: async () => undefined,
    check: async (input) => {
      inputs.push(input)
      if (script.fail !== undefined) throw script.fail
      return toResult(input, script)
    },
  }
  const gateway: RunningGateway = {
    url: 'http://127.0.0.1:4141',
    upstream: 'demo model',
    store: 'nowhere',
    keyed: false,
    policyVersion: 'v1',
    guards: { input: ['unicode', 'pii'] },
    checker,
    close: async () => undefined,
  }
  return {
    version: '1.2.3',
    inputs,
    policies,
    settings,
    openChecker: async (policy) => {
      policies.push(policy)
      return checker
    },
    openRules: async () => checker,
    openJudge: async () => {
      throw new ParapetError('configuration', 'The scripted runtime has no judge.')
    },
    policyTemplate: async () => '# commented\nparapet: 1\n',
    checkPolicy: async () => script.policy ?? VALID,
    runCases: async () => ({
      passed: 1,
      failed: 1,
      failures: ['line 2: expected block, got pass'],
      junit: '<xml/>',
      json: {},
    }),
    serve: async (given) => {
      settings.push(given)
      return { ...gateway, keyed: given.keys.length > 0 }
    },
    pingStore: async () => 'PostgreSQL',
    examineFiles: async () => [],
    examineDeepTier: async () => script.deep ?? { bytes: null, runtime: null, milliseconds: null, problem: null },
    examinePeers: async () => [{ name: 'peer', purpose: 'speed', version: null }],
  }
}

function toResult(input: CheckInput, { decision = 'pass', text }: Script): CheckResult {
  return {
    ...(input.id === undefined ? {} : { id: input.id }),
    decision,
    ...(text === undefined ? {} : { text }),
    scores: { prompt_harm: 0.25, response_harm: null, refusal: null, injection: null, toxicity: null },
    categories: { S1: 0.75, S2: 0.1 },
    spans: [{ start: 0, end: 4, label: 'pii.email', field: 'prompt', score: 1 }],
    error: null,
    ms: 1,
    decisionId: 'd',
    policyVersion: 'v1',
    guards: [],
    shadowDecision: decision,
    exceptions: [],
    warnings: [],
  }
}

interface Outcome {
  readonly code: number
  readonly io: ScriptedIo
  readonly runtime: ScriptedRuntime
}

async function run(
  args: readonly string[],
  script: Script = {},
  options: Partial<ScriptedIoOptions> = {},
): Promise<Outcome> {
  const io = createScriptedIo({ cwd, ...options })
  const runtime = createScriptedRuntime(script)
  return { code: await runProgram(args, io, runtime), io, runtime }
}

describe('the program', () => {
  test('prints version and help', async () => {
    expect((await run(['--version'])).io.written()).toBe('1.2.3\n')
    const help = await run([])
    expect(help.code).toBe(0)
    for (const command of ['check', 'serve', 'init', 'policy', 'doctor'])
      expect(help.io.written()).toContain(`  ${command}`)
  })

  test('suggests the command that was meant', async () => {
    const { code, io } = await run(['sreve'])
    expect(code).toBe(2)
    expect(io.errors()).toContain('Did you mean serve?')
  })

  test('does not show what an unexpected error says', async () => {
    const io = createScriptedIo({ cwd })
    const broken = { ...createScriptedRuntime(), openChecker: () => Promise.reject(new Error('swordfish')) }
    expect(await runProgram(['check', 'x'], io, broken)).toBe(3)
    expect(io.errors()).not.toContain('swordfish')
  })
})

describe('check', () => {
  test.each([
    ['pass', 0],
    ['flag', 0],
    ['modify', 0],
    ['refuse', 1],
    ['hold', 1],
    ['block', 1],
    ['error', 3],
    ['timeout', 3],
  ] as const)('%s ends with %d', async (decision, code) => {
    expect((await run(['check', 'x'], { decision })).code).toBe(code)
  })

  test('a check that throws ends with 3, a configuration that is wrong with 2', async () => {
    expect((await run(['check', 'x'], { fail: new Error('no') })).code).toBe(3)
    const io = createScriptedIo({ cwd })
    const openChecker = (): Promise<Checker> => Promise.reject(new ParapetError('policy_invalid', 'line 3'))
    expect(await runProgram(['check', 'x'], io, { ...createScriptedRuntime(), openChecker })).toBe(2)
    expect(io.errors()).toContain('line 3')
  })

  test('hands all options on', async () => {
    const { runtime } = await run(['check', '--response', 'r', '--system', 's', '--stage', 'output', '--id', 'i', 'p'])
    expect(runtime.inputs).toEqual([{ id: 'i', prompt: 'p', response: 'r', system: 's', stage: 'output' }])
  })

  test('is readable on a terminal, and sends it no control characters', async () => {
    const { io } = await run(['check', 'x'], { decision: 'modify', text: 'a\u001B[2Jb\u202Ec' }, { terminal: true })
    expect(io.written()).toMatch(/^MODIFY/)
    expect(io.written()).toContain(String.raw`a\u{1b}[2Jb\u{202e}c`)
    expect(io.written()).toContain('S1 0.75')
    const json = await run(['check', '--json', 'x'], { decision: 'modify', text: '\u009B' }, { terminal: true })
    expect(json.io.written()).not.toContain('\u009B')
    expect(JSON.parse(json.io.written())).toMatchObject({ decision: 'modify', text: '\u009B' })
  })

  test('asks for a text on a terminal instead of waiting for one', async () => {
    const { code, io } = await run(['check'], {}, { terminal: true })
    expect(code).toBe(2)
    expect(io.errors()).toContain('--file')
  })

  test('an empty text is no request', async () => {
    const { code, io } = await run(['check'], {}, { stdin: '\n' })
    expect(code).toBe(3)
    expect(JSON.parse(io.written())).toMatchObject({ decision: 'error', error: { code: 'input_invalid' } })
  })
})

describe('which policy holds', () => {
  test('goes up to the repository, no further', () => {
    mkdirSync(join(cwd, 'repository/.git'), { recursive: true })
    mkdirSync(join(cwd, 'repository/a/b'), { recursive: true })
    writeFileSync(join(cwd, 'parapet.yaml'), '')
    const place = { cwd: join(cwd, 'repository/a/b'), home: cwd, env: {} }
    expect(findPolicy(place, undefined)).toBeNull()
    writeFileSync(join(cwd, 'repository/parapet.yml'), '')
    expect(findPolicy(place, undefined)).toEqual({ path: join(cwd, 'repository/parapet.yml'), origin: 'found' })
  })

  test('goes up to the home folder, and outside it looks only here', () => {
    mkdirSync(join(cwd, 'home/a'), { recursive: true })
    writeFileSync(join(cwd, 'parapet.yaml'), '')
    expect(findPolicy({ cwd: join(cwd, 'home/a'), home: join(cwd, 'home'), env: {} }, undefined)).toBeNull()
    expect(findPolicy({ cwd: join(cwd, 'home/a'), home: '/nowhere', env: {} }, undefined)).toBeNull()
    expect(findPolicy({ cwd, home: '/nowhere', env: {} }, undefined)?.origin).toBe('found')
  })

  test('the option wins over the variable, the variable over the place', async () => {
    for (const name of ['parapet.yaml', 'variable.yaml', 'option.yaml']) writeFileSync(join(cwd, name), '')
    const env = { PARAPET_POLICY: 'variable.yaml' }
    expect((await run(['check', 'x'])).runtime.policies).toEqual([join(cwd, 'parapet.yaml')])
    expect((await run(['check', 'x'], {}, { env })).runtime.policies).toEqual([join(cwd, 'variable.yaml')])
    const option = await run(['check', '--policy', 'option.yaml', 'x'], {}, { env })
    expect(option.runtime.policies).toEqual([join(cwd, 'option.yaml')])
  })
})

describe('serve', () => {
  test('says first where it listens, then shows a request that is blocked, and drains on a signal', async () => {
    const io = createScriptedIo({ cwd, env: { PARAPET_API_KEYS: 'one, two', PORT: '0' } })
    const runtime = createScriptedRuntime({ decision: 'block' })
    const served = runProgram(['serve', '--host', '::1'], io, runtime)
    while (!io.written().includes('"stream":true')) await new Promise((resolve) => setImmediate(resolve))
    io.stop('SIGTERM')
    expect(await served).toBe(0)
    const [first] = io.written().split('\n')
    expect(first).toBe('Parapet listening on http://127.0.0.1:4141')
    expect(io.written()).toContain('# blocked by the embedded guard')
    expect(io.written()).toContain('$PARAPET_API_KEY')
    expect(runtime.settings).toMatchObject([
      { port: 0, host: '::1', keys: [{ key: 'one' }, { key: 'two' }], policy: null },
    ])
    expect(readdirSync(cwd)).toEqual(['.parapet'])
  })

  test('claims no block that would not happen', async () => {
    const io = createScriptedIo({ cwd })
    const served = runProgram(['serve'], io, createScriptedRuntime({ decision: 'pass' }))
    while (!io.written().includes('"stream":true')) await new Promise((resolve) => setImmediate(resolve))
    io.stop('SIGINT')
    expect(await served).toBe(0)
    expect(io.written()).not.toContain('blocked')
  })
})

describe('init, policy and doctor', () => {
  test('init overwrites only when forced', async () => {
    expect((await run(['init'])).code).toBe(0)
    writeFileSync(join(cwd, 'parapet.yaml'), 'mine')
    expect((await run(['init'])).code).toBe(2)
    expect(readFileSync(join(cwd, 'parapet.yaml'), 'utf8')).toBe('mine')
    expect((await run(['init', '--force'])).code).toBe(0)
    expect(readFileSync(join(cwd, 'parapet.yaml'), 'utf8')).toContain('# commented')
  })

  test('policy check points into the file', async () => {
    writeFileSync(join(cwd, 'parapet.yaml'), 'parapet: 1\nrails: {}\n')
    const issue = {
      file: 'parapet.yaml',
      line: 2,
      column: 3,
      key: 'rails',
      message: 'is empty',
      remedy: 'Name a guard.',
    }
    const { code, io } = await run(['policy', 'check'], { policy: { ...VALID, version: null, issues: [issue] } })
    expect(code).toBe(2)
    expect(io.written()).toBe(
      'parapet.yaml:2:3 error rails: is empty\n  2 | rails: {}\n    |   ^\n  remedy: Name a guard.\n' +
        `1 mistake in ${join(cwd, 'parapet.yaml')}; the policy is not used\n`,
    )
  })

  test('policy test writes JUnit and ends with 1 when a case failed', async () => {
    writeFileSync(join(cwd, 'cases.jsonl'), '{}\n')
    const { code, io } = await run(['policy', 'test', 'cases.jsonl', '--junit', 'out.xml'])
    expect(code).toBe(1)
    expect(io.written()).toBe('failed line 2: expected block, got pass\n1 of 2 cases passed\n')
    expect(readFileSync(join(cwd, 'out.xml'), 'utf8')).toBe('<xml/>')
  })

  test.each([
    [
      { bytes: null, runtime: null, milliseconds: null, problem: null },
      0,
      /^note +deep tier +models\/deep\.bin is not there/m,
    ],
    [
      { bytes: 2 ** 20, runtime: null, milliseconds: null, problem: null },
      0,
      /1\.0 MB, but onnxruntime is missing.*\n.*npm install onnxruntime-node$/m,
    ],
    [
      { bytes: 2 ** 20, runtime: 'web', milliseconds: 4.25, problem: null },
      0,
      /^ok +deep tier +1\.0 MB, runs on onnxruntime-web, 4\.3 ms for a text of 60 tokens$/m,
    ],
    [
      { bytes: 2 ** 20, runtime: null, milliseconds: null, problem: 'It is torn.' },
      1,
      /^broken +deep tier +It is torn\.$/m,
    ],
  ] as const)('doctor says of a deep tier like %j whether it runs', async (deep, code, line) => {
    const outcome = await run(['doctor', '--port', '0'], { deep })
    expect(outcome.code).toBe(code)
    expect(outcome.io.written()).toMatch(line)
  })

  test('doctor asks for the vault key only when pseudonyms are used, and leaves nothing behind', async () => {
    const policy = { ...VALID, pseudonyms: true }
    const without = await run(['doctor', '--port', '0'], { policy })
    expect(without.code).toBe(1)
    expect(without.io.written()).toContain('PARAPET_VAULT_KEY')
    const key = { env: { PARAPET_VAULT_KEY: 'secret-value' } }
    const withKey = await run(['doctor', '--port', '0', '--json'], { policy }, key)
    expect(withKey.code).toBe(0)
    expect(withKey.io.written()).not.toContain('secret-value')
    expect(readdirSync(cwd)).toEqual([])
  })
})
