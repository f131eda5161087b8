/**
 * Citations in an answer: `[1]`, `[1, 3]`, `[^2]`, `【4】`, and `[doc-id]` or `(doc-id)` where such a document exists or the name can only be
 * one. Whether a source bears a sentence out is decided elsewhere.
 */

export interface Citation {
  readonly id: string
  /** Range of the whole mark in the answer. */
  readonly start: number
  readonly end: number
}

const MARK = /[[【(]\^?([^[\]【】()\n]{1,120})[\]】)](?!\()/gu
/** Names of documents: `doc-4`, `source_2`, `kb:7`. */
const NAME = /^(?:doc|document|source|src|ref|chunk|kb|passage|quelle|fuente)[-_:# ]{0,2}\d{1,6}$/iu

/** Citations of one sentence. `offset`: where it begins in the answer. */
export function citationsOf(sentence: string, offset: number, ids: ReadonlySet<string>): readonly Citation[] {
  return [...sentence.matchAll(MARK)].flatMap((match) => {
    const names = namesIn(match, ids)
    const start = offset + match.index
    return names.map((id) => ({ id, start, end: start + match[0].length }))
  })
}

export function withoutCitations(sentence: string, ids: ReadonlySet<string>): string {
  return sentence.replaceAll(MARK, (...match) =>
    namesIn([match[0], String(match[1])], ids).length > 0 ? '' : match[0],
  )
}

function namesIn(match: readonly (string | undefined)[], ids: ReadonlySet<string>): readonly string[] {
  const [mark = '', inside = ''] = match
  const round = mark.startsWith('(')
  const names = inside.split(/[,;]/).map((name) => name.trim().replace(/^\^/, ''))
  const cites = names.every(
    (name) => ids.has(name) || NAME.test(name) || (!round && /^\d{1,4}(?:[-–†]\S{0,20})?$/.test(name)),
  )
  // A number in round brackets is a year or an amount more often than a citation.
  return cites && names.every((name) => name !== '')
    ? names.map((name) => name.replace(/[-–†].*$/, (rest) => (/^\d/.test(name) && !ids.has(name) ? '' : rest)))
    : []
}
