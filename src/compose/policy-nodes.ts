/**
 * What is looked at in the nodes of a policy's YAML before it becomes a value: control characters, keys that would mean something
 * else than they say, aliases of nothing, and `${NAME}` for variables of the environment.
 */
import type { LineCounter, Scalar, parseDocument } from 'yaml'
import { isNode, isScalar, visit } from 'yaml'
import type { PolicyIssue } from '../spec/index.ts'

type Document = ReturnType<typeof parseDocument>

/** Characters that YAML allows nowhere, and that editors do not show. */
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/

/** The first such character of a text, as a mistake. */
export function controlIssue(text: string, file: string): PolicyIssue | null {
  const at = text.search(CONTROL)
  if (at < 0) return null
  const before = text.slice(0, at).split('\n')
  const code = text.charCodeAt(at).toString(16).padStart(4, '0').toUpperCase()
  return {
    file,
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
    key: '(file)',
    message: `it holds the control character U+${code}`,
    remedy: 'Remove it; a policy is plain UTF-8 text.',
  }
}

/** Keys that mean something else than they say: names every object has, and merge keys. */
const SPECIAL_KEYS: readonly string[] = ['__proto__', 'constructor', 'prototype', '<<']

/** Special keys, and aliases without an anchor. */
export function nodeIssues(document: Document, file: string, lines: LineCounter): readonly PolicyIssue[] {
  const issues: PolicyIssue[] = []
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) !== undefined) return
      issues.push({
        file,
        ...position(lines, offsetOf(alias)),
        key: `*${alias.source}`,
        message: 'it repeats something that has no such name',
        remedy: `Put the text in quotes, or mark what is meant with &${alias.source}.`,
      })
    },
    Pair(_key, { key }) {
      if (!isScalar(key) || typeof key.value !== 'string' || !SPECIAL_KEYS.includes(key.value)) return
      issues.push({
        file,
        ...position(lines, offsetOf(key)),
        key: key.value,
        message: key.value === '<<' ? 'merge keys are not read' : 'this name is not allowed for a key',
        remedy: key.value === '<<' ? 'Write the keys out, or use an alias for a whole value.' : 'Choose another name.',
      })
    },
  })
  return issues
}

/** Puts variables of the environment into scalars, in place; gives back those that are not set. */
export function substitute(
  document: Document,
  env: Readonly<Record<string, string | undefined>>,
  file: string,
  lines: LineCounter,
): readonly PolicyIssue[] {
  const issues: PolicyIssue[] = []
  visit(document, {
    Scalar(role, node) {
      if (role === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return
      const whole = node.value
      const text = whole.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]{0,99})\}/g, (reference: string, variable: string) => {
        const value = env[variable]
        if (value !== undefined) return value
        issues.push({
          file,
          ...position(lines, offsetOf(node)),
          key: reference,
          message: `the environment variable ${variable} is not set`,
          remedy: `Set ${variable}, or write the value.`,
        })
        return reference
      })
      node.value = isWhole(node, whole) ? typed(text) : text
    },
  })
  return issues
}

/** Whether an unquoted scalar is one reference and nothing else: its value may then be a number or a truth value. */
function isWhole(node: Scalar, text: string): boolean {
  return node.type === 'PLAIN' && /^\$\{\w{1,100}\}$/.test(text)
}

function typed(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text
}

/** Where a node begins. */
export function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}

/** Line and column of an offset, from 1. */
export function position(lines: LineCounter, offset: number): { readonly line: number; readonly column: number } {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}
