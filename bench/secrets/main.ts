/**
 * Secrets bench: `npx tsx bench/secrets/main.ts [--seed N] [--rows N] [--errors]`.
 *
 * On a generated set (see `generate.ts`), in one run: the guard as shipped (own rules and library), its own rules alone, and
 * the library alone. A secret counts as found when a finding covers at least half of it; a finding that touches no secret is
 * wrong. Intervals are Wilson's at 95 %.
 */
import { parseArgs } from 'node:util'
import { lintSource } from '@secretlint/core'
import { creator as preset } from '@secretlint/secretlint-rule-preset-recommend'
import { createTextView } from '../../src/core/text/index.ts'
import { createSecretLinter } from '../../src/engines/secretlint/index.ts'
import { createSecretsGuard } from '../../src/guards/secrets/index.ts'
import type { Guard } from '../../src/spec/index.ts'
import { generateSecretRows, type SecretRow } from './generate.ts'

interface Span {
  readonly start: number
  readonly end: number
}

type Find = (text: string) => readonly Span[] | Promise<readonly Span[]>

interface Tally {
  rows: number
  found: number
  wrong: number
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '7' },
    rows: { type: 'string', default: '60' },
    errors: { type: 'boolean' },
  },
})
const out = (line: string): void => void process.stdout.write(`${line}\n`)

function byGuard(guard: Guard): Find {
  const { signal } = new AbortController()
  return (text) => {
    const report = guard.check({ stage: 'input', field: 'prompt', text: createTextView(text), caller: {}, signal })
    const spans = ({ findings }: { findings: readonly { score: number; span?: Span }[] }): readonly Span[] =>
      findings.flatMap(({ score, span }) => (span !== undefined && score > 0.5 ? [span] : []))
    return report instanceof Promise ? report.then(spans) : spans(report)
  }
}

/** The library as it ships: its own runner, its whole preset. */
async function lintAsShipped(content: string): Promise<readonly Span[]> {
  const { messages } = await lintSource({
    source: { filePath: 'text.txt', content, contentType: 'text', ext: '.txt' },
    options: { config: { rules: [{ id: 'preset', rule: preset, options: {} }] }, noPhysicFilePath: true },
  })
  return messages.map(({ range: [start, end] }) => ({ start, end }))
}

function covers(found: readonly Span[], { start, end }: Span): boolean {
  const taken = new Set<number>()
  for (const span of found) for (let at = Math.max(start, span.start); at < Math.min(end, span.end); at++) taken.add(at)
  return taken.size * 2 >= end - start
}

async function score(
  rows: readonly SecretRow[],
  find: Find,
  name: string,
): Promise<{ tallies: Map<string, Tally>; micros: number }> {
  const tallies = new Map<string, Tally>()
  for (const row of rows.slice(0, 400)) await find(row.text)
  let micros = 0
  for (const row of rows) {
    const tally = tallies.get(row.name) ?? { rows: 0, found: 0, wrong: 0 }
    tallies.set(row.name, tally)
    const started = performance.now()
    const answer = find(row.text)
    const found = answer instanceof Promise ? await answer : answer
    micros += (performance.now() - started) * 1000
    const { secret } = row
    tally.rows += 1
    const hit = secret !== null && covers(found, secret)
    const wrong = found.filter((span) => secret === null || span.start >= secret.end || span.end <= secret.start).length
    if (hit) tally.found += 1
    tally.wrong += wrong
    if (values.errors === true && ((secret !== null && !hit) || wrong > 0)) {
      out(
        `${name}: ${row.name}: found ${JSON.stringify(found.map(({ start, end }) => row.text.slice(start, end)))} in ${JSON.stringify(row.text.slice(0, 200))}`,
      )
    }
  }
  return { tallies, micros: micros / rows.length }
}

function wilson(hits: number, rows: number): string {
  if (rows === 0) return '–'
  const z = 1.96
  const p = hits / rows
  const middle = p + (z * z) / (2 * rows)
  const reach = z * Math.sqrt((p * (1 - p)) / rows + (z * z) / (4 * rows * rows))
  const scale = 1 + (z * z) / rows
  return `${((middle - reach) / scale).toFixed(3)}–${((middle + reach) / scale).toFixed(3)}`
}

function summary(rows: readonly SecretRow[], tallies: ReadonlyMap<string, Tally>): string {
  let secrets = 0
  let found = 0
  let wrong = 0
  let negatives = 0
  const kinds = new Set(rows.filter(({ secret }) => secret !== null).map(({ name }) => name))
  for (const [name, tally] of tallies) {
    wrong += tally.wrong
    if (kinds.has(name)) {
      secrets += tally.rows
      found += tally.found
    } else negatives += tally.rows
  }
  const precision = found + wrong === 0 ? 0 : found / (found + wrong)
  const recall = found / secrets
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall)
  return `precision ${precision.toFixed(4)} · recall ${recall.toFixed(4)} (${wilson(found, secrets)}) · F1 ${f1.toFixed(4)} · ${wrong} wrong findings, ${negatives} negative rows`
}

const rows = generateSecretRows(Number(values.seed), Number(values.rows))
const linter = createSecretLinter()
const contestants: readonly (readonly [string, Find])[] = [
  ['guard', byGuard(createSecretsGuard({ id: 'secrets', linter }))],
  ['own rules', byGuard(createSecretsGuard({ id: 'secrets' }))],
  ['no entropy', byGuard(createSecretsGuard({ id: 'secrets', linter, entropy: false }))],
  ['library', lintAsShipped],
]
const results: { name: string; tallies: Map<string, Tally>; micros: number }[] = []
for (const [name, find] of contestants) results.push({ name, ...(await score(rows, find, name)) })

out(`# Secrets: generated set, seed ${values.seed}, ${rows.length} rows (${values.rows} a kind)\n`)
for (const { name, tallies, micros } of results)
  out(`- ${name}: ${summary(rows, tallies)} · ${micros.toFixed(1)} µs a text`)
out(
  `\n| kind | rows | ${results.map(({ name }) => `${name}: found`).join(' | ')} | ${results.map(({ name }) => `${name}: wrong`).join(' | ')} |`,
)
out(`|---|---|${'---|'.repeat(results.length * 2)}`)
for (const name of new Set(rows.map((row) => row.name))) {
  const tallies = results.map((result) => result.tallies.get(name) ?? { rows: 0, found: 0, wrong: 0 })
  out(
    `| ${name} | ${tallies[0]?.rows ?? 0} | ${tallies.map(({ found }) => found).join(' | ')} | ${tallies.map(({ wrong }) => wrong).join(' | ')} |`,
  )
}
// The library's profiler works through its entries for minutes before it would let the process end.
process.exit(0)
