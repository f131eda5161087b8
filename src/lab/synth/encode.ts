/** Ways to write a text that hide its words from a reader of words. All keep the label; none is meant to be undone exactly. */
import { Buffer } from 'node:buffer'

export function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

export function toHex(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex')
}

export function toRot13(text: string): string {
  return text.replaceAll(/[a-z]/gi, (letter) => {
    const base = letter <= 'Z' ? 65 : 97
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base)
  })
}

const LEET: Readonly<Record<string, string>> = { a: '4', e: '3', i: '1', o: '0', s: '5', t: '7' }

export function toLeet(text: string): string {
  return text.replaceAll(/[aeiost]/gi, (letter) => LEET[letter.toLowerCase()] ?? letter)
}

export function toSpacedLetters(text: string): string {
  return Array.from(text).join(' ')
}

export function toReversed(text: string): string {
  return Array.from(text).toReversed().join('')
}

export const ENCODINGS: readonly ((text: string) => string)[] = [
  toBase64,
  toHex,
  toRot13,
  toLeet,
  toSpacedLetters,
  toReversed,
]
