/**
 * No shipped regular expression can be made to hang: every one in `core`, `guards` and the checks of the screen, written out or put together when a
 * module loads, is given to redos-detector, starting at one offset (the scanner bounds how many offsets are tried, and how
 * much text each of them sees).
 *
 * Counted repetitions are made smaller first, because the detector unrolls them: those of single characters lose nothing by
 * it, those of groups that repeat something themselves become unbounded. What the detector cannot settle in its steps passes
 * if every repetition is counted and nested ones are few; anything else is listed below with the reason why it is harmless.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isSafePattern } from 'redos-detector'
import { expect, test } from 'vitest'

const SOURCE = fileURLToPath(new URL('..', import.meta.url))
const MOST_STEPS = 5000
const MOST_BACKTRACKS = 20_000

/** Beginning of a pattern the detector cannot settle, and why it takes linear time all the same. */
const HARMLESS: Readonly<Record<string, string>> = {
  '^[A-Za-z_$][\\w$]*(?:[.]':
    'Anchored; each part begins with a dot, which no other part can match. Applied to one candidate of a bounded length.',
  '^(?:x+|\\*+|\\.+|-+|_+|':
    'Anchored alternatives of one repetition each. Applied to one candidate of a bounded length.',
  '^[A-Z](?=.*\\d.*\\d)': 'Quadratic at worst, applied to one candidate of a bounded length.',
}

interface Pattern {
  readonly source: string
  readonly flags: string
  readonly file: string
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sourceFiles(path)
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts') ? [path] : []
  })
}

/** What may stand before a regular expression and not before a division. */
const BEFORE_LITERAL = /(?:[=(,:[!&|?{};>]|\breturn|\bcase)\s{0,40}$/

/** Regular expressions written out in a source file. */
function literalsOf(code: string): { source: string; flags: string }[] {
  const found: { source: string; flags: string }[] = []
  let at = 0
  while (at < code.length) {
    const character = code.charAt(at)
    if (code.startsWith('//', at)) at = endAfter(code, '\n', at)
    else if (code.startsWith('/*', at)) at = endAfter(code, '*/', at + 2)
    else if (character === "'" || character === '"' || character === '`') at = endOfString(code, at)
    else if (character === '/' && BEFORE_LITERAL.test(code.slice(Math.max(0, at - 50), at))) {
      const end = endOfPattern(code, at)
      const flags = /^[a-z]{0,8}/.exec(code.slice(end + 1, end + 9))?.[0] ?? ''
      found.push({ source: code.slice(at + 1, end), flags })
      at = end + 1 + flags.length
    } else at += 1
  }
  return found
}

function endAfter(code: string, mark: string, from: number): number {
  const end = code.indexOf(mark, from)
  return end < 0 ? code.length : end + mark.length
}

function endOfString(code: string, from: number): number {
  let at = from + 1
  while (at < code.length && code.charAt(at) !== code.charAt(from)) at += code.charAt(at) === '\\' ? 2 : 1
  return at + 1
}

function endOfPattern(code: string, from: number): number {
  let inClass = false
  let at = from + 1
  while (at < code.length && (inClass || code.charAt(at) !== '/')) {
    if (code.charAt(at) === '\\') at += 1
    else if (code.charAt(at) === '[') inClass = true
    else if (code.charAt(at) === ']') inClass = false
    at += 1
  }
  return at
}

/** Regular expressions that modules put together while they load. */
async function builtPatterns(files: readonly string[]): Promise<Pattern[]> {
  const built: Pattern[] = []
  const Native = globalThis.RegExp
  globalThis.RegExp = new Proxy(Native, {
    construct(target, parameters, newTarget): RegExp {
      const pattern: RegExp = Reflect.construct(target, parameters, newTarget)
      const caller = new Error('caller').stack?.split('\n')[2] ?? ''
      if (caller.includes('/src/') && !caller.includes('node_modules')) {
        built.push({ source: pattern.source, flags: pattern.flags, file: 'built while loading' })
      }
      return pattern
    },
  })
  try {
    for (const file of files) await import(file)
  } finally {
    globalThis.RegExp = Native
  }
  return built
}

interface Quantifier {
  readonly least: number
  readonly most: number
  /** It repeats a group in which something is repeated. */
  readonly nested: boolean
}

/** Copies a pattern, handing every quantifier to `replace`. */
function mapQuantifiers(source: string, replace: (quantifier: Quantifier) => string): string {
  let out = ''
  let at = 0
  let nested = false
  const groups: boolean[] = []
  while (at < source.length) {
    const rest = source.slice(at)
    const quantifier = /^(?:[*+?]|\{\d{1,6}(?:,\d{0,6})?\})/.exec(rest)?.[0]
    const token =
      quantifier ??
      /^(?:\\(?:[pPu]\{[^}]{1,60}\}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[^])|\[(?:[^\]\\]|\\[^])*\]|\(\?(?:<?[=!]|:|<\w{1,40}>)|[^])/.exec(
        rest,
      )?.[0] ??
      rest
    at += token.length
    if (quantifier !== undefined) {
      const { least, most } = boundsOf(quantifier)
      out += replace({ least, most, nested })
      if (source.charAt(at) === '?') at += 1
      if (groups.length > 0 && most > 1) groups[groups.length - 1] = true
      nested = false
      continue
    }
    out += token
    nested = false
    if (token.startsWith('(')) groups.push(false)
    else if (token === ')') {
      nested = groups.pop() ?? false
      if (nested && groups.length > 0) groups[groups.length - 1] = true
    }
  }
  return out
}

function boundsOf(quantifier: string): { least: number; most: number } {
  if (quantifier === '*') return { least: 0, most: Number.POSITIVE_INFINITY }
  if (quantifier === '+') return { least: 1, most: Number.POSITIVE_INFINITY }
  if (quantifier === '?') return { least: 0, most: 1 }
  const [least = '0', most] = quantifier.slice(1, -1).split(',')
  return {
    least: Number(least),
    most: most === undefined ? Number(least) : most === '' ? Number.POSITIVE_INFINITY : Number(most),
  }
}

function reduced(source: string): string {
  return mapQuantifiers(source, ({ least, most, nested }) => {
    const low = Math.min(least, 2)
    return most === Number.POSITIVE_INFINITY || (nested && most >= 5)
      ? `{${low},}`
      : `{${Math.min(low, most)},${Math.min(most, 3)}}`
  })
}

/** Every repetition is counted, and a group that repeats something is itself repeated at most this often. */
const MOST_NESTED = 10

function isCounted(source: string): boolean {
  let counted = true
  mapQuantifiers(source, ({ most, nested }) => {
    if (most === Number.POSITIVE_INFINITY || (nested && most > MOST_NESTED)) counted = false
    return ''
  })
  return counted
}

/** A look-behind reads a bounded stretch and needs no backtracking of its own; the detector does not know it. */
const LOOK_BEHIND = /\(\?<[=!](?:[^()\\[]|\\[^]|\[(?:[^\]\\]|\\[^])*\])*\)/g

/** The detector does not know names of groups either; they change nothing where no pattern refers back to one. */
const GROUP_NAME = /\(\?<[A-Za-z]\w{0,40}>/g

function isSafe({ source, flags }: Pattern): boolean {
  const known = reduced(source).replace(LOOK_BEHIND, '').replace(GROUP_NAME, '(')
  const result = isSafePattern(`^(?:${known})`, {
    unicode: /[uv]/.test(flags),
    dotAll: flags.includes('s'),
    multiLine: flags.includes('m'),
    maxSteps: MOST_STEPS,
    maxScore: MOST_BACKTRACKS,
    timeout: Number.POSITIVE_INFINITY,
  })
  if (result.safe) return true
  return result.error === 'hitMaxSteps' && isCounted(source)
}

test('the check finds what it is for', () => {
  const bad = (source: string): boolean => !isSafe({ source, flags: '', file: '' })
  expect(bad('(a+)+b')).toBe(true)
  expect(bad('(?:a{1,30}){1,30}b')).toBe(true)
  expect(bad('(?:\\w|\\d)*x')).toBe(true)
  expect(bad('\\b[a-z]{1,64}@[a-z.]{1,255}\\b')).toBe(false)
  expect(literalsOf("const a = /x\\/[/]y/gi // 'no\nconst b = 4 / 2 / 1\nf('/z/', /q/)")).toEqual([
    { source: 'x\\/[/]y', flags: 'gi' },
    { source: 'q', flags: '' },
  ])
})

test('no pattern in core, guards and the checks of the screen can hang', { timeout: 300_000 }, async () => {
  const screen = ['checks', 'read', 'forms'].map((folder) => join('lab', 'screen', folder))
  const files = ['core', 'guards', ...screen].flatMap((folder) => sourceFiles(join(SOURCE, folder)))
  const written = files.flatMap((file) =>
    literalsOf(readFileSync(file, 'utf8')).map((literal) => ({ ...literal, file: relative(SOURCE, file) })),
  )
  const built = await builtPatterns(files)
  const patterns = [
    ...new Map([...written, ...built].map((pattern) => [`${pattern.source}/${pattern.flags}`, pattern])).values(),
  ]
  expect(files.length).toBeGreaterThan(30)
  expect(written.length).toBeGreaterThan(20)
  expect(built.length).toBeGreaterThan(5)
  const listed = (source: string): boolean => Object.keys(HARMLESS).some((beginning) => source.startsWith(beginning))
  const unsafe = patterns.filter((pattern) => !listed(pattern.source) && !isSafe(pattern))
  expect(unsafe.map(({ file, source }) => `${file}: ${source.slice(0, 120)}`)).toEqual([])
  for (const beginning of Object.keys(HARMLESS))
    expect(patterns.some(({ source }) => source.startsWith(beginning))).toBe(true)
})
