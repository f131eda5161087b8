/**
 * Adds pieces of more languages to the vocabulary of an English unigram tokenizer, counted from training texts. Old pieces keep ids
 * and scores, so that what was learnt in English stays; the share of English text that new pieces take is measured and bounded.
 *
 * Pieces are chosen by how many tokens they save, each by itself: no expectation maximisation as in Kudo 2018 §3.2, whose scores
 * would not fit beside the old ones. Counts, order and ties depend on the texts alone.
 */
import type { TrainingRecord } from '../records.ts'
import { UnigramTokenizer } from '../../../nn/tokenizer/unigram.ts'

export type Pieces = readonly (readonly [piece: string, score: number])[]

export interface VocabularyOptions {
  /** Pieces that stay as they are, and how many of them at the front never match text. */
  readonly base: Pieces
  readonly reserved: number
  /** Language to texts: what new pieces are counted from. */
  readonly texts: ReadonlyMap<string, readonly string[]>
  /** Texts by which the change of English is measured. */
  readonly english: readonly string[]
  /** Language to number of new pieces, in the order they are chosen; `LANGUAGE_BUDGETS` if absent. */
  readonly budgets?: Readonly<Record<string, number>>
}

export interface ExtendedVocabulary {
  /** The base, then new pieces with float32 scores. */
  readonly pieces: Pieces
  /** Share of the tokens of `english` that are new pieces. */
  readonly englishShare: number
  readonly languages: Readonly<Record<string, LanguageFigures>>
}

/** What a language has now. Tokens before would say little: the tokenizer makes one of any run of signs it does not know. */
export interface LanguageFigures {
  readonly texts: number
  readonly pieces: number
  /** Over some of its texts; 0 without any. */
  readonly charactersPerToken: number
}

/** New pieces of each language that has parallel texts. Without them a piece would learn no meaning. */
export const LANGUAGE_BUDGETS: Readonly<Record<string, number>> = {
  ...{ de: 2900, fr: 2700, es: 2700, it: 1300, pt: 1300, ru: 900, ar: 700, hi: 500 },
}
const SPACE = '\u2581'
const ENGLISH_LIMIT = 0.03
/** What Latin pieces lose in score, so that English words stay whole; raised until the limit holds. */
const LATIN_PENALTIES = [1.5, 2.5, 3.5, 5, 7, 10]
/** A piece's part of all words of its language is divided by this: it competes with the pieces of the others. */
const LANGUAGES_SHARED_BY = 12
/** Languages written without spaces: pieces are cut from runs of their signs and stay short. */
const UNSPACED: readonly string[] = ['zh', 'ja']
const LONGEST_PIECE = 9
const LONGEST_UNSPACED_PIECE = 4
/** Least saving of a piece: even one that saves nothing helps by meaning more than its parts. */
const LEAST_SAVING = 0.3
/** A word met once is passed over in languages with more texts than this. */
const MANY_TEXTS = 3000
const FIGURE_TEXTS = 300

/** Chooses the pieces and measures. */
export function extendVocabulary(options: VocabularyOptions): ExtendedVocabulary {
  const { base, reserved, texts, english, budgets = LANGUAGE_BUDGETS } = options
  const old = new UnigramTokenizer({ pieces: base, reserved })
  const cost = tokenCost(old, base, reserved)
  const taken = new Set(base.slice(reserved).map(([piece]) => piece))
  const chosen = Object.entries(budgets).flatMap(([language, budget]) => {
    const pieces = choosePieces(texts.get(language) ?? [], UNSPACED.includes(language), budget, taken, cost)
    for (const { piece } of pieces) taken.add(piece)
    return pieces.map((each) => ({ ...each, language }))
  })
  const attempt = (penalty: number): { readonly pieces: Pieces; readonly tokenizer: UnigramTokenizer } => {
    const added = chosen.map(({ piece, score }): [string, number] => [
      piece,
      Math.fround(/[a-z]/.test(piece) ? score - penalty : score),
    ])
    const pieces: Pieces = [...base, ...added]
    return { pieces, tokenizer: new UnigramTokenizer({ pieces, reserved }) }
  }
  const measured = english.map(readable)
  let made = attempt(0)
  let englishShare = 1
  for (const penalty of LATIN_PENALTIES) {
    made = attempt(penalty)
    englishShare = shareFrom(made.tokenizer, measured, base.length)
    if (englishShare < ENGLISH_LIMIT) break
  }
  const languages = Object.keys(budgets).map((language): [string, LanguageFigures] => {
    const all = texts.get(language) ?? []
    const some = all.slice(0, FIGURE_TEXTS).map(readable)
    return [
      language,
      {
        texts: all.length,
        pieces: chosen.filter((each) => each.language === language).length,
        charactersPerToken: charactersPerToken(made.tokenizer, some),
      },
    ]
  })
  return { pieces: made.pieces, englishShare, languages: Object.fromEntries(languages) }
}

/** Texts of records by language, prompt and beginning of the response together: what vocabularies are counted from. */
export function textsByLanguage(records: Iterable<TrainingRecord>): Map<string, string[]> {
  const texts = new Map<string, string[]>()
  for (const { lang, prompt, response } of records) {
    const language = lang.slice(0, 2)
    const text = `${prompt} ${(response ?? '').slice(0, 600)}`.slice(0, 1500)
    const list = texts.get(language)
    if (list === undefined) texts.set(language, [text])
    else list.push(text)
  }
  return texts
}

interface ChosenPiece {
  readonly piece: string
  readonly score: number
}

function choosePieces(
  texts: readonly string[],
  unspaced: boolean,
  budget: number,
  taken: ReadonlySet<string>,
  cost: (piece: string) => number,
): readonly ChosenPiece[] {
  const words = countWords(texts, unspaced)
  if (texts.length > MANY_TEXTS) for (const [word, count] of words) if (count < 2) words.delete(word)
  const total = [...words.values()].reduce((sum, count) => sum + count, 0)
  const least = Math.max(4, texts.length / 4000)
  return [...countParts(words, unspaced)]
    .filter(([piece, count]) => count >= least && !taken.has(piece) && !/^[a-z]$/.test(piece))
    .map(([piece, count]) => ({ piece, count, gain: count * Math.max(LEAST_SAVING, cost(piece) - 1) }))
    .toSorted((left, right) => right.gain - left.gain || (left.piece < right.piece ? -1 : 1))
    .slice(0, budget)
    .map(({ piece, count }) => ({ piece, score: Math.log(count / total / LANGUAGES_SHARED_BY) }))
}

function countWords(texts: readonly string[], unspaced: boolean): Map<string, number> {
  const pattern = unspaced
    ? /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/gu
    : new RegExp(`${SPACE}?[\\p{L}\\p{M}]+`, 'gu')
  const words = new Map<string, number>()
  for (const text of texts)
    for (const [word] of `${SPACE}${readable(text).normalize('NFKC').replaceAll(' ', SPACE)}`.matchAll(pattern))
      words.set(word, (words.get(word) ?? 0) + 1)
  return words
}

/** Every part of a word up to the longest piece, and the whole word where that is longer. */
function countParts(words: ReadonlyMap<string, number>, unspaced: boolean): ReadonlyMap<string, number> {
  const longest = unspaced ? LONGEST_UNSPACED_PIECE : LONGEST_PIECE
  const parts = new Map<string, number>()
  const add = (part: string, count: number): void => void parts.set(part, (parts.get(part) ?? 0) + count)
  for (const [word, count] of words) {
    const signs = [...word]
    for (let from = 0; from < signs.length; from += 1) {
      let part = ''
      for (const sign of signs.slice(from, from + longest)) {
        part += sign
        if (part !== SPACE) add(part, count)
      }
    }
    if (signs.length > longest) add(word, count)
  }
  return parts
}

/** Tokens a part takes in the old vocabulary, with every sign it does not know counted as one. */
function tokenCost(old: UnigramTokenizer, base: Pieces, reserved: number): (piece: string) => number {
  const known = new Set(base.slice(reserved).map(([piece]) => piece))
  return (piece) => {
    // Inside a word the space that the tokenizer puts in front counts half: it may join the first piece or stand alone.
    let tokens = piece.startsWith(SPACE) ? 0 : -0.5
    let run = ''
    const flush = (): void => {
      if (run !== '') tokens += old.encode(run).length
      run = ''
    }
    for (const sign of piece.replaceAll(SPACE, '')) {
      if (known.has(sign)) run += sign
      else {
        flush()
        tokens += 1
      }
    }
    flush()
    return tokens
  }
}

function shareFrom(tokenizer: UnigramTokenizer, texts: readonly string[], firstNew: number): number {
  let all = 0
  let fresh = 0
  for (const text of texts)
    for (const id of tokenizer.encode(text)) {
      all += 1
      if (id >= firstNew) fresh += 1
    }
  return all === 0 ? 0 : fresh / all
}

function charactersPerToken(tokenizer: UnigramTokenizer, texts: readonly string[]): number {
  const tokens = texts.reduce((sum, text) => sum + tokenizer.encode(text).length, 0)
  return tokens === 0 ? 0 : texts.reduce((sum, text) => sum + text.length, 0) / tokens
}

function readable(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').trim()
}
