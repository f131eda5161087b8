/**
 * Scores spans: precision, recall and F1 per kind with a bootstrap interval over rows, and milliseconds per KB.
 *
 * A found span counts when it overlaps an expected one of the same kind (one to one, in order); "exact" counts equal borders only.
 */
import { createTextView } from '../../src/core/text/index.ts'
import { createPiiGuard } from '../../src/guards/pii/index.ts'
import type { PiiGuardOptions } from '../../src/guards/pii/index.ts'
import type { Guard, GuardReport } from '../../src/spec/guard.ts'

export interface LabelledSpan {
  readonly kind: string
  readonly start: number
  readonly end: number
}

export interface LabelledRow {
  readonly text: string
  readonly spans: readonly LabelledSpan[]
  /** Kinds whose absence from `spans` means nothing in this row. */
  readonly language?: string
}

export interface Counts {
  rows: number
  spans: number
  hit: number
  exact: number
  missed: number
  wrong: number
}

export interface KindResult extends Counts {
  readonly kind: string
  readonly precision: number
  readonly recall: number
  readonly f1: number
  readonly low: number
  readonly high: number
}

export function makeGuard(options: Partial<PiiGuardOptions> = {}): Guard {
  return createPiiGuard({ id: 'pii', mode: 'detect', ...options })
}

export function findSpans(guard: Guard, text: string): readonly LabelledSpan[] {
  const request = {
    stage: 'input',
    field: 'prompt',
    text: createTextView(text),
    caller: {},
    signal: new AbortController().signal,
  } as const
  const report = guard.check(request) as GuardReport
  return report.findings.map((finding) => ({
    kind: finding.label.slice(4),
    start: finding.span?.start ?? 0,
    end: finding.span?.end ?? 0,
  }))
}

/** Counts per row and kind. */
export function compare(row: LabelledRow, found: readonly LabelledSpan[]): Map<string, Counts> {
  const counts = new Map<string, Counts>()
  const of = (kind: string): Counts => {
    const known = counts.get(kind)
    if (known !== undefined) return known
    const fresh = { rows: 1, spans: 0, hit: 0, exact: 0, missed: 0, wrong: 0 }
    counts.set(kind, fresh)
    return fresh
  }
  const used = new Set<LabelledSpan>()
  for (const span of row.spans) {
    const count = of(span.kind)
    count.spans++
    const match = found.find(
      (other) => other.kind === span.kind && !used.has(other) && other.start < span.end && other.end > span.start,
    )
    if (match === undefined) {
      count.missed++
      continue
    }
    used.add(match)
    count.hit++
    if (match.start === span.start && match.end === span.end) count.exact++
  }
  for (const span of found) if (!used.has(span)) of(span.kind).wrong++
  return counts
}

const ZERO: Counts = { rows: 0, spans: 0, hit: 0, exact: 0, missed: 0, wrong: 0 }

function add(left: Counts, right: Counts): Counts {
  return {
    rows: left.rows + right.rows,
    spans: left.spans + right.spans,
    hit: left.hit + right.hit,
    exact: left.exact + right.exact,
    missed: left.missed + right.missed,
    wrong: left.wrong + right.wrong,
  }
}

function f1Of(counts: Counts): number {
  return counts.hit === 0 ? 0 : (2 * counts.hit) / (2 * counts.hit + counts.missed + counts.wrong)
}

/** Totals with a percentile interval from 1,000 resamples of the rows that have the kind. */
export function summarise(kind: string, perRow: readonly Counts[], random: () => number): KindResult {
  const total = perRow.reduce(add, ZERO)
  const samples: number[] = []
  for (let round = 0; round < 1000; round++) {
    let sum = ZERO
    for (let draw = 0; draw < perRow.length; draw++)
      sum = add(sum, perRow[Math.floor(random() * perRow.length)] ?? ZERO)
    samples.push(f1Of(sum))
  }
  samples.sort((left, right) => left - right)
  const precision = total.hit + total.wrong === 0 ? 0 : total.hit / (total.hit + total.wrong)
  const recall = total.spans === 0 ? 0 : total.hit / total.spans
  return { kind, ...total, precision, recall, f1: f1Of(total), low: samples[24] ?? 0, high: samples[974] ?? 0 }
}

/** mulberry32: enough for resampling and for drawing test data. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export function evaluate(
  rows: readonly LabelledRow[],
  guard: Guard,
  seed = 1,
): { kinds: readonly KindResult[]; msPerKb: number } {
  for (const row of rows.slice(0, 300)) findSpans(guard, row.text)
  const perKind = new Map<string, Counts[]>()
  let characters = 0
  const started = performance.now()
  const found = rows.map((row) => {
    characters += row.text.length
    return findSpans(guard, row.text)
  })
  const elapsed = performance.now() - started
  rows.forEach((row, index) => {
    for (const [kind, counts] of compare(row, found[index] ?? [])) {
      const list = perKind.get(kind) ?? []
      list.push(counts)
      perKind.set(kind, list)
    }
  })
  const random = seededRandom(seed)
  const kinds = [...perKind]
    .sort(([left], [right]) => left.localeCompare(right))
    .map(([kind, counts]) => summarise(kind, counts, random))
  return { kinds, msPerKb: elapsed / (characters / 1024) }
}

export function formatTable(results: readonly KindResult[]): string {
  const head = ['kind', 'rows', 'spans', 'precision', 'recall', 'F1', '95 % interval', 'exact borders']
  const body = results.map((result) => [
    result.kind,
    String(result.rows),
    String(result.spans),
    result.precision.toFixed(4),
    result.recall.toFixed(4),
    result.f1.toFixed(4),
    `${result.low.toFixed(4)}–${result.high.toFixed(4)}`,
    result.hit === 0 ? '–' : (result.exact / result.hit).toFixed(3),
  ])
  const widths = head.map((title, column) => Math.max(title.length, ...body.map((line) => (line[column] ?? '').length)))
  return [head, ...body]
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .join('\n')
}
