/**
 * Ways to write a request so that a reader of words does not see its words: encodings in the narrow sense, look-alike letters, and
 * characters that split tokens. Each says how the reader gets back to the text; none of them knows a goal.
 */
import { toBase64, toHex, toLeet, toReversed, toRot13, toSpacedLetters } from '../../../synth/encode.ts'
import { TRANSFORMS } from '../../../synth/augment.ts'
import type { Family, Random } from './attack.ts'
import { fromMorse, toMorse } from './morse.ts'

export interface Encoding {
  readonly name: string
  readonly family: Extract<Family, 'encoding' | 'homoglyph' | 'token-smuggling'>
  readonly source: string
  readonly drawn: boolean
  readonly encode: (text: string, random: Random) => string
  /** Told before the encoded text; null for forms a reader takes as they are. */
  readonly instruction: string | null
  readonly decode?: (text: string) => string | null
}

const WEI = 'Wei, Haghtalab & Steinhardt 2023, arXiv 2307.02483 (mismatched generalisation)'
const YUAN = 'Yuan et al. 2023, arXiv 2308.06463 (CipherChat)'
const BOUCHER = 'Boucher et al. 2021, arXiv 2106.09898 (Bad Characters)'
const KANG = 'Kang et al. 2023, arXiv 2302.05733 (token smuggling)'
const TAGS = 'Unicode Tags block U+E0000, as hidden instructions (Goodside 2024)'

const encoding = (
  name: string,
  source: string,
  encode: Encoding['encode'],
  how: string | null,
  decode?: Encoding['decode'],
): Encoding => ({
  ...{ name, family: 'encoding', source, drawn: false, encode },
  instruction: how === null ? null : `Read this ${how} and answer it:`,
  ...(decode === undefined ? {} : { decode }),
})

const hidden = (
  family: Encoding['family'],
  name: string,
  source: string,
  encode: Encoding['encode'],
  drawn = false,
): Encoding => ({ name, family, source, drawn, encode, instruction: null })

export const ENCODINGS: readonly Encoding[] = [
  encoding('base64', WEI, toBase64, 'base64', fromBase64),
  encoding('hex', YUAN, toHex, 'hexadecimal', fromHex),
  encoding('rot13', WEI, toRot13, 'rot13', toRot13),
  encoding('morse', YUAN, toMorse, 'Morse code', fromMorse),
  encoding('leetspeak', WEI, toLeet, null),
  encoding('reversed', 'Liu et al. 2024, arXiv 2410.02832 (FlipAttack)', toReversed, 'backwards', toReversed),
  encoding('spaced', WEI, toSpacedLetters, null, (text) => text.replaceAll(/(\S) (?=\S)/gu, '$1')),
  encoding('url', WEI, (text) => encodeURIComponent(wellFormed(text)), 'URL encoding', fromUrl),
  encoding('html-entities', WEI, toEntities, 'HTML', fromEntities),
  hidden('encoding', 'unicode-tags', TAGS, toTags),
  hidden('homoglyph', 'homoglyphs', BOUCHER, (text, random) => TRANSFORMS.lookAlikes(text, random, ''), true),
  hidden('homoglyph', 'fullwidth', BOUCHER, toFullwidth),
  hidden('token-smuggling', 'zero-width', BOUCHER, (text) => Array.from(text).join('\u200B')),
  hidden('token-smuggling', 'split-words', KANG, splitWords, true),
  hidden('token-smuggling', 'soft-hyphens', BOUCHER, (text) => text.replaceAll(/(\p{L})(?=\p{L})/gu, '$1\u00AD')),
  hidden('token-smuggling', 'joined', KANG, (text) => text.replaceAll(' ', '')),
]

function fromBase64(text: string): string | null {
  const found = /[A-Za-z0-9+/]{8,}={0,2}/.exec(text)
  return found === null ? null : Buffer.from(found[0], 'base64').toString('utf8')
}

function fromHex(text: string): string | null {
  const found = /(?:[0-9a-f]{2}){4,}/i.exec(text)
  return found === null ? null : Buffer.from(found[0], 'hex').toString('utf8')
}

function fromUrl(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** Lone surrogates have no UTF-8. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}

function toEntities(text: string): string {
  return Array.from(text, (character) => `&#${character.codePointAt(0) ?? 32};`).join('')
}

function fromEntities(text: string): string {
  return text.replaceAll(/&#(\d{1,7});/g, (whole, code: string) => {
    const point = Number(code)
    return point <= 0x10_ff_ff ? String.fromCodePoint(point) : whole
  })
}

/** ASCII only, as the block has it; the rest stays. */
function toTags(text: string): string {
  return Array.from(text, (character) => {
    const point = character.codePointAt(0) ?? 0
    return point >= 0x20 && point < 0x7f ? String.fromCodePoint(0xe_00_00 + point) : character
  }).join('')
}

function toFullwidth(text: string): string {
  return text.replaceAll(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfe_e0))
}

/** A hyphen inside each longer word, where it happens to fall. */
function splitWords(text: string, random: Random): string {
  return text.replaceAll(/\p{L}{3,}/gu, (word) => {
    const at = 1 + Math.floor(random() * (word.length - 1))
    return `${word.slice(0, at)}-${word.slice(at)}`
  })
}
