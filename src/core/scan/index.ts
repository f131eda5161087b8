/** Exact pattern scanning over whole and growing text. */
export { createPatternScanner } from './pattern-scanner.ts'
export type { PatternScanner } from './pattern-scanner.ts'
export { regExpMatcher } from './recogniser.ts'
export type { PatternMatch, PatternMatcher, Recogniser } from './recogniser.ts'
