/**
 * Recall and false alarms on the small world, by seed: guards trained on the training split, thresholds on the selection split at 1 %, and
 * everything measured on the test split. The shipped guards, which know nothing of the world, are the control.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exactInterval } from '../../src/lab/eval/metrics/binomial.ts'
import { runScreen, type ScreenedRow, trainWorldGuard } from '../../src/lab/screen/index.ts'
import { type Chat, cleanRows, harmfulRows, linesOf, mixedRows } from './world-sets.ts'

const POISON = 120

export async function measureQuality(options: {
  readonly folder: string
  readonly seeds: number
  readonly print: (line: string) => void
}): Promise<void> {
  const { folder, seeds, print } = options
  print('\n| guards | set | rows | flagged | % | 95 % |')
  print('|---|---|---|---|---|---|')
  const sums = new Map<string, [number, number]>()
  for (let seed = 1; seed <= seeds; seed += 1) {
    const guards = [join(folder, `guard-${seed}-1.bin`), join(folder, `guard-${seed}-2.bin`)]
    for (const [at, path] of guards.entries()) writeFileSync(path, await trainWorldGuard({ seed: 10 * seed + at }))
    const reference = join(folder, `reference-${seed}.jsonl`)
    writeFileSync(reference, linesOf(cleanRows('selection', 100 + seed, 400)))
    const clean = cleanRows('test', 200 + seed, 200)
    const sets: readonly (readonly [string, readonly Chat[], readonly Chat[]])[] = [
      ['clean', clean, []],
      ['plain harmful', clean, harmfulRows('test', 300 + seed, POISON)],
      ['mixed harmful', clean, mixedRows('test', 400 + seed, POISON)],
    ]
    for (const [name, kept, poison] of sets)
      for (const [who, given] of [
        ['world', guards],
        ['shipped (control)', []],
      ] as const) {
        const data = join(folder, 'set.jsonl')
        writeFileSync(data, linesOf([...kept, ...poison]))
        const out = join(folder, 'out')
        await runScreen({
          ...{ data: [data], out, guards: given, reference, falseAlarms: 0.01, outside: [], workers: 1, threads: 1 },
          ...{ seed, resume: false, onProgress: () => undefined },
        })
        const rows = readFileSync(join(out, 'rows.jsonl'), 'utf8').trimEnd().split('\n')
        const flagged = rows.map((line) => (JSON.parse(line) as ScreenedRow).verdict === 'flag')
        const count = (from: number, to: number): number => flagged.slice(from, to).filter(Boolean).length
        const add = (what: string, hits: number, all: number): void => {
          const key = `${who} | ${what}`
          const [before, total] = sums.get(key) ?? [0, 0]
          sums.set(key, [before + hits, total + all])
        }
        if (poison.length > 0) add(`${name} rows (recall)`, count(kept.length, flagged.length), poison.length)
        else add('clean set (false alarms)', count(0, kept.length), kept.length)
      }
  }
  for (const [key, [hits, all]] of sums) {
    const interval = exactInterval(hits, all)
    const range = interval === null ? '' : `${(100 * interval.low).toFixed(1)}–${(100 * interval.high).toFixed(1)}`
    print(`| ${key} | ${all} (${seeds} seeds) | ${hits} | ${((100 * hits) / all).toFixed(1)} | ${range} |`)
  }
}
