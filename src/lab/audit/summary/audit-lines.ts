/** The outcome of an audit for a terminal: the conclusion, the figures it rests on, the aims. */
import type { AuditRun } from '../audit-run.ts'
import type { VariantSummary } from './summarise.ts'

export function auditLines({ summary, model, settings }: AuditRun): readonly string[] {
  const { base, setDifference, projection, controls, aims, freezing, probes } = summary
  return [
    `${model.name}, ${settings.seeds.length} ${settings.seeds.length === 1 ? 'seed' : 'seeds'}, ${settings.testRows} rows of each set and seed on the test split`,
    ...[base, setDifference, projection, ...controls].map(variantLine),
    ...freezing.map(
      ({ mode, share, examples, string, strict }) =>
        `${mode} ${Math.round(100 * share)} %, ${examples} examples: ${string.rate.toFixed(2)} by words, ${strict.rate.toFixed(2)} in fact`,
    ),
    `probes: best head ${probes.bestHead.toFixed(2)}, mean ${probes.meanHead.toFixed(2)}, blocks ${probes.layers.map((one) => one.toFixed(2)).join(' ')}`,
    ...aims.map(({ aim, found, met }) => `${met === null ? 'not measured' : met ? 'met' : 'missed'}: ${aim}: ${found}`),
    summary.conclusion,
  ]
}

function variantLine({ title, weightShare, rankShare, figures }: VariantSummary): string {
  const cut =
    weightShare > 0 ? `${(100 * weightShare).toFixed(2)} % of weights` : `${(100 * rankShare).toFixed(2)} % of ranks`
  const attacks = Object.entries(figures.attack).map(
    ([name, { string, strict }]) => `${name} ${string.rate.toFixed(2)}/${strict.rate.toFixed(2)}`,
  )
  const rest = `allowed ${figures.nearMiss.rate.toFixed(2)}, knowledge ${figures.benign.rate.toFixed(2)}, tasks ${figures.utility.rate.toFixed(2)}`
  return `${title} (${cut}): ${attacks.join(', ')}; ${rest}`
}
