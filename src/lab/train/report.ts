/** Figures of a model on labelled sets, as a table: ranking quality, what happens at 0.5, and the constant baseline. */
import type { EmbeddedModel } from '../../nn/embedded-model.ts'
import { countDecisions, decisionMetrics } from '../eval/metrics/decisions.ts'
import { rankingMetrics } from '../eval/metrics/ranking.ts'
import type { RecordFile, TrainingRecord } from './records.ts'

/** Score of the head a record's task is about. A prompt is also harmful when it is toxic. */
export function taskScore(model: EmbeddedModel, record: TrainingRecord): number {
  const { task, prompt, response, system } = record
  if (task === 'response_harm' || task === 'refusal') return model.scoreResponse(response ?? '', prompt)[task] ?? 0
  const scores = model.scoreText(prompt === '' ? (response ?? '') : prompt)
  const direct = scores['injection_direct'] ?? 0
  if (task === 'injection') return system === null ? direct : Math.max(direct, scores['injection_indirect'] ?? 0)
  if (task === 'toxicity') return scores['toxicity'] ?? 0
  return Math.max(scores['prompt_harm'] ?? 0, scores['toxicity'] ?? 0)
}

/** Markdown table of all sets; sets that calibrated the thresholds are marked. */
export function reportLines(
  model: EmbeddedModel,
  files: readonly RecordFile[],
  calibrated: readonly string[],
): readonly string[] {
  const lines = [
    '| set | task | rows | base | AUPRC | AUROC | F1 at 0.5 | recall | FPR | F1 of the constant |',
    '|---|---|---|---|---|---|---|---|---|---|',
  ]
  const percent = (value: number | null): string => (value === null ? '–' : (100 * value).toFixed(1))
  for (const { name, records } of files) {
    for (const task of new Set(records.map((record) => record.task))) {
      const rows = records.filter((record) => record.task === task)
      const scored = rows.map((record) => ({ label: record.label, score: taskScore(model, record) }))
      const base = rows.filter(({ label }) => label === 1).length / rows.length
      const { averagePrecision, areaUnderRoc } = rankingMetrics(scored)
      const { f1, recall, falsePositiveRate } = decisionMetrics(
        countDecisions(scored.map(({ label, score }) => ({ label, flagged: score > 0.5 }))),
      )
      const cells = [
        `${name}${calibrated.includes(name) ? ' ¹' : ''}`,
        task,
        String(rows.length),
        percent(base),
        percent(averagePrecision),
        percent(areaUnderRoc),
        percent(base < 1 ? f1 : null),
        percent(recall),
        percent(falsePositiveRate),
        percent((2 * base) / (1 + base)),
      ]
      lines.push(`| ${cells.join(' | ')} |`)
    }
  }
  return lines
}
