/**
 * Turns the first issue of a failed schema into `param` and a message. Only the place and the expected type are told: the value
 * found, and keys that the caller made up, never are.
 */
import type { z } from 'zod'

/** Where a body is wrong, and what was expected there. */
export interface BodyIssue {
  readonly param: string
  readonly message: string
}

/** The first issue of a schema error. */
export function firstIssue(error: z.ZodError): BodyIssue {
  const issue = deepest(error.issues[0])
  const param = issue === undefined ? 'body' : pathText(issue.path)
  return {
    param,
    message: `\`${param}\` is wrong: ${issue === undefined ? 'not of the form described' : expectation(issue)}.`,
  }
}

type Issue = z.core.$ZodIssue

/** A union reports each member's complaints; the member that got furthest is the one that was meant. */
function deepest(issue: Issue | undefined): Issue | undefined {
  if (issue?.code !== 'invalid_union') return issue
  let best: Issue = issue
  for (const member of issue.errors) {
    const first = deepest(member[0])
    if (first !== undefined && first.path.length > best.path.length - issue.path.length) {
      best = { ...first, path: [...issue.path, ...first.path] }
    }
  }
  return best
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'body'
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`),
    '',
  )
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `it must be of type ${issue.expected}`
    case 'invalid_value':
      return `it must be one of ${issue.values.map(String).join(', ')}`
    case 'too_small':
      return `it must be at least ${issue.minimum} ${issue.origin === 'array' ? 'long' : ''}`.trim()
    case 'too_big':
      return `it must be at most ${issue.maximum} ${issue.origin === 'number' || issue.origin === 'int' ? '' : 'long'}`.trim()
    case 'invalid_format':
      return 'it holds characters that are not allowed there'
    case 'invalid_union':
      return 'none of the allowed types fits'
    default:
      return 'it is not of the form described'
  }
}
