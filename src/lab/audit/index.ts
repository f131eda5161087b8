/**
 * The brittleness audit of a chat model: which weights carry its refusals, how many they are, and whether they can be cut apart from the
 * rest (arXiv 2402.05162). For one's own models; altered weights never leave memory.
 */
export { type RunAuditOptions, runAudit } from './run-audit.ts'
export { type AuditSettings, type FreezingSettings, AUDIT_SETTINGS } from './audit-settings.ts'
export type { AuditRaw, AuditRun, MeasuredVariant, SeedFindings } from './audit-run.ts'
export { type AuditSummary, type VariantSummary, summarise } from './summary/summarise.ts'
export type { Aim } from './summary/aims.ts'
export { renderAuditReport } from './report/audit-report.ts'
export {
  type ProjectionVariant,
  type ScoreKind,
  type SetDifferenceVariant,
  type Variant,
  variantId,
  variantTitle,
} from './variants.ts'
export { type AttributionData, type SafetyForm, attributionData, encodeExamples } from './attribution-data.ts'
export { type WeightScores, auditedLinears, auditedRanks, auditedWeights } from './audited-linears.ts'
export { GradientMagnitudes } from './scores/snip.ts'
export { FeatureNorms, wandaScores } from './scores/wanda.ts'
export { measureSnip } from './scores/measure-snip.ts'
export { measureWanda } from './scores/measure-wanda.ts'
export { type OutputSubspace, outputSubspace } from './low-rank/output-subspace.ts'
export { safetyPart, withoutPart } from './low-rank/project-weight.ts'
export { type ProjectedModel, type ProjectionSettings, projectBlocks } from './low-rank/project-blocks.ts'
export { BitMask, jaccard } from './masks/bit-mask.ts'
export { lowestWeights, randomWeights, setDifference, topWeights } from './masks/select-weights.ts'
export { headMasks, lowestMasks, randomMasks, setDifferenceMasks, topMasks } from './masks/layer-masks.ts'
export { type WeightMasks, chosenWeights, pruneWeights } from './masks/prune.ts'
export { type MaskFile, frozenBytes, readMasks, writeMasks } from './masks/mask-file.ts'
export { type LayerOverlap, measureOverlap } from './overlap.ts'
export { type ProbeReport, measureProbes } from './probes/measure-probes.ts'
export { fitProbe, probeAccuracy } from './probes/linear-probe.ts'
export { rewind } from './freezing.ts'
export { type AuditFigures, type AuditRow, figuresOf } from './measure/audit-rows.ts'
export { measureVariant } from './measure/measure-variant.ts'
