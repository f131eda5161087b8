/** Retrieval and grounding: poisoned documents, groundedness and citations. */
export { createGroundingGuard } from './guard.ts'
export type { GroundingGuardOptions } from './guard.ts'
export { createChunkGuard } from './chunk-guard.ts'
export type { ChunkGuardOptions } from './chunk-guard.ts'
export { markDocuments, screenDocuments } from './screen-documents.ts'
export type {
  DocumentJudge,
  RetrievedDocument,
  ScreenOptions,
  ScreenedDocument,
  Screening,
} from './screen-documents.ts'
export { assessGrounding } from './assess.ts'
export type {
  AssessOptions,
  AssessedCitation,
  AssessedClaim,
  ClaimVerdict,
  Groundedness,
  SourceEvidence,
} from './assess.ts'
export type { TextEmbedder } from './embedding.ts'
export { createHashedEmbedder } from './embedding.ts'
export { sourcesOf } from './sources.ts'
export type { Source } from './sources.ts'
