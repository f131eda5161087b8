/** Settings of a loss: defaults filled in, misspelt names and values out of range refused. */
import { ParapetError } from '../../../spec/errors.ts'

/** What is wrong with a value, as the end of a sentence; undefined if nothing is. */
export type OptionRule = (value: unknown) => string | undefined

/** Throws `configuration` with the name of the loss and of the option. */
export function checkedOptions<Options extends object>(
  loss: string,
  defaults: Options,
  options: object,
  rules: Readonly<Record<keyof Options & string, OptionRule>>,
): Options {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(defaults, name))
      throw new ParapetError(
        'configuration',
        `The ${loss} loss has no option ${name}; it has ${Object.keys(defaults).join(', ')}.`,
      )
  const filled = { ...defaults, ...options }
  for (const [name, rule] of Object.entries<OptionRule>(rules)) {
    const value: unknown = filled[name as keyof Options]
    const fault = rule(value)
    if (fault !== undefined)
      throw new ParapetError('configuration', `${name} of the ${loss} loss ${fault}, not ${JSON.stringify(value)}.`)
  }
  return filled
}

export const positive: OptionRule = (value) =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? undefined : 'must be a number above 0'

export const notNegative: OptionRule = (value) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? undefined : 'must be a number of at least 0'

export const yesOrNo: OptionRule = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false')

/** From `low` up to, not including, `high`. */
export function between(low: number, high: number): OptionRule {
  return (value) =>
    typeof value === 'number' && value >= low && value < high
      ? undefined
      : `must be a number of at least ${low} and below ${high}`
}

export function oneOf(...names: readonly string[]): OptionRule {
  return (value) => (names.some((name) => name === value) ? undefined : `must be one of ${names.join(', ')}`)
}
