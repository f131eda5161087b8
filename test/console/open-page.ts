/**
 * The page as its users meet it: built from source, served by the real gateway over a real socket, in real Chromium.
 *
 * The guards are the real ones, with one more whose words make happen what they say. Chromium is found under `PARAPET_CHROMIUM`
 * or at `/usr/bin/chromium`; without it these tests fail and say so.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { build } from 'vite'
import { createParapet } from '../../src/compose/index.ts'
import type { ConsoleFiles } from '../../src/gateway/console-files.ts'
import { createConsoleFiles } from '../../src/gateway/console-files.ts'
import type { KeySetting, RunningGateway } from '../../src/gateway/index.ts'
import { createGateway, createHttpUpstream, serve } from '../../src/gateway/index.ts'
import type { Guard, Policy } from '../../src/spec/index.ts'
import type { MemoryDecisions } from './memory-decisions.ts'
import { createMemoryDecisions } from './memory-decisions.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const executablePath = process.env['PARAPET_CHROMIUM'] ?? '/usr/bin/chromium'

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Builds the page into a folder of its own, so that the tests see the sources and not an older build. */
export async function buildPage(): Promise<{ readonly files: ConsoleFiles; readonly folder: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'parapet-page-'))
  await build({
    configFile: join(root, 'vite.config.ts'),
    root: join(root, 'src/console'),
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true },
  })
  return { files: createConsoleFiles(folder), folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export function launch(): Promise<Browser> {
  if (!existsSync(executablePath)) {
    throw new Error(
      `There is no Chromium at ${executablePath}. Install one, or say where it is with the variable PARAPET_CHROMIUM.`,
    )
  }
  return chromium.launch({ executablePath, args: ARGUMENTS })
}

/** Flowers that make a guard do something; harmless to all other guards. */
export const WORDS = { hold: 'dahlias', refuse: 'peonies', fail: 'orchids', hang: 'lilies', flag: 'tulips' } as const

const flowerGuard: Guard = {
  specVersion: 'v1',
  id: 'flowers',
  version: '1',
  stages: ['input', 'retrieval', 'tool_call', 'tool_result', 'output'],
  cacheable: false,
  check({ text, signal }) {
    const { original } = text
    if (original.includes(WORDS.fail)) throw new Error('told to')
    if (original.includes(WORDS.hang)) {
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ findings: [] })))
    }
    const actions = ['hold', 'refuse', 'flag'] as const
    return {
      findings: actions.flatMap((action) => {
        const start = original.indexOf(WORDS[action])
        const span = { start, end: start + WORDS[action].length }
        return start < 0 ? [] : [{ label: `rule.${action}`, score: 1, span, action }]
      }),
    }
  },
}

const GUARDS = ['unicode', 'limits', 'secrets', 'pii', 'classifier', { guard: 'flowers', deadline: 100 }] as const

const POLICY: Policy = {
  parapet: 1,
  name: 'page tests',
  rails: { input: GUARDS, retrieval: GUARDS, tool_result: GUARDS, output: GUARDS },
  guards: { limits: { use: 'limits', characters: 200_000 } },
  refusals: { default: 'I would rather talk about gardens.' },
}

export interface TestGateway extends RunningGateway {
  readonly decisions: MemoryDecisions
  /** Asks `/v1/guard`, as an application would. */
  guard(body: unknown, key?: string): Promise<Response>
}

export interface TestGatewayOptions {
  readonly files: ConsoleFiles
  readonly keys?: readonly KeySetting[]
  /** False: no decisions are kept. */
  readonly recording?: boolean
  readonly port?: number
}

/** A gateway with the page on a free port. */
export async function startGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const { files, keys = [], recording = true, port = 0 } = options
  const parapet = await createParapet(POLICY, { guards: [flowerGuard] })
  const decisions = createMemoryDecisions()
  // The record is written before the live feed tells of it, as `record: sync` does.
  if (recording) parapet.on((event) => decisions.listener(event))
  const gateway = createGateway({
    pipeline: {
      check: (input, settings) => parapet.check(input, settings),
      converse: (request, callModel) => parapet.converse(request, callModel),
      policyVersion: parapet.policyVersion,
      rails: { input: GUARDS.map(nameOf), output: GUARDS.map(nameOf) },
    },
    // The page asks no model.
    upstream: createHttpUpstream({ url: 'http://model.invalid/v1' }),
    keys,
    version: '0.0.0',
    on: (listener) => parapet.on(listener),
    decisions: recording ? decisions : null,
    console: files,
  })
  const running = await serve(gateway, { port })
  return {
    ...running,
    decisions,
    guard: (body, key) =>
      fetch(`${running.url}/v1/guard`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: {
          'content-type': 'application/json',
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
      }),
    async close() {
      await running.close({ grace: 100 })
      await parapet.close()
    },
  }
}

function nameOf(entry: (typeof GUARDS)[number]): string {
  return typeof entry === 'string' ? entry : entry.guard
}

/** A tab, with everything it complained about: errors, failed requests, breaches of the content security policy. */
export interface Tab {
  readonly page: Page
  readonly context: BrowserContext
  readonly complaints: string[]
}

export async function openTab(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', ...options })
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(url)
  return { page, context, complaints }
}
