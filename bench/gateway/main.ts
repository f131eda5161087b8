/**
 * Load on the gateway, beside Portkey's gateway without guards and the model server alone:
 *
 *   npm run build && npm ci --prefix bench --ignore-scripts
 *   npx tsx bench/gateway/main.ts [--quick] [--rounds N] [--dist FOLDER] [--only NAME,NAME] [--no-memory] [--json FILE]
 *
 * Each server runs on the first core, the model server and this load generator on the second. Rounds take the contenders in turn, in
 * another order each time, so that what else happens on the machine meets all of them. Loopback only; takes about eight minutes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Contender } from './contenders.ts'
import { pinSelf, startParapet, startPortkey, startUpstream } from './contenders.ts'
import type { Figures } from './measure.ts'
import { FULL, QUICK, measure, measureMemory } from './measure.ts'
import type { Memory } from './report.ts'
import { printRatios, printResults } from './report.ts'
import { verify } from './verify.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    dist: { type: 'string', default: fileURLToPath(new URL('../../dist', import.meta.url)) },
    only: { type: 'string' },
    'no-memory': { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const effort = values.quick ? QUICK : FULL
const rounds = values.rounds === undefined ? effort.rounds : Number(values.rounds)
const GUARDED = 'Parapet, all guards'
const UNGUARDED = 'Parapet, empty policy'
const UNRECORDED = 'Parapet, all guards, --store none'
const RIVAL = 'Portkey, no guards'
const DIRECT = 'direct'

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const progress = (line: string): void => void process.stderr.write(`${line}\n`)

const folder = mkdtempSync(join(tmpdir(), 'parapet-bench-'))
const emptyPolicy = join(folder, 'empty.yaml')
writeFileSync(emptyPolicy, 'parapet: 1\nname: empty\nrails: {}\n')
const dist = resolve(values.dist)
const note = pinSelf()
if (note !== null) print(note)

const upstream = await startUpstream()
const port = upstream.target.port
const makers: Readonly<Record<string, () => Promise<Contender>>> = {
  [DIRECT]: () => Promise.resolve(upstream),
  [RIVAL]: () => startPortkey(port),
  [GUARDED]: () => startParapet(GUARDED, port, { dist, folder: mkdtempSync(join(folder, 'a-')) }),
  [UNRECORDED]: () => startParapet(UNRECORDED, port, { dist, folder: mkdtempSync(join(folder, 'c-')), store: 'none' }),
  [UNGUARDED]: () =>
    startParapet(UNGUARDED, port, { dist, folder: mkdtempSync(join(folder, 'b-')), policy: emptyPolicy }),
}
const wanted = values.only?.split(',')
const names = Object.keys(makers).filter(
  (name) => name === DIRECT || (wanted?.some((part) => name.includes(part)) ?? true),
)

try {
  const results = await compare()
  const memory = values['no-memory'] ? [] : await compareMemory()
  printResults(results, print)
  printRatios(results, memory, { direct: DIRECT, rival: RIVAL, guarded: GUARDED, unguarded: UNGUARDED }, print)
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ results: Object.fromEntries(results), memory }, null, 2)}\n`)
  }
} finally {
  await upstream.close()
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)

async function compare(): Promise<ReadonlyMap<string, readonly Figures[]>> {
  const results = new Map<string, Figures[]>(names.map((name) => [name, []]))
  const contenders: Contender[] = []
  for (const name of names) {
    const made = await makers[name]?.()
    if (made === undefined) continue
    await verify(made)
    contenders.push(made)
  }
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const contender = contenders[(turn + round) % contenders.length]
      if (contender === undefined) continue
      const figures = await measure(contender, upstream, effort, 7 + round)
      results.get(contender.name)?.push(figures)
      progress(`round ${round + 1}: ${contender.name}: ${figures.many.rate.toFixed(0)} req/s, ${figures.failed} failed`)
      if (figures.failed > 0) print(`${contender.name}: ${figures.failed} requests failed in round ${round + 1}.`)
    }
  }
  for (const contender of contenders) if (contender !== upstream) await contender.close()
  return results
}

async function compareMemory(): Promise<readonly Memory[]> {
  const memory: Memory[] = []
  for (const name of names) {
    if (name === DIRECT || name === UNGUARDED) continue
    const contender = await makers[name]?.()
    if (contender === undefined) continue
    const { early, late, failed } = await measureMemory(contender, effort.memory)
    memory.push({ name, early, late })
    progress(`memory: ${name}: ${early.toFixed(0)} → ${late.toFixed(0)} MB, ${failed} failed`)
    await contender.close()
  }
  return memory
}
