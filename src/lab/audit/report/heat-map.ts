/** A table of blocks by kinds of layer, each cell coloured by its value: where in a model something sits. Inline SVG, no script. */
import { html, type Markup } from '../../eval/report/markup.ts'

export interface HeatCell {
  readonly layer: number
  readonly module: string
  readonly value: number
}

const LEFT = 56
const TOP = 30
const CELL = { width: 54, height: 28 }

/** `from` is the value without colour, `to` that of full colour; absent, the least and the greatest are. `show` writes a value. */
export function heatMap(
  title: string,
  note: string,
  cells: readonly HeatCell[],
  { show, from, to }: { readonly show: (value: number) => string; readonly from?: number; readonly to?: number },
): Markup {
  const modules = [...new Set(cells.map(({ module }) => module))]
  const layers = [...new Set(cells.map(({ layer }) => layer))]
  const values = cells.map(({ value }) => value)
  const low = from ?? Math.min(...values)
  const high = to ?? Math.max(...values)
  const width = LEFT + modules.length * CELL.width + 4
  const height = TOP + layers.length * CELL.height + 4
  const described = cells.map(({ layer, module, value }) => `block ${layer + 1} ${shortName(module)} ${show(value)}`)
  return html`<figure>
    <figcaption>${title}<small>${note}</small></figcaption>
    <svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}: ${described.join('; ')}">
      ${modules.map(
        (module, at) =>
          html`<text x="${LEFT + (at + 0.5) * CELL.width}" y="${TOP - 10}" text-anchor="middle"
            >${shortName(module)}</text
          >`,
      )}
      ${layers.map(
        (layer, at) =>
          html`<text x="${LEFT - 8}" y="${TOP + (at + 0.5) * CELL.height + 4}" text-anchor="end"
            >block ${layer + 1}</text
          >`,
      )}
      ${cells.map(({ layer, module, value }) => {
        const x = LEFT + modules.indexOf(module) * CELL.width
        const y = TOP + layers.indexOf(layer) * CELL.height
        const share = high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0
        return html`<rect
            x="${x + 1}"
            y="${y + 1}"
            width="${CELL.width - 2}"
            height="${CELL.height - 2}"
            rx="3"
            fill="var(--s1)"
            fill-opacity="${(0.06 + 0.74 * share).toFixed(2)}"
          /><text x="${x + CELL.width / 2}" y="${y + CELL.height / 2 + 4}" text-anchor="middle">${show(value)}</text>`
      })}
    </svg>
  </figure>`
}

function shortName(module: string): string {
  return module.replace(/^.*\./, '').replace(/_proj$/, '')
}
