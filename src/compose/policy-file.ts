/**
 * Reads a policy from YAML: every mistake at once, each with file, line, column, key and remedy.
 *
 * Only the form is checked here; `compilePolicy` checks what the parts mean to each other.
 */
import { readFile, stat } from 'node:fs/promises'
import { LineCounter, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { z } from 'zod'
import type { Policy, PolicyIssue } from '../spec/index.ts'
import { nearest } from '../core/taxonomy/index.ts'
import { ParapetError, PolicyError } from '../spec/index.ts'
import { controlIssue, nodeIssues, offsetOf, position, substitute } from './policy-nodes.ts'
import { policySchema } from './policy-schema.ts'

/** Larger files are refused: no policy that people wrote is that long. */
const LARGEST = 1024 * 1024

/** More mistakes of the YAML itself say nothing more. */
const MOST_ISSUES = 20

type Path = readonly PropertyKey[]
type Document = ReturnType<typeof parseDocument>

/** Reads and checks a policy file. */
export async function loadPolicy(path: string): Promise<Policy> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new ParapetError('policy_not_found', `There is no policy at ${path}. Write one with: parapet init`, { cause })
  })
  if (!info.isFile())
    throw new ParapetError('policy_not_found', `${path} is not a file. Give the path of a policy file.`)
  if (info.size > LARGEST) throw tooLarge(path)
  return parsePolicy(decode(await readFile(path), path), path)
}

/** A policy made in code, checked. Gives back the same object, so that it can be exported. */
export function definePolicy(policy: Policy): Policy {
  const parsed = policySchema.safeParse(policy, { reportInput: true })
  if (!parsed.success) throw new PolicyError(parsed.error.issues.flatMap((issue) => toIssues(issue)))
  return parsed.data
}

/**
 * Parses YAML text into a policy. `${NAME}` stands for a variable of the environment.
 * @throws PolicyError with every mistake
 */
export function parsePolicy(
  text: string,
  file: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Policy {
  if (text.length > LARGEST) throw tooLarge(file)
  const lines = new LineCounter()
  const control = controlIssue(text, file)
  if (control !== null) throw new PolicyError([control])
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
    merge: false,
  })
  // Unknown tags are warnings to the library; to a policy they are mistakes.
  const broken = [...document.errors, ...document.warnings]
    .slice(0, MOST_ISSUES)
    .map(({ message, pos }): PolicyIssue => {
      const deep = message.includes('call stack')
      return {
        file,
        ...position(lines, pos[0]),
        key: '(yaml)',
        message: deep ? 'the nesting is too deep' : (message.split('\n')[0] ?? message),
        remedy: 'Correct the YAML at this place.',
      }
    })
  if (broken.length > 0) throw new PolicyError(broken)
  if (document.contents === null) {
    throw new PolicyError([
      {
        file,
        line: 1,
        column: 1,
        key: '(file)',
        message: 'the file is empty',
        remedy: 'Write one with: parapet init --force',
      },
    ])
  }
  const unset = [...nodeIssues(document, file, lines), ...substitute(document, env, file, lines)]
  if (unset.length > 0) throw new PolicyError(unset)
  const parsed = policySchema.safeParse(toValue(document, file), { reportInput: true })
  if (parsed.success) return parsed.data
  throw new PolicyError(
    parsed.error.issues
      .flatMap((issue) => toIssues(issue))
      .map((issue) => ({ file, ...locate(document, lines, issue.path), ...withoutPath(issue) })),
  )
}

/** Adds the place in the file to issues that name only a key, such as those of `compilePolicy`. */
export function locateIssues(issues: readonly PolicyIssue[], text: string, file: string): readonly PolicyIssue[] {
  const lines = new LineCounter()
  const document = parseDocument(text.replace(/^\uFEFF/, ''), { lineCounter: lines, prettyErrors: false })
  return issues.map((issue) =>
    issue.line === undefined ? { ...issue, file, ...locate(document, lines, keyPath(document, issue.key)) } : issue,
  )
}

/** Reads bytes as UTF-8, and refuses what is not: a replaced character could change a phrase or a name unseen. */
function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new PolicyError([
      { file, key: '(file)', message: 'it is not UTF-8 text', remedy: 'Save it in UTF-8, without a binary part.' },
    ])
  }
}

function tooLarge(file: string): ParapetError {
  return new ParapetError(
    'policy_invalid',
    `${file} is larger than ${LARGEST} bytes. Split long lists into patterns or move them out.`,
  )
}

function toValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 })
  } catch {
    throw new PolicyError([
      {
        file,
        key: '(yaml)',
        message: 'it repeats anchors too often',
        remedy: 'Write the parts out instead of using aliases.',
      },
    ])
  }
}

interface KeyedIssue extends PolicyIssue {
  readonly path: Path
}

function withoutPath({ path: _path, ...issue }: KeyedIssue): PolicyIssue {
  return issue
}

/** A schema issue in words. An issue of a union is that of its most promising branch. */
function toIssues(issue: z.core.$ZodIssue, above: Path = []): readonly KeyedIssue[] {
  const path = [...above, ...issue.path]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => keyed([...path, key], `there is no setting ${key}`, suggestion(key, path)))
    case 'invalid_union': {
      const deeper = issue.errors.filter((branch) =>
        branch.some((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
      )
      const branch = deeper.at(0)
      if (branch !== undefined) return branch.flatMap((inner) => toIssues(inner, path))
      return [keyed(path, 'it is not one of the allowed forms', issue.message)]
    }
    case 'invalid_value': {
      const own = issue.message.startsWith('Invalid') ? `Use ${issue.values.map(String).join(', ')}.` : issue.message
      return [keyed(path, 'it is not an allowed value', own)]
    }
    case 'invalid_key':
      return [keyed(path, 'its name is not valid', issue.issues[0]?.message ?? issue.message)]
    case 'invalid_type':
      return [
        keyed(
          path,
          issue.input === undefined ? 'it is missing' : `it must be ${article(issue.expected)}`,
          `Write ${article(issue.expected)}.`,
        ),
      ]
    case 'too_small':
      return [
        keyed(
          path,
          `it is too small or empty`,
          `Use ${issue.inclusive === true ? 'at least' : 'more than'} ${issue.minimum}.`,
        ),
      ]
    case 'too_big':
      return [keyed(path, `it is too large`, `Use at most ${issue.maximum}.`)]
    default:
      return [keyed(path, 'it is not valid', issue.message)]
  }
}

function keyed(path: Path, message: string, remedy: string): KeyedIssue {
  return { path, key: pathText(path), message, remedy }
}

function article(type: string): string {
  const names: Readonly<Record<string, string>> = {
    record: 'a map',
    object: 'a map',
    array: 'a list',
    int: 'a whole number',
    boolean: 'true or false',
  }
  return names[type] ?? `a ${type}`
}

export function pathText(path: Path): string {
  return (
    path.reduce<string>(
      (text, part) =>
        typeof part === 'number' ? `${text}[${part}]` : `${text}${text === '' ? '' : '.'}${String(part)}`,
      '',
    ) || '(file)'
  )
}

/** `rails.input[2].guard` back into its parts. Names may hold dots, so the longest key that the document has is taken. */
function keyPath(document: Document, key: string): Path {
  const path: PropertyKey[] = []
  let node: unknown = document.contents
  let rest = key
  while (rest !== '') {
    const index = /^\[(\d{1,9})\]\.?/.exec(rest)
    const part = index === null ? longestKey(node, rest) : Number(index[1])
    if (part === null) break
    path.push(part)
    rest = index === null ? rest.slice(String(part).length).replace(/^\./, '') : rest.slice(index[0].length)
    node = childOf(node, part)?.value
  }
  return path
}

function longestKey(node: unknown, rest: string): string | null {
  if (!isMap(node)) return null
  const keys = node.items.map(({ key }) => (isScalar(key) ? String(key.value) : ''))
  const fitting = keys.filter(
    (key) => key !== '' && rest.startsWith(key) && /^(?:$|\.|\[)/.test(rest.slice(key.length)),
  )
  return fitting.toSorted((left, right) => right.length - left.length)[0] ?? null
}

const KNOWN_KEYS: readonly string[] = [
  'parapet',
  'name',
  'onError',
  'deadlines',
  'conversation',
  'stream',
  'shadow',
  'speculative',
  'record',
  'media',
  'retries',
  'refusals',
  'rails',
  'actions',
  'exceptions',
  'guards',
  'cache',
  'hard',
  'scopes',
  'without',
  'organisation',
  'applications',
  'users',
  'input',
  'retrieval',
  'tool_call',
  'tool_result',
  'output',
  'guard',
  'deadline',
  'threshold',
  'action',
  'stage',
  'messages',
  'roles',
  'mode',
  'window',
  'capture',
  'retention',
  'whenFull',
  'id',
  'phrase',
  'pattern',
  'hash',
  'category',
  'caller',
  'labels',
  'reason',
  'owner',
  'expires',
  'entries',
  'ttl',
  'use',
]

function suggestion(key: string, path: Path): string {
  const close = nearest(key, KNOWN_KEYS)
  return close === undefined ? `Remove it from ${pathText(path)}.` : `Did you mean ${close}?`
}

/** Line and column of the node at a path, or of the deepest part of the path that exists. */
function locate(
  document: Document,
  lines: LineCounter,
  path: Path,
): { readonly line: number; readonly column: number } {
  let node: unknown = document.contents
  let offset = offsetOf(node)
  for (const part of path) {
    const child = childOf(node, part)
    if (child === null) break
    offset = offsetOf(child.at)
    node = child.value
  }
  return position(lines, offset)
}

function childOf(node: unknown, part: PropertyKey): { readonly at: unknown; readonly value: unknown } | null {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part))
    return pair === undefined ? null : { at: pair.key, value: pair.value }
  }
  const item = isSeq(node) && typeof part === 'number' ? node.items[part] : undefined
  return item === undefined ? null : { at: item, value: item }
}
