/** Names: hazard categories, labels, and the nearest known name to a mistyped one. */
export { HAZARDS, hazardOf } from './hazards.ts'
export type { Hazard } from './hazards.ts'
export { LABEL_FAMILIES, LABELS, isKnownLabel, suggestLabel } from './labels.ts'
export { hazardNames, hazardsNamed } from './other-taxonomies.ts'
export type { Taxonomy } from './other-taxonomies.ts'
export { nearest } from './nearest.ts'
