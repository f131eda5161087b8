/**
 * Cuts a text that arrives character by character into words, each as a hash with its place: runs of letters and digits in
 * lower case, and single characters of scripts that are written without spaces.
 */

/**
 * Told of a word; offsets are those handed in. Words weigh 1; characters of scripts without spaces half. (Not an object: there is a
 * word for every five characters of every answer, and hardly any is kept.)
 */
export type TakeWord = (hash: number, start: number, end: number, weight: number) => void

/** Where the character at an offset of a text begins and ends. */
export interface Places {
  startOf(offset: number): number
  endOf(offset: number): number
}

const LETTER = /[\p{L}\p{N}\p{M}]/u
const SINGLE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
const SEED = 0x811c9dc5

/** Reads words. */
export class WordReader {
  #hash = SEED
  #start = -1
  #end = 0

  /** Start of the word that has not ended; -1 when there is none. */
  get open(): number {
    return this.#start
  }

  /** Takes one character (a code point) and its place; calls back for every word it ends or is. */
  take(character: number, start: number, end: number, found: TakeWord): void {
    const kind = kindOf(character)
    if (kind !== 1) this.finish(found)
    if (kind === 0) return
    if (this.#start < 0) this.#start = start
    this.#hash = Math.imul(this.#hash ^ lower(character), 0x01000193)
    this.#end = end
    if (kind === 2) this.#emit(0.5, found)
  }

  /**
   * Takes characters of a text from `from` on as long as they are ASCII.
   *
   * @returns offset of the first character not taken
   */
  takeAscii(text: string, from: number, places: Places, found: TakeWord): number {
    let hash = this.#hash
    let index = from
    for (; index < text.length; index += 1) {
      const code = text.charCodeAt(index)
      if (code >= 0x80) break
      const letter = FOLDED[code] as number
      if (letter !== 0) {
        if (this.#start < 0) this.#start = places.startOf(index)
        hash = Math.imul(hash ^ letter, 0x01000193)
      } else if (this.#start >= 0) {
        // An earlier call may have left a word open.
        if (index > from) this.#end = places.endOf(index - 1)
        this.#hash = hash
        this.#emit(1, found)
        hash = SEED
      }
    }
    if (this.#start >= 0 && index > from) this.#end = places.endOf(index - 1)
    this.#hash = hash
    return index
  }

  /** The text has ended. */
  finish(found: TakeWord): void {
    if (this.#start >= 0) this.#emit(1, found)
  }

  #emit(weight: number, found: TakeWord): void {
    const hash = this.#hash | 0
    const start = this.#start
    this.#hash = SEED
    this.#start = -1
    found(hash, start, this.#end, weight)
  }
}

/** ASCII letters in lower case and digits as they are; 0 is between words. */
const FOLDED = new Uint8Array(128)
for (let code = 0; code < 128; code++) if (kindOf(code) === 1) FOLDED[code] = lower(code)

/** 0: between words; 1: part of a word; 2: a word of its own. */
function kindOf(character: number): 0 | 1 | 2 {
  if (character < 0x80) {
    const folded = character | 32
    return (folded >= 0x61 && folded <= 0x7a) || (character >= 0x30 && character <= 0x39) ? 1 : 0
  }
  const text = String.fromCodePoint(character)
  if (!LETTER.test(text)) return 0
  return character >= 0xe00 && SINGLE.test(text) ? 2 : 1
}

function lower(character: number): number {
  if (character < 0x80) return character >= 0x41 && character <= 0x5a ? character + 32 : character
  return String.fromCodePoint(character).toLowerCase().codePointAt(0) ?? character
}
