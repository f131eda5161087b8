/**
 * Policy-parallel judging (SafeWatch's idea, arXiv 2412.06878, for texts) on llama.cpp: what a policy of 1, 6 and 24 clauses costs on one
 * long prompt, clause by clause behind a kept prefix against full calls one after another; and what the order of the clauses does to
 * the verdict, against all clauses in one prompt.
 *
 *   npm ci --prefix integration/llama-cpp
 *   npm run bench:policy-parallel [-- --layers 4 --tokens 2000 --runs 3 --orders 12 --rows 60 --seed 7 --only random --json FILE]
 *
 * One thread. Costs are those of a model with random weights (`model.ts`), orders those of it and of a trained one (`trained.ts`); `--only
 * random` or `--only trained` runs one of both. Time is that of the processor beside the clock's, since others may use the machine. Ends
 * with 1 when a claim does not hold.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createLlamaCppEngine } from '../../src/engines/llama-cpp/index.ts'
import { policyText } from '../../src/guards/judge/formats/policy-judge/policy-text.ts'
import type { ClauseVerdict, PolicyClause } from '../../src/guards/judge/index.ts'
import { createClauseFormat, judgeClauses } from '../../src/guards/judge/index.ts'
import { writeGguf } from '../../src/lab/checkpoints/index.ts'
import { parameterCount } from '../../src/nn/decoder/config.ts'
import { createRandom } from '../../src/nn/random.ts'
import type { CompletionEngine } from '../../src/spec/index.ts'
import { CLAUSES } from './clauses.ts'
import { randomJudge, worldText } from './model.ts'
import { trainedOrderEffect } from './trained.ts'

/** The claims: probabilities under every order, and 24 clauses against one. */
const MOST_DIFFERENCE = 5e-3
const MOST_COST = 3
const SIZES = [1, 6, 24]

const { values } = parseArgs({
  options: {
    layers: { type: 'string', default: '4' },
    tokens: { type: 'string', default: '2000' },
    runs: { type: 'string', default: '3' },
    orders: { type: 'string', default: '12' },
    rows: { type: 'string', default: '60' },
    seed: { type: 'string', default: '7' },
    only: { type: 'string' },
    json: { type: 'string' },
  },
})
const [layers, wanted, runs, orders, seed] = [
  values.layers,
  values.tokens,
  values.runs,
  values.orders,
  values.seed,
].map(Number)

const door = new URL('../../integration/llama-cpp/', import.meta.url)
if (!existsSync(new URL('node_modules/node-llama-cpp', door))) {
  console.log('node-llama-cpp is not installed. Run: npm ci --prefix integration/llama-cpp')
  process.exit(1)
}
const { loadNodeLlamaCpp } = (await import(fileURLToPath(new URL('node-llama-cpp.ts', door)))) as {
  readonly loadNodeLlamaCpp: () => Promise<unknown>
}

interface Cost {
  calls: number
  prompt: number
  computed: number
  clock: number
  processor: number
}

const folder = mkdtempSync(join(tmpdir(), 'parapet-policies-'))
try {
  const random = values.only === 'trained' ? 0 : await measure()
  const trained = values.only === 'random' ? 0 : await measureTrained()
  process.exitCode = Math.max(random, trained)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measure(): Promise<number> {
  const gguf = join(folder, 'judge.gguf')
  const checkpoint = await randomJudge(layers ?? 4, seed ?? 7)
  await writeGguf(gguf, checkpoint)
  const engine = createLlamaCppEngine({ gguf, load: loadNodeLlamaCpp })
  await engine.prepare()
  const cost: Cost = { calls: 0, prompt: 0, computed: 0, clock: 0, processor: 0 }
  const counted: CompletionEngine = {
    ...engine,
    async complete(request, call) {
      const answer = await engine.complete(request, call)
      const { promptTokens = 0, cachedTokens = 0, completionTokens = 0 } = answer.usage ?? {}
      cost.calls += 1
      cost.prompt += promptTokens
      cost.computed += promptTokens - cachedTokens + completionTokens
      return answer
    },
  }
  const size = `${(parameterCount(checkpoint.config) / 1e6).toFixed(0)}M parameters, ${layers} layers, 32-bit weights, one thread`
  console.log(`A random judge: ${size}. ${runs} runs, medians; full calls once.\n`)

  const judge = { engine: counted, threshold: null }
  /** Another prompt, so that nothing of the next one is kept. */
  const forget = async (): Promise<void> => {
    await engine.complete({ chat: null, completion: 'no', stop: [], maxTokens: 1 })
  }
  const ask = (text: string, clauses: readonly PolicyClause[]): Promise<readonly ClauseVerdict[]> => {
    const question = { input: { prompt: text }, tasks: ['prompt_harm'] as const, all: true }
    return judgeClauses(judge, clauses.map(createClauseFormat), question, {})
  }
  const timed = async (run: () => Promise<unknown>): Promise<Cost> => {
    Object.assign(cost, { calls: 0, prompt: 0, computed: 0 })
    const [clock, before] = [performance.now(), process.cpuUsage()]
    await run()
    const { user, system } = process.cpuUsage(before)
    return { ...cost, clock: performance.now() - clock, processor: (user + system) / 1_000 }
  }

  const long = await textOf(engine, wanted ?? 2_000)
  const costs = new Map<string, Cost>()
  for (const count of SIZES) {
    const clauses = CLAUSES.slice(0, count)
    const parallel: Cost[] = []
    for (let run = 0; run < (runs ?? 3); run += 1) {
      await forget()
      parallel.push(await timed(() => ask(long, clauses)))
    }
    costs.set(`one at a time ${count}`, median(parallel))
    const full: Cost = { calls: 0, prompt: 0, computed: 0, clock: 0, processor: 0 }
    for (const clause of clauses) {
      await forget()
      const one = await timed(() => ask(long, [clause]))
      for (const key of Object.keys(full) as (keyof Cost)[]) full[key] += one[key]
    }
    costs.set(`full calls ${count}`, full)
  }
  const single = costs.get('one at a time 1') as Cost
  console.table(
    [...costs].map(([what, { calls, prompt, computed, clock, processor }]) => ({
      'clauses, asked': what,
      calls,
      'prompt tokens': prompt,
      'tokens computed': computed,
      'seconds, clock': seconds(clock),
      'seconds, processor': seconds(processor),
      '× one clause, tokens': (computed / single.computed).toFixed(2),
      '× one clause, processor': (processor / single.processor).toFixed(2),
    })),
  )

  const order = await orderEffect(ask, orders ?? 12)
  console.table(order.rows)
  const most = costs.get(`one at a time ${SIZES.at(-1)}`) as Cost
  const claims = [
    [`24 clauses cost at most ${MOST_COST} × one, in tokens`, most.computed / single.computed <= MOST_COST],
    [`24 clauses cost at most ${MOST_COST} × one, in processor time`, most.processor / single.processor <= MOST_COST],
    [
      `one at a time, every order gives the same labels and |Δp| ≤ ${MOST_DIFFERENCE}`,
      order.labels && order.parallel <= MOST_DIFFERENCE,
    ],
  ] as const
  for (const [claim, holds] of claims) console.log(`${holds ? 'shown' : 'NOT SHOWN'}: ${claim}`)
  if (values.json !== undefined)
    writeFileSync(values.json, JSON.stringify({ size, costs: Object.fromEntries(costs), order: order.rows }, null, 2))
  await engine.dispose()
  return claims.every(([, holds]) => holds) ? 0 : 1
}

/** Labels and probabilities of a trained judge under orders. */
async function measureTrained(): Promise<number> {
  const sizes = { rows: Number(values.rows), orders: orders ?? 12, seed: seed ?? 7 }
  const report = await trainedOrderEffect({ folder, load: loadNodeLlamaCpp, ...sizes })
  const holds = report.labels && report.difference <= MOST_DIFFERENCE
  console.log(`\n${report.lines.join('\n')}\n`)
  const claim = `the trained judge, one rule at a time: every order gives the same labels and |Δp| ≤ ${MOST_DIFFERENCE}`
  console.log(`${holds ? 'shown' : 'NOT SHOWN'}: ${claim}`)
  return holds ? 0 : 1
}

/** A text whose question about one clause has about so many tokens. */
async function textOf(engine: CompletionEngine, tokens: number): Promise<string> {
  const text = worldText(tokens * 8, 9)
  const sample = text.slice(0, 2_000)
  const { usage } = await engine.complete({ chat: null, completion: sample, stop: [], maxTokens: 1 })
  return text.slice(0, Math.round((tokens * sample.length) / (usage?.promptTokens ?? 1)))
}

/** Six clauses in several orders over three texts: each on its own, and all in one prompt. */
async function orderEffect(
  ask: (text: string, clauses: readonly PolicyClause[]) => Promise<readonly ClauseVerdict[]>,
  count: number,
): Promise<{ readonly rows: readonly object[]; readonly labels: boolean; readonly parallel: number }> {
  const random = createRandom(3)
  const clauses = CLAUSES.slice(0, 6)
  const rows: object[] = []
  let [labels, worst] = [true, 0]
  for (const place of [0, 1, 2]) {
    const text = worldText(700, 20 + place)
    const single = new Map<string, ClauseVerdict[]>()
    const whole: number[] = []
    for (let turn = 0; turn < count; turn += 1) {
      const shuffled = clauses.map((clause) => ({ clause, at: random() })).toSorted((a, b) => a.at - b.at)
      const inOrder = shuffled.map(({ clause }) => clause)
      for (const verdict of await ask(text, inOrder))
        single.set(verdict.clause.id, [...(single.get(verdict.clause.id) ?? []), verdict])
      const [together] = await ask(text, [{ id: 'ALL', title: 'All clauses of the policy', text: policyText(inOrder) }])
      whole.push(together?.probability ?? Number.NaN)
    }
    const spreads = [...single.values()].map((verdicts) =>
      spread(verdicts.map(({ probability }) => probability ?? NaN)),
    )
    const same = [...single.values()].every((verdicts) => new Set(verdicts.map(({ verdict }) => verdict)).size === 1)
    const largest = Math.max(...spreads)
    labels &&= same
    worst = Math.max(worst, largest)
    rows.push({
      text: place + 1,
      orders: count,
      'one at a time: largest |Δp|': largest.toExponential(1),
      'same labels': same,
      'in one prompt: largest |Δp|': spread(whole).toFixed(3),
      'in one prompt: labels': [...new Set(whole.map((p) => (p > 0.5 ? 'yes' : 'no')))].join(' and '),
    })
  }
  return { rows, labels, parallel: worst }
}

function spread(numbers: readonly number[]): number {
  return Math.max(...numbers) - Math.min(...numbers)
}

/** The run in the middle by processor time. */
function median(costs: readonly Cost[]): Cost {
  return costs.toSorted((one, other) => one.processor - other.processor)[Math.floor(costs.length / 2)] as Cost
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(2)
}
