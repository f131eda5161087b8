/** Rates as words of conclusions and aims. */

/** .87 */
export function text(value: number): string {
  return value.toFixed(2).replace(/^0/, '')
}

/** With its sign. */
export function signed(value: number): string {
  return value < 0 ? `−${text(-value)}` : `+${text(value)}`
}

/** 87.5 % */
export function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`
}
