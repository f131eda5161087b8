/**
 * The judged texts between delimiters that no text can contain: each carries a nonce that is checked to be in none of them. The nonce
 * follows from the texts, so that equal questions are equal to the byte (caches, coalescing) and nobody has to keep it secret.
 */
import { hashText } from '../../../../core/text/index.ts'
import type { JudgeInput } from '../../judge-input.ts'
import { createNeutraliser } from '../neutralise.ts'

export interface DelimitedTexts {
  /** 16 hexadecimal digits. */
  readonly nonce: string
  /** All texts, oldest first, each with its role in its delimiters. */
  readonly block: string
}

const neutralise = createNeutraliser({})
const NONCE_LENGTH = 16

/** Puts the texts between their delimiters. Control tokens in them are broken as well, since the nonce stops none of those. */
export function delimitTexts({ prompt, response, earlier = [] }: JudgeInput): DelimitedTexts {
  const parts = [
    ...earlier.map(({ role, text }, index) => [`TURN ${index + 1} (${role.toUpperCase()})`, text] as const),
    ['PROMPT', prompt] as const,
    ...(response === undefined ? [] : [['RESPONSE', response] as const]),
  ].map(([name, text]) => [name, neutralise(text)] as const)
  const nonce = absentNonce(parts.map(([, text]) => text))
  const lines = parts.flatMap(([name, text]) => [`[${nonce} BEGIN ${name}]`, text, `[${nonce} END ${name}]`])
  return { nonce, block: lines.join('\n') }
}

/** A nonce that is in none of the texts. Each try is another hash; a text cannot hold all of them. */
function absentNonce(texts: readonly string[]): string {
  const all = JSON.stringify(texts).toLowerCase()
  for (let attempt = 0; ; attempt += 1) {
    const nonce = hashText(`${attempt}:${all}`).slice(0, NONCE_LENGTH)
    if (!all.includes(nonce)) return nonce
  }
}
