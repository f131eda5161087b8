/**
 * Documents that stand inside a text by the marks people put around them: `<document id="a">…</document>` and the like, `[1] …` at the
 * start of lines, `Source 1: …`, and lists of JSON objects. It finds ranges; what is in them is not its matter.
 *
 * A document that imitates its own closing mark ends early: what follows then stands around the documents.
 */

export interface DocumentBlock {
  /** What the marks call it, or its number, counted from 1. */
  readonly id: string
  /** Range of its content in the text, without the marks. */
  readonly start: number
  readonly end: number
  /** The same with the marks. */
  readonly outer: { readonly start: number; readonly end: number }
}

const TAGS = 'document|doc|source|chunk|passage|context|reference|article|snippet|search_result|result'
/** An opening or closing mark of a document, without the bracket before it. */
export const DOCUMENT_MARK: RegExp = new RegExp(String.raw`<(?=\/?(?:${TAGS})\b)`, 'gi')
const OPENING = new RegExp(String.raw`<(${TAGS})\b([^<>]{0,300})>`, 'gi')
const ATTRIBUTE = /\b(?:id|index|name|number|n)\s{0,4}=\s{0,4}["']?([\p{L}\p{N}][\p{L}\p{N}_.:/-]{0,63})/iu
const NUMBERED =
  /^[ \t]{0,8}(?:\[([\p{L}\p{N}][\p{L}\p{N}_.:/-]{0,31})\][ \t:]|(?:document|source|passage|chunk|doc|quelle|dokument|fuente|documento|fonte)[ \t]{1,2}#?(\d{1,4})[ \t]?:)/gimu
/** Fields of a JSON object that hold a document's text, and those that name it. */
const TEXT_FIELDS = ['text', 'content', 'page_content', 'pageContent', 'snippet', 'body']
const ID_FIELDS = ['id', 'doc_id', 'documentId', 'source', 'url', 'title', 'name']
const LONGEST_JSON = 1_000_000

/** Documents of a text in order; none overlaps another. Time is linear in its length. */
export function documentBlocks(text: string): readonly DocumentBlock[] {
  const tagged = taggedBlocks(text)
  return tagged.length > 0 ? tagged : numberedBlocks(text)
}

function taggedBlocks(text: string): readonly DocumentBlock[] {
  const blocks: DocumentBlock[] = []
  const lower = text.toLowerCase()
  // Lower case changes the length of a few letters; offsets would no longer fit.
  const searched = lower.length === text.length ? lower : text
  /** Where each tag is closed next; no text is searched twice for it. */
  const closings = new Map<string, number>()
  let from = 0
  for (const match of text.matchAll(OPENING)) {
    const tag = (match[1] ?? '').toLowerCase()
    const start = match.index + match[0].length
    if (match.index < from) continue
    const known = closings.get(tag)
    const end = known !== undefined && (known < 0 || known >= start) ? known : searched.indexOf(`</${tag}>`, start)
    closings.set(tag, end)
    if (end < 0) continue
    // A container of documents is no document.
    const inner = new RegExp(String.raw`<(?:${TAGS})\b[^<>]{0,300}>`, 'i').exec(
      text.slice(start, Math.min(end, start + 400)),
    )
    if (inner !== null && text.slice(start, start + inner.index).trim() === '') continue
    const outer = { start: match.index, end: end + tag.length + 3 }
    blocks.push({ id: ATTRIBUTE.exec(match[2] ?? '')?.[1] ?? String(blocks.length + 1), start, end, outer })
    from = end
  }
  return blocks
}

function numberedBlocks(text: string): readonly DocumentBlock[] {
  const marks = [...text.matchAll(NUMBERED)]
  return marks.flatMap((match, index) => {
    const start = match.index + match[0].length
    const next = marks[index + 1]?.index ?? text.length
    // The last one ends with its paragraph: a question often follows.
    const paragraph = index + 1 < marks.length ? -1 : text.slice(start, next).search(/\n[ \t]{0,8}\n/)
    const end = paragraph < 0 ? next : start + paragraph
    return text.slice(start, end).trim() === ''
      ? []
      : [{ id: match[1] ?? match[2] ?? String(index + 1), start, end, outer: { start: match.index, end } }]
  })
}

/** Texts of a JSON list of documents, as search tools answer; null where the text is none. */
export function jsonDocuments(text: string): readonly { readonly id: string; readonly text: string }[] | null {
  if (text.length > LONGEST_JSON || !/^\s*[[{]/.test(text)) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const list = Array.isArray(value) ? value : isRecord(value) ? Object.values(value).find(Array.isArray) : undefined
  if (list === undefined || list.length === 0) return null
  const documents = (list as readonly unknown[]).flatMap((item, index) => {
    if (!isRecord(item)) return []
    const field = TEXT_FIELDS.find((name) => typeof item[name] === 'string')
    const id = ID_FIELDS.map((name) => item[name]).find((one) => typeof one === 'string' || typeof one === 'number')
    return field === undefined
      ? []
      : [{ id: id === undefined ? String(index + 1) : String(id), text: String(item[field]) }]
  })
  return documents.length === 0 ? null : documents
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
