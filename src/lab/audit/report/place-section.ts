/** Where safety sits: maps by block and kind of layer, and what probes read. */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inPercent } from '../../eval/report/numbers.ts'
import type { AuditRun } from '../audit-run.ts'
import { heatMap } from './heat-map.ts'

export function mapsSection({ summary, settings }: AuditRun): Markup {
  const cells = (pick: 'critical' | 'jaccard' | 'phi') =>
    summary.overlap.map(({ layer, module, [pick]: value }) => ({ layer, module, value }))
  const percent = (value: number): string => (100 * value).toFixed(1)
  const decimals = (value: number): string => value.toFixed(2)
  const seeds = settings.seeds.length === 1 ? 'one seed' : `mean of ${settings.seeds.length} seeds`
  return html`<h2>Where safety sits</h2>
    <div class="plots">
      ${heatMap('Safety-critical weights', `per cent of the layer's weights that the chosen set difference cuts; ${seeds}`, cells('critical'), { show: percent, from: 0 })}
      ${heatMap('Overlap of weights', `Jaccard index of the top 5 % by safety and by utility; 0.03 by chance; ${seeds}`, cells('jaccard'), { show: decimals, from: 0 })}
      ${heatMap('Overlap of directions', `φ of the 8 leading output directions; 1 is the same; ${seeds}`, cells('phi'), { show: decimals, from: 0, to: 1 })}
    </div>`
}

export function probesSection({ summary, findings }: AuditRun): Markup {
  const { bestHead, meanHead, layers } = summary.probes
  const [first] = findings
  if (first === undefined) return html``
  return html`<h2>Probes</h2>
    <p>
      A linear classifier at the last token of the prompt tells forbidden from allowed requests of the same form with an
      accuracy of ${inPercent(bestHead)} % from the best attention head, ${inPercent(meanHead)} % on average over heads;
      from the residual stream after each block ${layers.map((one) => inPercent(one)).join(', ')} %. Chance is 50 %;
      ${first.probes.heldOut} held-out requests of each class a seed.
    </p>`
}
