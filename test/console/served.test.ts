/** The page as `parapet serve` serves it: `createParapet` with its own store, the built files, nothing handed in by a test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Browser } from 'playwright-core'
import type { Parapet } from '../../src/compose/index.ts'
import { createParapet } from '../../src/compose/index.ts'
import type { RunningGateway } from '../../src/gateway/index.ts'
import { serve } from '../../src/gateway/index.ts'
import { launch, openTab } from './open-page.ts'

let browser: Browser
let parapet: Parapet
let running: RunningGateway
let dataDir: string

beforeAll(async () => {
  browser = await launch()
  dataDir = mkdtempSync(join(tmpdir(), 'parapet-served-'))
  parapet = await createParapet(undefined, { console: true, dataDir })
  running = await serve(await parapet.gateway(), { port: 0 })
})
afterAll(async () => {
  await browser?.close()
  await running?.close({ grace: 100 })
  await parapet?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

test('a text is judged and its decision is listed', async () => {
  const { page, context, complaints } = await openTab(browser, running.url)
  await page.getByRole('button', { name: 'Injection', exact: true }).click()
  await page.getByLabel('Text to judge').press('Control+Enter')
  await page.locator('#result').getByRole('heading', { name: 'Blocked' }).waitFor()
  await page.locator('.row', { hasText: 'Blocked' }).waitFor()
  expect(complaints).toEqual([])
  await context.close()
})
