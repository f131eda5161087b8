/** The running text of a page of HTML, roughly: blocks become lines, tags and scripts go. Enough for a document to learn from. */

const GONE = /<(script|style|head|nav|select)\b[\s\S]*?<\/\1>|<!--[\s\S]*?-->/gi
const BLOCKS = /<\/?(?:p|div|li|ul|ol|dl|dt|dd|h[1-6]|tr|table|pre|section|br|hr|article|blockquote)\b[^>]*>/gi
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ', copy: '©' }

export function plainPage(html: string): string {
  return (
    html
      .replaceAll(GONE, ' ')
      // Lines of the source are no lines of the page, but in code, where that does no harm here.
      .replaceAll(/\s+/g, ' ')
      .replaceAll(BLOCKS, '\n')
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll(/&(?:#(\d{1,6})|#x([\da-f]{1,5})|([a-z]+));/gi, (whole, decimal, hexadecimal, entity) =>
        characterOf(String(whole), decimal, hexadecimal, entity),
      )
      .replaceAll(/[ \t\u00a0]+/g, ' ')
      .replaceAll(/ ?\n[ \n]*/g, '\n')
      .trim()
  )
}

function characterOf(whole: string, decimal: unknown, hexadecimal: unknown, entity: unknown): string {
  if (typeof entity === 'string') return ENTITIES[entity.toLowerCase()] ?? whole
  const code = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hexadecimal), 16)
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole
}
