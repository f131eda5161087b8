/** Normalised text, growing text, windows and cache keys. */
export { createTextView } from './text-view.ts'
export { codePointAt } from './code-point.ts'
export { createStreamBuffer } from './stream-buffer.ts'
export type { GrowingText } from './stream-buffer.ts'
export { foldMixedWord } from './confusables.ts'
export type { FoldedWord } from './confusables.ts'
export { windows } from './windows.ts'
export { hashText } from './hash-text.ts'
