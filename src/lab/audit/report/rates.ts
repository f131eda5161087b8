/** Figures of an audit as cells of a table. */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inPercent, intervalInPercent } from '../../eval/report/numbers.ts'
import type { SafetyRate } from '../../victim/index.ts'
import type { VariantSummary } from '../summary/summarise.ts'

/** A share in per cent with its interval; a dash where nothing was measured. */
export function rateCell({ rate: value, interval, rows }: SafetyRate): Markup {
  return rows === 0 ? html`<td>–</td>` : html`<td>${inPercent(value)}<small>${intervalInPercent(interval)}</small></td>`
}

/** How much a variant cuts. */
export function cutOf({ weightShare, rankShare }: VariantSummary): string {
  if (weightShare > 0) return `${(100 * weightShare).toFixed(2)} % of weights`
  return rankShare > 0 ? `${(100 * rankShare).toFixed(2)} % of ranks` : '–'
}
