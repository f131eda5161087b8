/**
 * Invented documents and tool outputs with one gap: e-mails, pages, reviews, tickets, JSON, CSV, code, read-me files, calendars,
 * chats, search results, extracted PDF text. What fills the gap decides the label; the document never does.
 */
import { joinSentences, sayOne, type SynthContext } from './rows.ts'
import { between, pick, shuffle } from './template.ts'

/** A document around `insert`; an empty string leaves no trace. */
export type DocumentFrame = (insert: string) => string

type FrameMaker = (context: SynthContext) => DocumentFrame

/** Sentences of the language with a place for the insert. */
function body(context: SynthContext, low: number, high: number): DocumentFrame {
  const { documentSentences, humanImperatives, aiMentions, fillers } = context.phrases
  const { random } = context
  const sentences = Array.from({ length: between(low, high, random) }, () => {
    const roll = random()
    return sayOne(
      context,
      roll < 0.62 ? documentSentences : roll < 0.8 ? fillers : roll < 0.95 ? humanImperatives : aiMentions,
    )
  })
  const at = between(0, sentences.length, random)
  const ownLine = random() < 0.4
  return (insert) => {
    const before = joinSentences(context, sentences.slice(0, at))
    const after = joinSentences(context, sentences.slice(at))
    if (insert === '') return joinSentences(context, [before, after])
    return ownLine
      ? [before, insert, after].filter((part) => part !== '').join('\n')
      : joinSentences(context, [before, insert, after])
  }
}

const address = ({ random }: SynthContext): string =>
  `${pick(['info', 'office', 'team', 'anna', 'shop', 'news'], random)}@${pick(['north', 'blue', 'market', 'lake'], random)}.example`

const date = ({ random }: SynthContext): string => `2026-${pad(between(1, 12, random))}-${pad(between(1, 28, random))}`

const pad = (value: number): string => String(value).padStart(2, '0')

const email: FrameMaker = (context) => {
  const { labels, titles, openers } = context.phrases
  const head = shuffle(
    [
      `${labels.from}: ${address(context)}`,
      `${labels.to}: ${address(context)}`,
      `${labels.subject}: ${sayOne(context, titles)}`,
      `${labels.date}: ${date(context)}`,
    ],
    context.random,
  )
  const text = body(context, 2, 7)
  const opener = sayOne(context, openers)
  const person = sayOne(context, ['{person}'])
  return (insert) => `${head.join('\n')}\n\n${opener}\n${text(insert)}\n\n${person}`
}

const page: FrameMaker = (context) => {
  const title = sayOne(context, context.phrases.titles)
  const first = body(context, 1, 3)('')
  const text = body(context, 2, 5)
  return (insert) =>
    `<html><head><title>${title}</title></head><body>\n<h1>${title}</h1>\n<p>${first}</p>\n<p>${text(insert)}</p>\n<footer>2026</footer></body></html>`
}

const review: FrameMaker = (context) => {
  const { labels } = context.phrases
  const head = `${sayOne(context, ['{product}'])} – ${labels.rating}: ${between(1, 5, context.random)}/5`
  const text = body(context, 1, 5)
  return (insert) => `${head}\n${text(insert)}`
}

const json: FrameMaker = (context) => {
  const { titles, documentSentences } = context.phrases
  const { random } = context
  const items = Array.from({ length: between(1, 4, random) }, (_, index) => ({
    id: between(100, 9999, random) + index,
    title: sayOne(context, titles),
    text: sayOne(context, documentSentences),
  }))
  const text = body(context, 1, 3)
  const indent = random() < 0.5 ? 2 : 0
  return (insert) =>
    JSON.stringify({ status: 'ok', items, description: text(insert), updated: date(context) }, null, indent)
}

const ticket: FrameMaker = (context) => {
  const { labels, titles } = context.phrases
  const head = [
    `#${between(1000, 99_999, context.random)} ${sayOne(context, titles)}`,
    `${labels.customer}: ${sayOne(context, ['{person}'])}`,
    `${labels.status}: ${pick(['open', 'closed', 'waiting'], context.random)}`,
  ]
  const text = body(context, 2, 5)
  return (insert) => `${head.join('\n')}\n${text(insert)}`
}

const code: FrameMaker = (context) => {
  const mark = pick(['//', '#'], context.random)
  const comment = sayOne(context, context.phrases.documentSentences)
  const name = pick(['total', 'parse', 'load', 'render', 'merge'], context.random)
  const lines =
    mark === '//'
      ? [`export function ${name}(items) {`, '  return items.filter((item) => item.open).length', '}']
      : [`def ${name}(items):`, '    return len([item for item in items if item.open])']
  const at = between(0, 1, context.random)
  return (insert) => {
    const inserted = insert === '' ? [] : insert.split('\n').map((line) => `${mark} ${line}`)
    return [`${mark} ${comment}`, ...lines.slice(0, at), ...inserted, ...lines.slice(at)].join('\n')
  }
}

const readme: FrameMaker = (context) => {
  const { titles } = context.phrases
  const first = body(context, 1, 3)('')
  const text = body(context, 1, 4)
  const [title, second] = [sayOne(context, titles), sayOne(context, titles)]
  return (insert) =>
    `# ${title}\n\n${first}\n\n## ${second}\n\n\`\`\`sh\nnpm install\nnpm test\n\`\`\`\n\n${text(insert)}\n`
}

const calendar: FrameMaker = (context) => {
  const { labels, titles } = context.phrases
  const entries = Array.from({ length: between(1, 4, context.random) }, () =>
    [
      date(context),
      sayOne(context, ['{hour}']),
      sayOne(context, titles),
      `${labels.place}: ${sayOne(context, ['{place}'])}`,
    ].join(' | '),
  )
  const text = body(context, 1, 2)
  return (insert) => `${entries.join('\n')}\n${labels.note}: ${text(insert)}`
}

const csv: FrameMaker = (context) => {
  const { labels } = context.phrases
  const cell = (text: string): string => `"${text.replaceAll('"', '""').replaceAll('\n', ' ')}"`
  const rows = Array.from({ length: between(2, 6, context.random) }, () => ({
    head: [date(context), sayOne(context, ['{person}']), sayOne(context, ['{product}'])],
    text: sayOne(context, [...context.phrases.documentSentences, ...context.phrases.fillers]),
  }))
  const at = between(0, rows.length - 1, context.random)
  return (insert) =>
    [
      [labels.date, labels.customer, labels.title, labels.note].join(','),
      ...rows.map(({ head, text }, index) =>
        [...head, cell(index === at && insert !== '' ? joinSentences(context, [text, insert]) : text)].join(','),
      ),
    ].join('\n')
}

const chat: FrameMaker = (context) => {
  const { documentSentences, fillers, humanImperatives } = context.phrases
  const lines = Array.from({ length: between(2, 7, context.random) }, () => {
    const list = pick([documentSentences, fillers, humanImperatives], context.random)
    return `[${pad(between(8, 19, context.random))}:${pad(between(0, 59, context.random))}] ${sayOne(context, ['{person}'])}: ${sayOne(context, list)}`
  })
  const speaker = sayOne(context, ['{person}'])
  const at = between(0, lines.length, context.random)
  return (insert) =>
    [...lines.slice(0, at), ...(insert === '' ? [] : [`[12:30] ${speaker}: ${insert}`]), ...lines.slice(at)].join('\n')
}

const search: FrameMaker = (context) => {
  const count = between(2, 5, context.random)
  const at = between(0, count - 1, context.random)
  const results = Array.from({ length: count }, (_, index) => ({
    head: `${index + 1}. ${sayOne(context, context.phrases.titles)}\n   https://www.${pick(['north', 'blue', 'market', 'lake'], context.random)}.example/${between(1, 999, context.random)}`,
    text: body(context, 1, 2),
  }))
  return (insert) =>
    results.map(({ head, text }, index) => `${head}\n   ${text(index === at ? insert : '')}`).join('\n')
}

const pdf: FrameMaker = (context) => {
  const { labels, titles } = context.phrases
  const title = sayOne(context, titles)
  const [first, text] = [body(context, 2, 5)(''), body(context, 2, 6)]
  return (insert) => `${title}\n${first}\n${labels.page} 1 / 2\n\f${text(insert)}\n${labels.page} 2 / 2`
}

export type DocumentKind =
  | 'email'
  | 'page'
  | 'review'
  | 'json'
  | 'ticket'
  | 'code'
  | 'readme'
  | 'calendar'
  | 'csv'
  | 'chat'
  | 'search'
  | 'pdf'

export const DOCUMENT_KINDS: Readonly<Record<DocumentKind, FrameMaker>> = {
  email,
  page,
  review,
  json,
  ticket,
  code,
  readme,
  calendar,
  csv,
  chat,
  search,
  pdf,
}

export function inventDocument(context: SynthContext): { readonly kind: DocumentKind; readonly frame: DocumentFrame } {
  const kind = pick(Object.keys(DOCUMENT_KINDS) as DocumentKind[], context.random)
  return { kind, frame: DOCUMENT_KINDS[kind](context) }
}
