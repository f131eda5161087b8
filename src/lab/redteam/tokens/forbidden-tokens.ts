/**
 * Which tokens a search may put into a text: those that are printable text by themselves. Control tokens, pieces of characters and control
 * characters are not (arXiv 2501.17433 forbids everything beyond ASCII as well; uploads in other languages need it).
 */
import type { TextTokenizer } from '../../../nn/tokenizer/tokenizer-json.ts'

/** 1 for tokens that may never be chosen, by id; `rows` is the model's vocabulary, which may have more rows than there are tokens. */
export function forbiddenTokens(tokenizer: TextTokenizer, rows: number): Uint8Array {
  const control = new Set(tokenizer.controlTokens)
  return Uint8Array.from({ length: rows }, (_, id) => {
    const text = id < tokenizer.vocabularySize && !control.has(id) ? tokenizer.decode([id]) : ''
    return text === '' || /[\p{C}\uFFFD]|[^\S ]/u.test(text) ? 1 : 0
  })
}
