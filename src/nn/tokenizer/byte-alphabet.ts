/**
 * Bytes written as visible characters, so that a tokenizer's vocabulary is a list of ordinary strings (Radford et al. 2019, GPT-2):
 * visible Latin-1 characters stand for themselves, the other 68 bytes take the characters from U+0100 on, in order.
 */

function isVisible(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)
}

/** The character of each byte, 0 to 255. */
export const BYTE_CHARACTERS: readonly string[] = byteCharacters()

function byteCharacters(): readonly string[] {
  let hidden = 0
  return Array.from({ length: 256 }, (_, byte) => {
    if (isVisible(byte)) return String.fromCharCode(byte)
    hidden += 1
    return String.fromCharCode(0xff + hidden)
  })
}

/**
 * How GPT-2 cuts a text before merging: an English ending, a word, a number or other signs, each with a space in front if there is
 * one, and runs of white space. The parts put together are the text. Global: use it with `match` or `matchAll` only.
 */
export const WORD_PATTERN: RegExp = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu
