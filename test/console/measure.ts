/** What is measured in the page: contrast of every visible text, names of everything one can operate, what overflows. */
import type { Page } from 'playwright-core'

/** A text that is hard to read. */
export interface Faint {
  readonly text: string
  readonly contrast: number
  readonly color: string
  readonly ground: string
}

/** Visible texts whose contrast (WCAG 2) is below what their size asks for, and how many texts were looked at. */
export function measureContrast(page: Page): Promise<{ readonly looked: number; readonly faint: readonly Faint[] }> {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    /** Any CSS colour as red, green, blue, alpha. */
    const read = (color: string): readonly [number, number, number, number] => {
      if (canvas === null) throw new Error('no canvas')
      canvas.clearRect(0, 0, 1, 1)
      canvas.fillStyle = color
      canvas.fillRect(0, 0, 1, 1)
      const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data
      return [red, green, blue, alpha / 255]
    }
    const over = (top: readonly number[], below: readonly number[]): readonly number[] => {
      const alpha = top[3] ?? 1
      return [0, 1, 2].map((channel) => (top[channel] ?? 0) * alpha + (below[channel] ?? 0) * (1 - alpha))
    }
    const groundOf = (element: Element | null): readonly number[] => {
      if (element === null)
        return read(getComputedStyle(document.documentElement).colorScheme === 'dark' ? '#000' : '#fff')
      const own = read(getComputedStyle(element).backgroundColor)
      return own[3] === 1 ? own : over(own, groundOf(element.parentElement))
    }
    const luminance = (color: readonly number[]): number => {
      const [red = 0, green = 0, blue = 0] = color.map((channel) => {
        const part = channel / 255
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const faint = []
    let looked = 0
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement
      const text = node.textContent?.trim() ?? ''
      if (element === null || text === '' || element.closest('.unseen, noscript, :disabled') !== null) continue
      if (!element.checkVisibility({ contentVisibilityAuto: true, opacityProperty: true, visibilityProperty: true }))
        continue
      looked++
      const style = getComputedStyle(element)
      const ground = groundOf(element)
      const color = over(read(style.color), ground)
      const [light, dark] = [luminance(color), luminance(ground)].toSorted((left, right) => right - left) as [
        number,
        number,
      ]
      const contrast = (light + 0.05) / (dark + 0.05)
      if (contrast < 4.5)
        faint.push({ text: text.slice(0, 40), contrast, color: style.color, ground: ground.join(' ') })
    }
    return { looked, faint }
  })
}

/** A node of the browser's accessibility tree. */
export interface TreeNode {
  readonly role: string
  readonly name: string
}

/** What screen readers are told: every node with its role and name. */
export async function accessibilityTree(page: Page): Promise<readonly TreeNode[]> {
  const session = await page.context().newCDPSession(page)
  try {
    const { nodes } = await session.send('Accessibility.getFullAXTree')
    return nodes
      .filter(({ ignored }) => !ignored)
      .map(({ role, name }) => ({ role: String(role?.value ?? ''), name: String(name?.value ?? '') }))
  } finally {
    await session.detach()
  }
}

/** Ids that more than one element has, references to ids that none has, and heading levels that were left out. */
export function findLooseEnds(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
    const twice = ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `#${id} twice`)
    const lost = ['aria-labelledby', 'aria-describedby', 'for'].flatMap((name) =>
      [...document.querySelectorAll(`[${name}]`)]
        .flatMap((element) => (element.getAttribute(name) ?? '').split(' '))
        .filter((id) => id !== '' && document.getElementById(id) === null)
        .map((id) => `${name}=${id} leads nowhere`),
    )
    const root = document.querySelector('dialog[open]') ?? document
    const levels = [...root.querySelectorAll('h1, h2, h3, h4, h5')]
      .filter((heading) => heading.checkVisibility())
      .map(({ tagName }) => Number(tagName.slice(1)))
    const jumps = levels
      .slice(1)
      .flatMap((level, index) => (level > (levels[index] ?? 0) + 1 ? `h${levels[index]} is followed by h${level}` : []))
    return [...twice, ...lost, ...jumps]
  })
}

/** How many pixels the page is wider than the window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

/** What has the focus: the name a screen reader would say, or the text. */
export function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement
    if (element === null || element === document.body) return ''
    const labels =
      element instanceof HTMLInputElement ||
      element instanceof HTMLSelectElement ||
      element instanceof HTMLTextAreaElement
        ? element.labels
        : null
    const [label] = labels ?? []
    const text = element.getAttribute('aria-label') ?? label?.textContent ?? element.textContent ?? ''
    return text.replaceAll(/\s+/g, ' ').trim()
  })
}
