/** A policy judged one clause at a time, all behind one shared prefix. */
export { askClauses, judgeClauses } from './ask-clauses.ts'
export type { ClauseVerdict } from './ask-clauses.ts'
export { createClauseFormat } from './clause-format.ts'
