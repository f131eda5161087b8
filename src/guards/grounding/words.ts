/**
 * Content words of a text as stems, without words that carry no content. Light and the same for all languages: a stem is a word without
 * accents, cut behind its first letters. Ideographs count in pairs.
 */

const WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+|\p{L}[\p{L}\p{M}\p{N}]*(?:['’]\p{L}+)?/gu
const IDEOGRAPHS = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u

export interface Word {
  readonly stem: string
  readonly text: string
  readonly start: number
}

/** All words in order, those without content too. */
export function wordsOf(text: string): readonly Word[] {
  return Array.from(text.matchAll(WORD), (match) => ({ text: match[0], start: match.index })).flatMap(
    ({ text: word, start }) => {
      if (!IDEOGRAPHS.test(word)) return [{ stem: stemOf(word), text: word, start }]
      if (word.length === 1) return [{ stem: word, text: word, start }]
      return Array.from({ length: word.length - 1 }, (_, at) => {
        const pair = word.slice(at, at + 2)
        return { stem: pair, text: pair, start: start + at }
      })
    },
  )
}

/** Stems of the words with content. */
export function contentStems(text: string, words: readonly Word[] = wordsOf(text)): readonly string[] {
  return words.flatMap(({ stem, text: word }) => (isContent(word) ? [stem] : []))
}

export function isContent(word: string): boolean {
  return !STOP_WORDS.has(plain(word))
}

/** Words of up to five letters as they are, longer ones without their last letters. */
export function stemOf(word: string): string {
  const letters = plain(word)
  return letters.slice(0, Math.max(5, letters.length - 3))
}

/** Lower case without accents and possessive endings. */
export function plain(word: string): string {
  if (/^[a-z\d]*$/i.test(word)) return word.toLowerCase()
  return word
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/['’]\p{L}{1,2}$/u, '')
}

const STOP_WORDS: ReadonlySet<string> = new Set(
  [
    // Denials are weighed by themselves.
    'not no never nicht kein keine keinen keiner nie ne pas jamais nunca ni since until ago seit ab bis depuis jusqu desde hasta mehr',
    'a an the this that these those it its he she they them his her their we our you your i my me is are was were be been being am',
    'do does did have has had will would can could may might must shall should of in on at by for with from to into as and or but if',
    'than then so there here which who whom whose what when where how also only just very more most about over under out up down s t',
    'der die das den dem des ein eine einen einem einer eines und oder aber ist sind war waren wird werden wurde wurden hat haben hatte',
    'im in am an auf aus bei mit nach von vom zu zum zur fur uber unter es er sie wir ihr sich als auch nur so wie dass dieser diese dieses',
    'le la les un une des du de et ou mais est sont etait etaient sera a ont avait au aux en dans sur par pour avec ce cette ces il elle',
    'ils elles on nous vous qui que quoi dont se sa son ses leur leurs plus d l c j qu',
    'el la los las un una unos unas y o pero es son era eran fue fueron sera ha han habia al del de en por para con se su sus lo le les',
    'este esta estos estas ese esa que quien cual como mas muy',
  ].flatMap((line) => line.split(' ')),
)
