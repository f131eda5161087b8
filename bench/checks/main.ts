/**
 * Checks against rivals, in one process: quality (AUPRC on each development set) and cost (microseconds and megabytes a second)
 * of all of Parapet's guards together.
 *
 *   npx tsx bench/checks/main.ts --data DIR [--json FILE]
 *
 * DIR holds gzipped JSON Lines in the record form. Nothing is tuned here.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createParapet } from '../../src/compose/index.ts'
import { BUILTIN_POLICY } from '../../src/compose/builtin-policy.ts'
import { rankingMetrics } from '../../src/lab/eval/index.ts'
import type { LabelledSet } from './rows.ts'
import { readSets, taskScore } from './rows.ts'
import type { Scorer } from './rivals.ts'
import { llmGuardrail, llmGuardrailAll, loadHai, vardDefault } from './rivals.ts'

const { values } = parseArgs({ options: { data: { type: 'string' }, json: { type: 'string' } } })
if (values.data === undefined) throw new Error('Give the folder with the development sets: --data DIR')

const sets = readSets(values.data)
const parapet = await createParapet({ ...BUILTIN_POLICY, cache: false })
const hai = await loadHai()

const quality: Record<string, unknown>[] = []
print(
  '| set | rows | base | Parapet | best head of llm_guardrail | its checkAll | vard | hai | lift over base: Parapet / best head |',
)
print('|---|---|---|---|---|---|---|---|---|')
for (const set of sets) await measureQuality(set)

const texts = sets
  .flatMap(({ rows }) => rows.map(({ text }) => text))
  .filter((text) => text !== '')
  .filter((_, index) => index % 12 === 0)
const scorers: readonly Scorer[] = [
  {
    name: 'Parapet, all guards',
    score: async (text) => ((await parapet.check({ prompt: text })).decision === 'pass' ? 0 : 1),
  },
  llmGuardrailAll,
  vardDefault,
  hai,
]
print(
  `\n${texts.length} texts, ${texts.reduce((sum, text) => sum + text.length, 0)} characters, three rounds after one warm-up\n`,
)
print('| package | median µs | p99 µs | mean µs | MB/s | mean, times Parapet |')
print('|---|---|---|---|---|---|')
const speed = await measureSpeed(scorers)
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ quality, speed }, null, 2)}\n`)
await parapet.close()
process.exit(0)

async function measureQuality({ name, task, rows }: LabelledSet): Promise<void> {
  const base = rows.filter(({ label }) => label === 1).length / rows.length
  const rank = (scores: readonly number[]): number =>
    rankingMetrics(rows.map(({ label }, index) => ({ label, score: scores[index] ?? 0 }))).averagePrecision ??
    Number.NaN
  const ours: number[] = []
  for (const { input } of rows) ours.push(taskScore(task, await parapet.check(input)))
  const heads = await Promise.all(llmGuardrail.map((scorer) => scoreAll(scorer, rows)))
  const anyHead = rows.map((_, index) => Math.max(...heads.map((scores) => scores[index] ?? 0)))
  const others = await Promise.all([vardDefault, hai].map((scorer) => scoreAll(scorer, rows)))
  const [injection = 0, jailbreak = 0, malicious = 0, all = 0, vard = 0, haiScore = 0] = [
    ...heads,
    anyHead,
    ...others,
  ].map(rank)
  const parapetScore = rank(ours)
  const best = Math.max(injection, jailbreak, malicious)
  const lift = (value: number): number => (value - base) / (1 - base)
  quality.push({
    set: name,
    rows: rows.length,
    base,
    parapet: parapetScore,
    injection,
    jailbreak,
    malicious,
    all,
    vard,
    hai: haiScore,
  })
  const cells = [parapetScore, best, all, vard, haiScore].map((value) => (100 * value).toFixed(1))
  print(
    `| ${[name, rows.length, (100 * base).toFixed(1), ...cells, `${lift(parapetScore).toFixed(3)} / ${lift(best).toFixed(3)}`].join(' | ')} |`,
  )
}

async function scoreAll(scorer: Scorer, rows: LabelledSet['rows']): Promise<readonly number[]> {
  const scores: number[] = []
  for (const { text } of rows) scores.push(await scorer.score(text))
  return scores
}

async function measureSpeed(candidates: readonly Scorer[]): Promise<readonly object[]> {
  const megabytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6
  const times = new Map<string, number[]>(candidates.map(({ name }) => [name, []]))
  for (let round = 0; round < 4; round++) {
    for (const { name, score } of candidates) {
      for (const text of texts) {
        const start = performance.now()
        await score(text)
        if (round > 0) times.get(name)?.push((performance.now() - start) * 1000)
      }
    }
  }
  let own = 0
  return candidates.map(({ name }) => {
    const sorted = (times.get(name) ?? []).toSorted((left, right) => left - right)
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
    const mean = sorted.reduce((sum, time) => sum + time, 0) / sorted.length
    if (own === 0) own = mean
    const rate = (3 * megabytes) / ((mean * sorted.length) / 1e6)
    print(
      `| ${[name, at(0.5).toFixed(0), at(0.99).toFixed(0), mean.toFixed(0), rate.toFixed(2), (mean / own).toFixed(1)].join(' | ')} |`,
    )
    return { name, median: at(0.5), p99: at(0.99), mean, megabytesPerSecond: rate }
  })
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
