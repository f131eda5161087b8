/**
 * What the designer of a system says of it: what it is for, what it must not do, what it may do although it sounds otherwise, and how
 * it speaks. Form and limits are checked here; a file of it is read in `guidelines-file`.
 */
import type { PolicyIssue } from '../../spec/index.ts'
import { PolicyError } from '../../spec/index.ts'

/** Something the system must not do, under a name that checks can cite. */
export interface RestrictedGuideline {
  readonly id: string
  readonly text: string
}

export interface Guidelines {
  /** What the system is for. */
  readonly purpose?: string
  /** At least one. They are what requests are checked against. */
  readonly restricted: readonly RestrictedGuideline[]
  /** What is allowed although it may look restricted. */
  readonly allowed: readonly string[]
  /** How a good answer looks. */
  readonly helpful: readonly string[]
  readonly tone?: string
  /** Where people turn to instead; it is part of every fixed refusal. */
  readonly contact?: string
  /** The sentence of a refusal. Default `I am sorry, but I cannot help with that.` */
  readonly refusal?: string
}

/** What guidelines may be made from: the restricted ones alone, or all parts, of which only `restricted` has to be there. */
export type GuidelinesInput =
  | readonly string[]
  | (Partial<Omit<Guidelines, 'restricted'>> & { readonly restricted: readonly (string | RestrictedGuideline)[] })

export const DEFAULT_REFUSAL = 'I am sorry, but I cannot help with that.'

const MOST_ENTRIES = 200
const LONGEST_TEXT = 1000
const SENTENCES = ['purpose', 'tone', 'contact', 'refusal'] as const
const LISTS = ['allowed', 'helpful'] as const
const KEYS: readonly string[] = ['restricted', ...SENTENCES, ...LISTS]

/**
 * Guidelines from a list of restricted ones, which are named G1, G2, …, or from an object of the form of `Guidelines`.
 * @throws PolicyError that names every mistake
 */
export function defineGuidelines(input: GuidelinesInput): Guidelines {
  const { guidelines, issues } = checkGuidelines(Array.isArray(input) ? { restricted: input } : input)
  if (guidelines === null) throw new PolicyError(issues)
  return guidelines
}

/** An issue without its place in a file. The path is that of `key`. */
export type GuidelineIssue = PolicyIssue & { readonly path: readonly (string | number)[] }

/** Checks a value of any form. Either guidelines or issues come back. */
export function checkGuidelines(value: unknown): {
  readonly guidelines: Guidelines | null
  readonly issues: readonly GuidelineIssue[]
} {
  const issues: GuidelineIssue[] = []
  const wrong = (path: readonly (string | number)[], message: string, remedy: string): void => {
    const key = path.reduce<string>(
      (left, part) => (typeof part === 'number' ? `${left}[${part}]` : `${left}.${part}`),
      '',
    )
    issues.push({ path, key: key.replace(/^\./, '') || '(guidelines)', message, remedy })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    wrong([], 'it is no object', 'Write the keys restricted, purpose, allowed, helpful, tone, contact, refusal.')
    return { guidelines: null, issues }
  }
  const record = value as Readonly<Record<string, unknown>>
  for (const key of Object.keys(record))
    if (!KEYS.includes(key)) wrong([key], 'there is no such key', `Write one of ${KEYS.join(', ')}.`)
  const sentence = (given: unknown, path: readonly (string | number)[]): string => {
    if (typeof given !== 'string' || given.trim() === '') wrong(path, 'it is no text', 'Write one or two sentences.')
    else if (given.length > LONGEST_TEXT)
      wrong(path, `it is longer than ${LONGEST_TEXT} characters`, 'Say it in fewer words.')
    else return given.trim().replaceAll(/\s+/g, ' ')
    return ''
  }
  const entries = (key: string): readonly unknown[] => {
    const given = record[key] ?? []
    if (!Array.isArray(given)) wrong([key], 'it is no list', 'Write one entry a line, each after a dash.')
    else if (given.length > MOST_ENTRIES)
      wrong([key], `it has more than ${MOST_ENTRIES} entries`, 'Draw some of them together.')
    else return given
    return []
  }
  const restricted = entries('restricted').map((entry, at): RestrictedGuideline => {
    const path = ['restricted', at]
    if (typeof entry === 'string') return { id: `G${at + 1}`, text: sentence(entry, path) }
    if (typeof entry !== 'object' || entry === null) {
      wrong(path, 'it is no text', 'Write a sentence, or { id: NAME, text: SENTENCE }.')
      return { id: `G${at + 1}`, text: '' }
    }
    const { id, text, ...rest } = entry as Readonly<Record<string, unknown>>
    for (const key of Object.keys(rest)) wrong([...path, key], 'there is no such key', 'Write id and text.')
    if (typeof id !== 'string' || !/^[\w.-]{1,40}$/.test(id))
      wrong([...path, 'id'], 'it is no name', 'Write 1 to 40 letters, digits, dots, dashes or underscores.')
    return { id: String(id), text: sentence(text, [...path, 'text']) }
  })
  if (restricted.length === 0 && issues.length === 0)
    wrong(['restricted'], 'there is none', 'Write at least one thing that the system must not do.')
  const ids = restricted.map(({ id }) => id)
  ids.forEach((id, at) => {
    if (ids.indexOf(id) !== at)
      wrong(['restricted', at, 'id'], `the name ${id} is taken`, 'Give each a name of its own.')
  })
  const sentences = SENTENCES.filter((key) => record[key] !== undefined).map((key) => [
    key,
    sentence(record[key], [key]),
  ])
  const lists = LISTS.map((key) => [key, entries(key).map((entry, at) => sentence(entry, [key, at]))])
  if (issues.length > 0) return { guidelines: null, issues }
  return { guidelines: { restricted, ...Object.fromEntries([...sentences, ...lists]) } as Guidelines, issues }
}

/** The words of a refusal, those of contact with it. They follow from the guidelines alone, never from a request. */
export function refusalWords({ refusal = DEFAULT_REFUSAL, contact }: Guidelines): string {
  return contact === undefined ? refusal : `${refusal} ${contact}`
}
