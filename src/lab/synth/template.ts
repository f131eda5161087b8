/**
 * The small template language of the generators: `{a|b|}` is one of its choices (nesting allowed, empty choices too), `{name}` a slot.
 *
 * A slot is looked up first among the values given with the call, which are put in as they are (they may hold braces), then in the
 * phrase lists, whose entries are templates themselves. It is no general template engine: no conditions, no escapes.
 */
import { ParapetError } from '../../spec/index.ts'

/** Uniform numbers in [0, 1), as `createRandom` of nn/random.ts makes them. */
export type Random = () => number

export type Slots = Readonly<Record<string, readonly string[]>>

/** Fills a template. An unknown slot or an unclosed brace is a mistake in the phrase data and throws `configuration`. */
export function fillTemplate(
  template: string,
  random: Random,
  slots: Slots = {},
  given: Readonly<Record<string, string>> = {},
): string {
  let filled = ''
  let at = 0
  for (;;) {
    const open = template.indexOf('{', at)
    if (open < 0) return filled + template.slice(at)
    const { choices, end } = readChoices(template, open)
    filled += template.slice(at, open) + expand(choices, random, slots, given)
    at = end
  }
}

function expand(
  choices: readonly string[],
  random: Random,
  slots: Slots,
  given: Readonly<Record<string, string>>,
): string {
  if (choices.length > 1) return fillTemplate(pick(choices, random), random, slots, given)
  const name = choices[0] ?? ''
  const value = given[name]
  if (value !== undefined) return value
  const list = slots[name]
  if (list === undefined)
    throw new ParapetError('configuration', `No phrase list is called "${name}". Add it to the slots of the language.`)
  return fillTemplate(pick(list, random), random, slots, given)
}

/** The choices of the group that opens at `open`, split at bars of its own level, and where the text goes on. */
function readChoices(template: string, open: number): { readonly choices: readonly string[]; readonly end: number } {
  const choices: string[] = []
  let depth = 0
  let from = open + 1
  for (let at = open; at < template.length; at++) {
    const character = template[at]
    if (character === '{') depth++
    if (character === '}') depth--
    if (depth === 0) return { choices: [...choices, template.slice(from, at)], end: at + 1 }
    if (character === '|' && depth === 1) {
      choices.push(template.slice(from, at))
      from = at + 1
    }
  }
  throw new ParapetError('configuration', `A brace is not closed in the template "${template.slice(open, open + 60)}".`)
}

/** How many different texts a template can give, slots included; repeated choices count each time. */
export function countVariants(template: string, slots: Slots = {}): number {
  let count = 1
  for (let at = template.indexOf('{'); at >= 0;) {
    const { choices, end } = readChoices(template, at)
    const options = choices.length > 1 ? choices : (slots[choices[0] ?? ''] ?? [''])
    count *= options.reduce((sum, option) => sum + countVariants(option, slots), 0)
    at = template.indexOf('{', end)
  }
  return count
}

export function pick<T>(list: readonly T[], random: Random): T {
  const item = list[Math.floor(random() * list.length)]
  if (item === undefined) throw new ParapetError('configuration', 'A phrase list is empty. Give it at least one entry.')
  return item
}

/** `count` different entries in random order, or all of them where there are fewer. */
export function sample<T>(list: readonly T[], count: number, random: Random): readonly T[] {
  const rest = [...list]
  const chosen: T[] = []
  while (chosen.length < count && rest.length > 0) chosen.push(...rest.splice(Math.floor(random() * rest.length), 1))
  return chosen
}

export function shuffle<T>(list: readonly T[], random: Random): readonly T[] {
  return sample(list, list.length, random)
}

/** A whole number from `low` to `high`, both included. */
export function between(low: number, high: number, random: Random): number {
  return low + Math.floor(random() * (high - low + 1))
}
