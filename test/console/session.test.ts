/** Keys: the page asks for one, keeps it no longer than it was told to, and shows no more than it may. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import type { Tab, TestGateway } from './open-page.ts'
import { WORDS, buildPage, launch, openTab, startGateway } from './open-page.ts'

const OPERATOR = 'operator-key-for-tests'
const CALLER = 'caller-key-for-tests'
const OTHER = 'other-caller-key-for-tests'

let built: Awaited<ReturnType<typeof buildPage>>
let browser: Browser
let gateway: TestGateway
let tabs: Tab[] = []

beforeAll(async () => {
  built = await buildPage()
  browser = await launch()
  gateway = await startGateway({
    files: built.files,
    keys: [
      { name: 'desk', key: OPERATOR, role: 'operator' },
      { name: 'shop', key: CALLER },
      { name: 'blog', key: OTHER },
    ],
  })
  await gateway.guard({ prompt: `How do I water ${WORDS.hold}?` }, CALLER)
  await gateway.guard({ prompt: 'How do I cook rice?' }, OTHER)
})
afterAll(async () => {
  await browser?.close()
  await gateway?.close()
  built?.remove()
})
afterEach(async () => {
  for (const { context } of tabs) await context.close()
  tabs = []
})

async function open(): Promise<Page> {
  const tab = await openTab(browser, gateway.url)
  tabs.push(tab)
  await tab.page.getByLabel('API key').waitFor()
  return tab.page
}

async function unlock(page: Page, key: string, keep = false): Promise<void> {
  await page.getByLabel('API key').fill(key)
  if (keep) await page.getByLabel('Keep it in this tab').check()
  await page.getByRole('button', { name: 'Open' }).click()
}

test('without a key nothing but the question for it is there, and the field has the focus', async () => {
  const page = await open()
  expect(await page.getByLabel('API key').evaluate((element) => element === document.activeElement)).toBe(true)
  expect(await page.getByRole('heading', { name: 'Playground' }).count()).toBe(0)
  expect(await page.getByLabel('API key').getAttribute('type')).toBe('password')
})

test('a key that is wrong, empty or cannot be one is told', async () => {
  const page = await open()
  await unlock(page, '')
  await page.getByText('Enter a key.').waitFor()
  await unlock(page, 'two words')
  await page.getByText('but no spaces').waitFor()
  await unlock(page, 'naïve-key')
  await page.getByText('but no spaces').waitFor()
  await unlock(page, 'wrong-key-for-tests')
  await page.getByText('This key was not accepted').waitFor()
  expect(await page.getByLabel('API key').inputValue()).toBe('')
})

test('an operator sees all decisions and may review', async () => {
  const page = await open()
  await unlock(page, `  ${OPERATOR} `)
  await page.getByText('desk').waitFor()
  expect(await page.locator('.session').innerText()).toContain('operator')
  await page.locator('.row', { hasText: 'Held' }).click()
  await page.getByRole('button', { name: 'Approve' }).waitFor()
  await page.keyboard.press('Escape')
  expect(await page.locator('.row', { hasText: 'Passed' }).count()).toBe(1)
})

test('a caller sees its own, and no review', async () => {
  const page = await open()
  await unlock(page, CALLER)
  await page.locator('.row', { hasText: 'Held' }).click()
  await page.getByRole('dialog').getByRole('heading', { name: 'Held' }).waitFor()
  expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0)
  expect(await page.locator('.row').count()).toBe(1)
})

test('the key is gone after a reload, unless it was to be kept in this tab', async () => {
  const page = await open()
  await unlock(page, OPERATOR)
  await page.getByLabel('Text to judge').fill('a draft')
  const stored = (): Promise<string> =>
    page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]))
  expect(await stored()).not.toContain(OPERATOR)
  await page.reload()
  await unlock(page, OPERATOR, true)
  await page.getByRole('heading', { name: 'Playground' }).waitFor()
  expect(await page.getByLabel('Text to judge').inputValue()).toBe('a draft')
  await page.reload()
  await page.getByRole('heading', { name: 'Playground' }).waitFor()
  expect(await page.evaluate(() => localStorage.length)).toBe(0)
})

test('forgetting the key forgets what was written and read with it', async () => {
  const page = await open()
  await unlock(page, OPERATOR, true)
  await page.getByLabel('Text to judge').fill('Write to jane.doe@example.org')
  await page.keyboard.press('Control+Enter')
  await page.locator('#result').getByRole('heading', { name: 'Modified' }).waitFor()
  await page.getByRole('button', { name: 'Forget key' }).click()
  await page.getByLabel('API key').waitFor()
  const left = await page.evaluate(() => JSON.stringify({ ...sessionStorage }))
  expect(left).not.toContain(OPERATOR)
  expect(left).not.toContain('jane.doe')
  await unlock(page, CALLER)
  await page.getByText('Nothing judged yet').waitFor()
  expect(await page.locator('.row', { hasText: 'Passed' }).count()).toBe(0)
})

test('a key that is taken away locks the page at the next request', async () => {
  const page = await open()
  await unlock(page, OPERATOR)
  await page.getByRole('heading', { name: 'Playground' }).waitFor()
  const error = { message: 'No.', type: 'authentication_error', code: 'unauthorized', param: null }
  await page.route('**/v1/guard', (route) => route.fulfill({ status: 401, json: { error } }))
  await page.getByLabel('Text to judge').fill('hello')
  await page.keyboard.press('Control+Enter')
  await page.getByText('This key was not accepted').waitFor()
})

test('the key leaves in the authorization header only, to the gateway only', async () => {
  const page = await open()
  const requests: string[] = []
  page.on('request', (request) => {
    const { authorization, ...headers } = request.headers()
    requests.push(JSON.stringify([request.url(), headers, request.postData()]))
    if (authorization !== undefined) expect(request.url().startsWith(`${gateway.url}/v1/`)).toBe(true)
  })
  await unlock(page, OPERATOR)
  await page.getByLabel('Text to judge').fill('hello')
  await page.keyboard.press('Control+Enter')
  await page.locator('#result').getByRole('heading', { name: 'Passed' }).waitFor()
  await page.reload()
  expect(requests.length).toBeGreaterThan(3)
  expect(requests.join('\n')).not.toContain(OPERATOR)
})
