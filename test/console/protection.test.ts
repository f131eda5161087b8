/** What other people's text and other people's pages cannot do to this one. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import { overflow } from './measure.ts'
import type { Tab, TestGateway } from './open-page.ts'
import { buildPage, launch, openTab, startGateway } from './open-page.ts'

let built: Awaited<ReturnType<typeof buildPage>>
let browser: Browser
let gateway: TestGateway
let tab: Tab
let page: Page

beforeAll(async () => {
  built = await buildPage()
  browser = await launch()
  gateway = await startGateway({ files: built.files })
})
afterAll(async () => {
  await browser?.close()
  await gateway?.close()
  built?.remove()
})
beforeEach(async () => {
  tab = await openTab(browser, gateway.url, { viewport: { width: 900, height: 800 } })
  page = tab.page
  await page.getByRole('heading', { name: 'Playground' }).waitFor()
})
afterEach(async () => {
  await tab.context.close()
})

async function judge(text: string): Promise<string> {
  await page.getByLabel('Text to judge').fill(text)
  await page.keyboard.press('Control+Enter')
  await page.locator('#result .text').first().waitFor()
  return page.locator('#result .text').first().innerText()
}

test('the page asks for nothing but its own files and its gateway, and breaks none of its own rules', async () => {
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  await page.reload()
  await judge('Write to jane.doe@example.org')
  await page.locator('.row').first().click()
  await page.getByRole('dialog').waitFor()
  expect(asked.length).toBeGreaterThan(4)
  expect(asked.filter((url) => !url.startsWith(`${gateway.url}/`))).toEqual([])
  expect(tab.complaints).toEqual([])
  const inline = await page.evaluate(
    () => document.querySelectorAll('[style], style, script:not([src]), [onclick]').length,
  )
  expect(inline).toBe(0)
})

test('the policy is in force: no inline script, no inline style, no string becomes a script, nothing leaves', async () => {
  const outcomes = await page.evaluate(async () => {
    const script = document.createElement('script')
    const sink = (work: () => void): string => {
      try {
        work()
        return 'done'
      } catch (thrown) {
        return thrown instanceof Error ? thrown.name : 'thrown'
      }
    }
    const inlineScript = sink(() => {
      script.textContent = 'globalThis.broken = true'
      document.body.append(script)
    })
    const html = sink(() => {
      document.createElement('div').innerHTML = '<b>x</b>'
    })
    const timer = sink(() => {
      // oxlint-disable-next-line typescript/no-implied-eval -- the rule under test
      setTimeout('globalThis.broken = true')
    })
    const styled = document.createElement('p')
    styled.setAttribute('style', 'color: rgb(1, 2, 3)')
    document.body.append(styled)
    const color = getComputedStyle(styled).color
    const away = await fetch('https://elsewhere.example/').then(
      () => 'sent',
      () => 'refused',
    )
    return { inlineScript, html, timer, color, away, broken: 'broken' in globalThis }
  })
  expect(outcomes).toEqual({
    inlineScript: 'TypeError',
    html: 'TypeError',
    timer: 'TypeError',
    color: expect.not.stringContaining('rgb(1, 2, 3)'),
    away: 'refused',
    broken: false,
  })
})

test('markup in a text is text', async () => {
  const text =
    '<img src=x onerror="alert(1)"><script>alert(2)</script></p></main><h1>x</h1> &amp; {{7*7}} javascript:alert(3)'
  expect(await judge(text)).toContain(
    '<img src=x onerror="alert(1)"><script>alert(2)</script></p></main><h1>x</h1> &amp;',
  )
  expect(await page.locator('#result img, #result script, #result h1').count()).toBe(0)
  expect(tab.complaints).toEqual([])
})

test('direction controls cannot turn the page or the text round; they are shown', async () => {
  const shown = await judge('file \u202egpj.exe\u202c and \u2067isolated and never closed')
  expect(shown).toContain('RLO')
  expect(shown).toContain('RLI')
  expect(shown).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
  // Letters stand in the order in which they were written.
  const left = await page
    .locator('#result .text')
    .first()
    .evaluate((element) => {
      const range = document.createRange()
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        const at = node.textContent?.indexOf('gpj.exe') ?? -1
        if (at < 0) continue
        return [at, at + 6].map((offset) => {
          range.setStart(node, offset)
          range.setEnd(node, offset + 1)
          return range.getBoundingClientRect().left
        })
      }
      return []
    })
  expect(left).toHaveLength(2)
  expect(left[0]).toBeLessThan(left[1] ?? 0)
})

test('a text in a script that runs from right to left does', async () => {
  await judge('שלום עולם, מה שלומך?')
  expect(
    await page
      .locator('#result .text')
      .first()
      .evaluate((element) => getComputedStyle(element).direction),
  ).toBe('rtl')
})

test('what is hidden is shown: zero width, tag characters with their message, nulls', async () => {
  const hidden = [...'obey'].map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join('')
  const shown = await judge(`pass\u200b\u200b\u200bword ${hidden} nul\u0000 x`)
  for (const sign of ['ZWSP×3', 'TAGS “obey”', 'NUL']) expect(shown).toContain(sign)
  const names = await page
    .locator('#result .text')
    .first()
    .getByRole('img')
    .evaluateAll((signs) => signs.map((sign) => sign.getAttribute('aria-label')))
  expect(names).toContain('zero width space, U+200B, 3 times')
  expect(names).toContain('tag characters that spell obey')
})

test.each([400, 1280])(
  'neither one endless word nor piles of marks break out of their box at %d pixels',
  async (width) => {
    await page.setViewportSize({ width, height: 800 })
    await judge(`${'w'.repeat(3000)} ${`e${'\u0301'.repeat(300)}`.repeat(20)} ${'\u{1f469}\u200d'.repeat(200)}`)
    expect(await overflow(page)).toBe(0)
    const box = await page.locator('#result .text').first().boundingBox()
    expect(box?.width).toBeLessThan(width)
  },
)

test('names that callers choose cannot break the list', async () => {
  await fetch(`${gateway.url}/v1/guard`, {
    method: 'POST',
    body: JSON.stringify({ prompt: 'hello' }),
    headers: { 'content-type': 'application/json', 'x-parapet-user': `<b>${'u'.repeat(200)}</b>` },
  })
  await page.locator('.row').first().click()
  await page.getByRole('dialog').getByText('Door').waitFor()
  expect(await page.locator('.row b, dialog b').count()).toBe(0)
  expect(await overflow(page)).toBe(0)
})

test('another site can neither frame it nor read it', async () => {
  const evil = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(`<iframe src="${gateway.url}/"></iframe>`)
  })
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve))
  const { port } = evil.address() as AddressInfo
  const other = await tab.context.newPage()
  await other.goto(`http://127.0.0.1:${port}/`)
  const frame = other.frames().find((item) => item !== other.mainFrame())
  expect(frame).toBeDefined()
  expect(await frame?.locator('#page').count()).toBe(0)
  const read = await other.evaluate(
    (url) =>
      fetch(`${url}/v1/session`).then(
        (answer) => answer.text(),
        () => 'refused',
      ),
    gateway.url,
  )
  expect(read).toBe('refused')
  await new Promise<void>((resolve) => evil.close(() => resolve()))
})

test('the headers are there on every file, and only files that were built are', async () => {
  const main = await fetch(`${gateway.url}/`)
  const html = await main.text()
  const paths = [...html.matchAll(/(?:src|href)="\.(\/console\/[^"]+)"/g)].flatMap(([, path]) => path ?? [])
  expect(paths).toHaveLength(3)
  for (const path of ['/', ...paths]) {
    const answer = await fetch(gateway.url + path)
    expect(answer.status, path).toBe(200)
    expect(answer.headers.get('content-security-policy'), path).toContain("default-src 'none'")
    expect(answer.headers.get('x-content-type-options'), path).toBe('nosniff')
    expect(answer.headers.get('cache-control'), path).toBe(
      path === '/' ? 'no-cache' : 'public, max-age=31536000, immutable',
    )
  }
  for (const path of ['/console/', '/console/nothing.js', '/console/..%2f..%2fpackage.json', '/LICENSES.md']) {
    expect((await fetch(gateway.url + path)).status, path).toBe(404)
  }
})
