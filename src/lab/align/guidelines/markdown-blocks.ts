/**
 * The few forms of Markdown that policies are written in: headings, paragraphs, lists with indented lines below an item. Emphasis
 * and links stay as written. It is no Markdown parser: tables, quotes and code are paragraphs.
 */

export type MarkdownBlock =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  /** Items without their bullet or number; indented lines below an item belong to it, with their indentation. */
  | { readonly kind: 'list'; readonly items: readonly string[] }

const HEADING = /^(#{1,6})\s+(.*)$/
const ITEM = /^([-*+]|\d+[.)])\s+(.*)$/

/** Lines end with LF or CRLF. Items with empty lines between them are one list, bullets and numbers are two. */
export function markdownBlocks(text: string): readonly MarkdownBlock[] {
  const blocks: MarkdownBlock[] = []
  let paragraph: string[] = []
  let items: string[] = []
  let numbered = false
  const endParagraph = (): void => {
    if (paragraph.length > 0) blocks.push({ kind: 'paragraph', text: paragraph.join('\n') })
    paragraph = []
  }
  const endList = (): void => {
    if (items.length > 0) blocks.push({ kind: 'list', items })
    items = []
  }
  for (const line of text.split('\n').map((raw) => raw.trimEnd())) {
    const [, marks, heading] = HEADING.exec(line) ?? []
    const [, mark = '', item] = ITEM.exec(line) ?? []
    if (line === '') endParagraph()
    else if (marks !== undefined) {
      endParagraph()
      endList()
      blocks.push({ kind: 'heading', level: marks.length, text: (heading ?? '').trim() })
    } else if (item !== undefined) {
      endParagraph()
      const isNumbered = /^\d/.test(mark)
      if (isNumbered !== numbered) endList()
      numbered = isNumbered
      items.push(item)
    } else if (items.length > 0 && /^\s/.test(line)) items.push(`${items.pop() ?? ''}\n${line}`)
    else {
      endList()
      paragraph.push(line)
    }
  }
  endParagraph()
  endList()
  return blocks
}
