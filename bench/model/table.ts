/** Markdown tables, and the words for figures in their cells. Nothing is computed here but a rounding. */
import type { Figure } from './figures.ts'

export interface Table {
  /** A line above the table. */
  readonly caption: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export const ABSENT = 'set absent'
const NOTHING = '–'

export function formatTable({ caption, head, rows }: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [`${caption}\n`, line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

/** The row of a set whose file is not there. */
export function absentRow(name: string, columns: number): readonly string[] {
  return [name, ABSENT, ...Array.from({ length: Math.max(0, columns - 2) }, () => NOTHING)]
}

/** A share of 0…1 in per cent. */
export function percent(value: number | null): string {
  return value === null ? NOTHING : (100 * value).toFixed(1)
}

/** A share with its 95 % interval, in per cent. */
export function percentFigure({ value, interval }: Figure): string {
  if (value === null || interval === null) return percent(value)
  return `${percent(value)} [${percent(interval.low)}, ${percent(interval.high)}]`
}

export function decimal(value: number | null, digits: number): string {
  return value === null ? NOTHING : value.toFixed(digits)
}
