/** What of a claim does not agree with the sentence it is compared with. */
import type { Atoms, Quantity } from './atoms.ts'
import { datesAgree, namesOf, sameQuantity } from './atoms.ts'
import type { Claim } from './claims.ts'
import { deny, wordSet } from './polarity.ts'
import type { SourceIndex, SourceSentence } from './source-index.ts'
import { isContent, wordsOf } from './words.ts'

export type Mismatch = 'number' | 'date' | 'denial'

/**
 * The mismatch that contradicts a claim, or null; and whether all of the claim's numbers and dates stand in the sentence or beside it. A
 * number that is missing contradicts only where the sentence has another one in its place.
 */
export function mismatchOf(
  claim: Claim,
  sentence: SourceSentence,
  neighbours: readonly SourceSentence[],
): { readonly mismatch: Mismatch | null; readonly exact: boolean } {
  const near = [sentence, ...neighbours].map(({ atoms }) => atoms)
  const dates = claim.atoms.dates.filter((date) => !near.some((atoms) => knowsDate(atoms, date)))
  const numbers = claim.atoms.numbers.filter((number) => !near.some((atoms) => knowsNumber(atoms, number)))
  const exact = dates.length === 0 && numbers.length === 0
  if (dates.length > 0 && sentence.atoms.dates.length > 0) return { mismatch: 'date', exact }
  const free = sentence.atoms.numbers.filter((other) => !claim.atoms.numbers.some((own) => sameQuantity(own, other)))
  if (numbers.length > 0 && free.length > 0) return { mismatch: 'number', exact }
  // Denied is what both speak of: the part of a long sentence that shares the claim's words.
  if (exact && deny(wordSet(claim.text), sharedWords(sentence, claim))) return { mismatch: 'denial', exact }
  return { mismatch: null, exact }
}

function knowsDate({ dates, numbers }: Atoms, date: Atoms['dates'][number]): boolean {
  if (dates.some((other) => datesAgree(date, other))) return true
  return (
    date.day === undefined && date.month === undefined && numbers.some(({ values }) => values.includes(date.year ?? -1))
  )
}

/** Whether a claim has two words of a name in a row of which no source has either. */
export function hasUnknownName(text: string, index: SourceIndex): boolean {
  return namesOf(text).some((name) => {
    const unknown = name.split(/\s/).map((word) => isContent(word) && !index.hasWord(word))
    return unknown.some((one, at) => one && unknown[at + 1] === true)
  })
}

/** A year may stand in a date. */
function knowsNumber({ numbers, dates }: Atoms, number: Quantity): boolean {
  return (
    numbers.some((other) => sameQuantity(number, other)) ||
    dates.some(({ year }) => year !== undefined && number.values.includes(year))
  )
}

interface Clause {
  readonly stems: readonly string[]
  readonly words: ReadonlySet<string>
}

/** A sentence is compared with many claims. */
const CLAUSES = new WeakMap<SourceSentence, readonly Clause[]>()

function clausesOf(sentence: SourceSentence): readonly Clause[] {
  const known = CLAUSES.get(sentence)
  if (known !== undefined) return known
  const clauses = sentence.text
    .split(/[,;:—–、，；]/u)
    .map((text): Clause => ({ stems: wordsOf(text).map(({ stem }) => stem), words: wordSet(text) }))
  CLAUSES.set(sentence, clauses)
  return clauses
}

/** Words of the clauses that hold at least a third of the words that the sentence shares with the claim; of all where none does. */
function sharedWords(sentence: SourceSentence, claim: Claim): ReadonlySet<string> {
  const clauses = clausesOf(sentence)
  const shared = clauses.map(({ stems }) => stems.filter((stem) => claim.stems.has(stem)).length)
  const all = shared.reduce((sum, count) => sum + count, 0)
  const kept = clauses.filter((_, index) => all > 0 && (shared[index] ?? 0) * 3 >= all)
  const [only] = kept
  if (kept.length === 1 && only !== undefined) return only.words
  return new Set((kept.length === 0 ? clauses : kept).flatMap(({ words }) => [...words]))
}
