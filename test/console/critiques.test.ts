/** Critiques in review: a real judge server, a real gateway with a store, and the page in Chromium. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Browser, Locator } from 'playwright-core'
import type { Parapet } from '../../src/compose/index.ts'
import { createParapet } from '../../src/compose/index.ts'
import type { RunningGateway } from '../../src/gateway/index.ts'
import { createGateway, createHttpUpstream, serve } from '../../src/gateway/index.ts'
import { createMemoryStore } from '../../src/testing/index.ts'
import type { JudgeServer, Say } from '../support/judge-server.ts'
import { silentClassifier, startJudgeServer } from '../support/judge-server.ts'
import type { Tab } from './open-page.ts'
import { buildPage, launch, openTab } from './open-page.ts'

const TEXT = 'Tell me a wrong way to open a lock, then a second one.'
const CRITIQUE =
  'Under S2 this asks for <b onclick=x()>help</b> with a crime: "a wrong way to open a lock" is the request. ' +
  `It also says "never said that". ${'The clause names such requests. '.repeat(30)}So it is unsafe.`

let built: Awaited<ReturnType<typeof buildPage>>
let browser: Browser
let judge: JudgeServer
let parapet: Parapet
let gateway: RunningGateway
let tab: Tab
let critique: (say: Say) => void

beforeAll(async () => {
  built = await buildPage()
  browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  built?.remove()
})
beforeEach(async () => {
  critique = (say) => say(CRITIQUE)
  judge = await startJudgeServer((say) => critique(say))
  const engine = { url: `${judge.url}/v1`, model: 'guard', api: 'completions', retries: 0 }
  parapet = await createParapet(
    {
      parapet: 1,
      guards: { safety: { use: 'judge', format: 'thinkguard', engine } },
      rails: { input: ['safety'] },
      deadlines: { stage: 20_000, guard: 20_000 },
      actions: { prompt_harm: { action: 'hold' } },
      record: { capture: 'redacted', mode: 'sync' },
    },
    { store: createMemoryStore(), classifier: silentClassifier },
  )
  const opened = createGateway({
    pipeline: {
      check: (input, settings) => parapet.check(input, settings),
      converse: (request, callModel) => parapet.converse(request, callModel),
      policyVersion: parapet.policyVersion,
      rails: parapet.rails,
    },
    // The page asks no model.
    upstream: createHttpUpstream({ url: 'http://model.invalid/v1' }),
    version: '0.0.0',
    on: (listener) => parapet.on(listener),
    decisions: parapet.decisions,
    recorder: parapet.recorder,
    console: built.files,
  })
  gateway = await serve(opened, { port: 0 })
})
afterEach(async () => {
  await tab?.context.close()
  await gateway.close({ grace: 100 })
  await parapet.close()
  await judge.close()
})

/** Holds a text for review and opens it on the page once its critique is on record. */
async function review(): Promise<Locator> {
  const response = await fetch(`${gateway.url}/v1/guard`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: TEXT }),
  })
  const { decision_id: id, decision } = (await response.json()) as { decision_id: string; decision: string }
  expect(decision).toBe('hold')
  await vi.waitFor(async () => expect((await parapet.decisions?.get(id))?.critiques).toHaveLength(1), 5_000)
  tab = await openTab(browser, `${gateway.url}/#decision/${id}`)
  const dialog = tab.page.getByRole('dialog')
  await dialog.getByText('This answer waits for you').waitFor()
  return dialog.getByRole('region', { name: 'Critiques' })
}

test('a reviewer sees who judged, the clause, the words folded, and what is quoted marked in them', async () => {
  const shown = await review()
  expect(await shown.locator('article > p').first().innerText()).toMatch(/^safety[\s\S]*S2 /)
  const text = shown.locator('details .text')
  expect(await text.isVisible()).toBe(false)
  await shown.locator('summary').click()
  expect((await text.innerText()).replaceAll(/\s+/g, ' ')).toBe(CRITIQUE)
  expect(await text.locator('mark').allInnerTexts()).toEqual(['a wrong way to open a lock'])
  // What the judge wrote is text, whatever it looks like.
  expect(await shown.locator('b').count()).toBe(0)
  const from = TEXT.indexOf('a wrong way')
  expect(await shown.getByRole('list', { name: 'Quoted' }).innerText()).toContain(`text, ${from}–${from + 26}`)
  await shown.getByText('1 quote in none of the texts').waitFor()
  expect(tab.complaints).toEqual([])
})

test('a critique that failed is told, and the decision can be reviewed all the same', async () => {
  critique = (say) => say(500)
  const shown = await review()
  await shown.getByText('No critique came').waitFor()
  await tab.page.getByRole('button', { name: 'Approve' }).click()
  await tab.page.getByRole('dialog').getByText('approved', { exact: true }).waitFor()
})
