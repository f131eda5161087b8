/** A judge that is asked only where a classifier is unsure. */
export { createCascadeGuard } from './guard.ts'
export type { CascadeGuardOptions } from './guard.ts'
export { checkBand, isInside, scoreAlone } from './band.ts'
export type { ScoreBand } from './band.ts'
export { harmLabelAt } from './disagreement.ts'
export type { CascadeDisagreement, CascadeOpinion, HarmLabel } from './disagreement.ts'
