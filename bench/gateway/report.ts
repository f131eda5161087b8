/** The tables that the benchmark prints: medians over rounds, and ratios as medians of the ratios of each round. */
import type { Figures } from './measure.ts'
import { median } from './measure.ts'

/** What each contender reached, round by round. */
export type Results = ReadonlyMap<string, readonly Figures[]>

export interface Memory {
  readonly name: string
  readonly early: number
  readonly late: number
}

/** Names of the contenders that ratios are taken between. */
export interface Roles {
  readonly direct: string
  readonly rival: string
  readonly guarded: string
  readonly unguarded: string
}

type Reading = (figures: Figures) => number

const COLUMNS: readonly (readonly [title: string, digits: number, read: Reading])[] = [
  ['req/s, c=1', 0, (figures) => figures.alone.rate],
  ['req/s, c=64', 0, (figures) => figures.many.rate],
  ['CPU µs/request, c=64', 0, (figures) => figures.many.cpuPerRequest],
  ['p50 / ms, c=1', 3, (figures) => figures.alone.p50],
  ['p99 / ms, c=1', 2, (figures) => figures.alone.p99],
  ['open loop at req/s', 0, (figures) => figures.open.rate],
  ['added p50 / ms', 3, (figures) => figures.open.p50 - figures.open.direct.p50],
  ['added p99 / ms', 2, (figures) => figures.open.p99 - figures.open.direct.p99],
]

const STREAM_COLUMNS: readonly (readonly [title: string, digits: number, read: Reading])[] = [
  ['paced: first token p50 / ms', 1, (figures) => figures.paced.firstP50],
  ['p99 / ms', 1, (figures) => figures.paced.firstP99],
  ['tokens/s', 0, (figures) => figures.paced.tokensPerSecond],
  ['events/s', 0, (figures) => figures.paced.eventsPerSecond],
  ['CPU µs/token', 1, (figures) => figures.paced.cpuPerToken],
  ['flat out: first token p50 / ms', 2, (figures) => figures.flat.firstP50],
  ['tokens/s', 0, (figures) => figures.flat.tokensPerSecond],
  ['events/s', 0, (figures) => figures.flat.eventsPerSecond],
  ['CPU µs/token', 1, (figures) => figures.flat.cpuPerToken],
]

export function printResults(results: Results, print: (line: string) => void): void {
  printTable('Requests', COLUMNS, results, print)
  printTable('Streams', STREAM_COLUMNS, results, print)
}

function printTable(
  title: string,
  columns: readonly (readonly [title: string, digits: number, read: Reading])[],
  results: Results,
  print: (line: string) => void,
): void {
  print(`\n### ${title}\n`)
  print(`| | ${columns.map(([name]) => name).join(' | ')} |`)
  print(`|---|${columns.map(() => '---').join('|')}|`)
  for (const [name, rounds] of results) {
    const cells = columns.map(([, digits, read]) => median(rounds.map(read)).toFixed(digits))
    print(`| ${name} | ${cells.join(' | ')} |`)
  }
}

/** The aims, each with what was reached. */
export function printRatios(
  results: Results,
  memory: readonly Memory[],
  roles: Roles,
  print: (line: string) => void,
): void {
  const ratio = (above: string, below: string, read: Reading): string => {
    const rounds = results.get(above) ?? []
    const others = results.get(below) ?? []
    const ratios = rounds.flatMap((figures, index) => {
      const other = others[index]
      return other === undefined ? [] : [read(figures) / read(other)]
    })
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)]
    return `${median(ratios).toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`
  }
  const added = (name: string, read: Reading, from: Reading): string => {
    const own = results.get(name) ?? []
    return median(own.map((figures) => read(figures) - from(figures))).toFixed(2)
  }
  const { direct, rival, guarded, unguarded } = roles
  const all = results.get(guarded) ?? []
  const sum = (read: Reading): number => all.reduce((total, figures) => total + read(figures), 0)
  print(`\n${guarded}: ${sum((f) => f.stopped)} of ${sum((f) => f.asked)} harmless requests were stopped.`)
  print('\n### Aims: median over rounds (least–most)\n')
  print('| | aim | reached |')
  print('|---|---|---|')
  print(`| req/s at c=64, Parapet / Portkey | ≥ 1.5 | ${ratio(guarded, rival, (f) => f.many.rate)} |`)
  print(`| CPU a request, Portkey / Parapet | ≥ 1.5 | ${ratio(rival, guarded, (f) => f.many.cpuPerRequest)} |`)
  print(`| req/s at c=1, Parapet / Portkey | | ${ratio(guarded, rival, (f) => f.alone.rate)} |`)
  const p50: Reading = (f) => f.open.p50
  const directP50: Reading = (f) => f.open.direct.p50
  print(
    `| added p50 in open loop, ms (Portkey: ${added(rival, p50, directP50)}) | < 1 | ${added(guarded, p50, directP50)} |`,
  )
  print(
    `| stream rate flat out, guards / empty policy | ≥ 0.95 | ${ratio(guarded, unguarded, (f) => f.flat.tokensPerSecond)} |`,
  )
  print(`| stream rate flat out, Parapet / Portkey | | ${ratio(guarded, rival, (f) => f.flat.tokensPerSecond)} |`)
  print(`| stream rate flat out, Parapet / direct | | ${ratio(guarded, direct, (f) => f.flat.tokensPerSecond)} |`)
  print(`| stream rate paced, Parapet / direct | ≥ 0.95 | ${ratio(guarded, direct, (f) => f.paced.tokensPerSecond)} |`)
  print(`| first token paced, times direct | | ${ratio(guarded, direct, (f) => f.paced.firstP50)} |`)
  for (const { name, early, late } of memory) {
    print(
      `| resident memory, late / early: ${name} | ≤ 1.10 | ${(late / early).toFixed(2)} (${early.toFixed(0)} → ${late.toFixed(0)} MB) |`,
    )
  }
}
