/**
 * Patterns from configuration: re2js behind its literal pre-filter, re2js alone, the optional native re2, and JavaScript's own engine
 * as the limit that a policy may not use. `npx tsx bench/patterns/main.ts` (re2: npm rebuild re2 --prefix bench).
 */
import { createRequire } from 'node:module'
import { compileLinearPattern, RE2JS_ENGINE } from '../../src/guards/rules/index.ts'

const PATTERNS = [
  String.raw`\bTICKET-\d{4,8}\b`,
  String.raw`acct[_ ]?(?:id|number)\s*[:=]\s*\w{6,20}`,
  String.raw`(?:confidential|internal use only)`,
  String.raw`[A-Z]{3}-\d{3}-[A-Z]{3}`,
  String.raw`project (?:aurora|borealis) \w{1,20}`,
]
const WORDS = [
  'the',
  'garden',
  'meeting',
  'starts',
  'Ticket',
  'number',
  'project',
  'of',
  'Monday',
  'rain',
  'account',
  'note',
]

type Exec = (text: string, from: number) => { readonly index: number; readonly end: number } | null

function textOf(length: number): string {
  let text = ''
  for (let index = 0; text.length < length; index++) text += `${WORDS[(index * 7 + (index >> 3)) % WORDS.length]} `
  return `${text.slice(0, length / 2)} TICKET-12345 ${text.slice(length / 2)}`
}

function native(): ((source: string) => Exec) | null {
  try {
    const Re2 = createRequire(import.meta.url)('re2') as new (source: string, flags: string) => RegExp
    return (source) => fromRegExp(new Re2(source, 'giu'))
  } catch {
    return null
  }
}

function fromRegExp(pattern: RegExp): Exec {
  return (text, from) => {
    pattern.lastIndex = from
    const match = pattern.exec(text)
    return match === null ? null : { index: match.index, end: match.index + match[0].length }
  }
}

const re2 = native()
const engines: readonly (readonly [name: string, make: (source: string) => Exec])[] = [
  ['re2js behind the pre-filter', (source) => compileLinearPattern(source).exec],
  ['re2js alone', (source) => RE2JS_ENGINE.compile(source, false)],
  ...(re2 === null ? [] : [['re2 (native)', re2] as const]),
  ['JavaScript, not linear', (source) => fromRegExp(new RegExp(source, 'giu'))],
]
process.stdout.write(
  `${PATTERNS.length} patterns${re2 === null ? '; re2 is not built here' : ''}\n\n| engine | µs for 300 characters | µs for 10,000 | times JavaScript | matches |\n|---|---|---|---|---|\n`,
)
const measured = engines.map(([name, make]) => ({ name, ...measure(PATTERNS.map(make)) }))
const limit = measured.at(-1)?.long ?? 1
for (const { name, short, long, matches } of measured) {
  process.stdout.write(
    `| ${name} | ${short.toFixed(1)} | ${long.toFixed(0)} | ${(long / limit).toFixed(1)} | ${matches} |\n`,
  )
}

function measure(patterns: readonly Exec[]): {
  readonly short: number
  readonly long: number
  readonly matches: number
} {
  let matches = 0
  const scan = (text: string): number => {
    matches = 0
    for (const exec of patterns) {
      for (let match = exec(text, 0); match !== null; match = exec(text, match.end)) matches++
    }
    return matches
  }
  const time = (text: string, runs: number): number => {
    for (let run = 0; run < runs; run++) scan(text)
    const started = performance.now()
    for (let run = 0; run < runs; run++) scan(text)
    return ((performance.now() - started) / runs) * 1000
  }
  return { short: time(textOf(300), 2000), long: time(textOf(10_000), 60), matches }
}
