/**
 * PII bench: `npx tsx bench/pii/main.ts --data DIR [--report] [--errors]`.
 *
 * Prints results on presidio_generated_large (the set that was developed on), with `--report` on presidio_synth_dataset_v2 too (never
 * tuned on), on the generated multilingual set, and the time of one check of 300 characters without personal data.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createTextView } from '../../src/core/text/index.ts'
import { generateRows } from './generate.ts'
import { compare, evaluate, findSpans, formatTable, makeGuard } from './measure.ts'
import type { LabelledRow } from './measure.ts'
import { STRUCTURED, readPresidio } from './presidio.ts'

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    report: { type: 'boolean' },
    errors: { type: 'boolean' },
    seed: { type: 'string', default: '20' },
  },
})
const out = (line: string): void => void process.stdout.write(`${line}\n`)

function presidio(file: string, title: string): void {
  const data = readPresidio(file)
  const guard = makeGuard()
  const { kinds, msPerKb } = evaluate(data.rows, guard)
  out(
    `\n## ${title}\n${data.rows.length} rows, sha256 ${data.sha256.slice(0, 16)}, ${msPerKb.toFixed(4)} ms per KB, all kinds on\n`,
  )
  out(formatTable(kinds.filter((kind) => STRUCTURED.includes(kind.kind))))
  out('\nAddresses and names (patterns only; names: self-introductions only)\n')
  out(formatTable(kinds.filter((kind) => kind.kind === 'address' || kind.kind === 'name')))
  const rest = kinds.filter((kind) => kind.spans === 0)
  out(`\nFound, not labelled in this data: ${rest.map((kind) => `${kind.kind} ${kind.wrong}`).join(', ') || 'none'}`)
  if (values.errors === true) printErrors(data.rows, STRUCTURED)
}

function printErrors(rows: readonly LabelledRow[], kinds: readonly string[] | null): void {
  const guard = makeGuard()
  for (const row of rows) {
    const found = findSpans(guard, row.text)
    for (const [kind, counts] of compare(row, found)) {
      if ((kinds !== null && !kinds.includes(kind)) || counts.missed + counts.wrong === 0) continue
      const shown = found.filter((span) => span.kind === kind).map((span) => row.text.slice(span.start, span.end))
      const expected = row.spans
        .filter((span) => span.kind === kind)
        .map((span) => row.text.slice(span.start, span.end))
      out(
        `${kind}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(shown)} in ${JSON.stringify(row.text.slice(0, 220))}`,
      )
    }
  }
}

function speed(): void {
  const guard = makeGuard()
  const plain =
    'The quick brown fox jumps over the lazy dog while writing about the history of philosophy and the arts of cooking. '
  const numbers =
    'In 2024 the quick brown fox (12 of them) jumps over the lazy dog 3.14 times, while writing about the year 1999. '
  for (const [title, source] of [
    ['without digits', plain],
    ['with years and amounts', numbers],
  ] as const) {
    const text = source.repeat(3).slice(0, 300)
    const request = {
      stage: 'input',
      field: 'prompt',
      text: createTextView(text),
      caller: {},
      signal: new AbortController().signal,
    } as const
    for (let round = 0; round < 20_000; round++) void guard.check(request)
    const started = performance.now()
    for (let round = 0; round < 20_000; round++) void guard.check(request)
    out(`300 characters ${title}: ${((performance.now() - started) / 20).toFixed(1)} µs`)
  }
}

if (values.data !== undefined) {
  presidio(join(values.data, 'presidio_generated_large_with_spans.json'), 'presidio_generated_large (developed on)')
  if (values.report === true)
    presidio(join(values.data, 'presidio_synth_dataset_v2_with_spans.json'), 'presidio_synth_dataset_v2 (report only)')
}
const generated = generateRows(Number(values.seed), 40)
const result = evaluate(generated, makeGuard())
out(
  `\n## Generated, 12 languages, seed ${values.seed}\n${generated.length} rows, ${result.msPerKb.toFixed(4)} ms per KB\n`,
)
out(formatTable(result.kinds))
if (values.errors === true) printErrors(generated, null)
out('\n## Speed')
speed()
