/**
 * GCG steps a second of the Virus search, and what a step costs in plain forward passes: victim and guard over as many conversations as a step has
 * candidates, in the same run, by processor time. The guard has the victim's weights: speed does not depend on what it has learnt.
 *
 *   npm run bench:gcg [-- --sizes demo,25M --steps 12 --candidates 32 --json FILE]
 *
 * `demo` is the model that ships; other sizes are random weights of that shape over its vocabulary.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { CandidateGradients } from '../../src/lab/redteam/virus/candidate-gradients.ts'
import {
  type PoisonSlot,
  VerdictGuard,
  openWhiteBox,
  optimiseSlot,
  poisonSlot,
} from '../../src/lab/redteam/virus/index.ts'
import { questionTokens } from '../../src/lab/redteam/virus/verdict-format.ts'
import { VictimGradients } from '../../src/lab/redteam/virus/victim-gradients.ts'
import { type Victim, loadVictim, withParameters, worldExamples } from '../../src/lab/victim/index.ts'
import { initialDecoder, parameterCount } from '../../src/nn/decoder/config.ts'
import { decode } from '../../src/nn/decoder/forward.ts'
import { decoderWeights } from '../../src/nn/decoder/weights.ts'
import { EvaluationSession } from '../../src/nn/runtime/evaluation-session.ts'
import { caseConfig } from '../nn/step-case.ts'

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: 'demo,25M' },
    steps: { type: 'string', default: '12' },
    candidates: { type: 'string', default: '32' },
    json: { type: 'string' },
  },
})
const [steps, candidates] = [Number(values.steps), Number(values.candidates)]
const table: Record<string, unknown>[] = []
for (const size of values.sizes.split(',')) table.push(await measure(size))
console.table(table)
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(table, null, 2)}\n`)

async function measure(size: string): Promise<Record<string, unknown>> {
  const victim = await victimOfSize(size)
  const { tokenizer, config } = victim
  const [allowed = []] = worldExamples({ kind: 'task', count: 1, seed: 1 })
  const [forbidden = []] = worldExamples({ kind: 'forbidden-answered', count: 1, seed: 1 })
  const slot = poisonSlot(tokenizer, config.maxLength, allowed, forbidden)
  const guard = new VerdictGuard('guard', victim, 16)
  const box = openWhiteBox(victim, guard)
  // λ = 0.5 needs both models; random weights have no bound to reach early.
  const settings = { lambda: 0.5, topK: 32, candidates, seed: 1 }
  await optimiseSlot(box, slot, { ...settings, steps: 1 })
  const search = await timed(async () => (await optimiseSlot(box, slot, { ...settings, steps })).history.length - 1)
  const plain = await plainPasses(victim, guard, slot)
  const full = await fullGradients(victim, slot)
  await box.dispose()
  await guard.dispose()
  const step = search.processor / Math.max(1, search.result)
  return {
    ...{ model: size, parameters: parameterCount(config), tokens: slot.ids.length, candidates },
    'steps a second, clock': rounded(search.result / search.clock),
    'steps a second, processor': rounded(1 / step),
    'plain passes of the candidates, s': rounded(plain),
    'a step in plain passes': rounded(step / plain),
    'gradient figures one by one, s': rounded(full.single),
    'all together, s': rounded(full.together),
  }
}

/** Processor seconds of one forward pass of all candidates through victim and guard, nothing else. */
async function plainPasses({ runtime, config, parameters, tokenizer }: Victim, guard: VerdictGuard, slot: PoisonSlot) {
  const session = new EvaluationSession<{ readonly length: number }>({
    ...{ runtime, parameters, storeParameters: true },
    build: (graph, symbols, { length }) => {
      const ids = graph.input('ids', [candidates, length], { dataType: 'int64' })
      const weights = decoderWeights(config, symbols)
      return { logits: weights.output(decode(config, weights, ids)) }
    },
  })
  const { length } = slot.ids
  const ids = BigInt64Array.from({ length: candidates * length }, (_, at) => BigInt(slot.ids[at % length] ?? 0))
  const asked = Int32Array.from(questionTokens(tokenizer, slot.messages))
  const all = Array.from({ length: candidates }, () => asked)
  const pass = async (): Promise<void> => {
    await session.run({ length }, { ids })
    await guard.scores(all)
  }
  await pass()
  const { processor } = await timed(pass)
  await session.dispose()
  return processor
}

/** Processor seconds of the exact gradient figures of all candidates: by gradients of weights one at a time, and in one graph without them. */
async function fullGradients(victim: Victim, slot: PoisonSlot) {
  const one = new VictimGradients({ ...victim, tuned: 'all' })
  const { gradient } = await one.ofWeights(slot)
  const single = await timed(async () => {
    for (let at = 0; at < candidates; at += 1) await one.ofWeights(slot)
  })
  await one.dispose()
  const many = new CandidateGradients({ ...victim, tuned: 'all' }, 8)
  const slots = Array.from({ length: candidates }, () => slot)
  await many.figures(slots, gradient)
  const together = await timed(() => many.figures(slots, gradient))
  await many.dispose()
  return { single: single.processor, together: together.processor }
}

async function victimOfSize(size: string): Promise<Victim> {
  const demo = await loadVictim('demo')
  if (size === 'demo') return demo
  const { vocabularySize, maxLength } = demo.config
  const config = { ...caseConfig(size, maxLength), vocabularySize }
  return withParameters({ ...demo, config }, size, initialDecoder(config, 1))
}

/** Seconds by the clock and of the processor. */
async function timed<Result>(
  run: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly clock: number; readonly processor: number }> {
  const [started, before] = [performance.now(), process.cpuUsage()]
  const result = await run()
  const { user, system } = process.cpuUsage(before)
  return { result, clock: (performance.now() - started) / 1000, processor: (user + system) / 1e6 }
}

function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
