/**
 * A distilled guard as a judge through llama.cpp: checkpoint, GGUF, node-llama-cpp, judge format, verdict, critique. First a tiny guard
 * taught here on invented rows, in both formats and against the same checkpoint in this process; then the small world's judge. Ends with
 * 1 when something differs.
 *
 *   npm ci --prefix integration/llama-cpp
 *   npm run bench:distill-serve [-- --rows 40]
 *
 * `PARAPET_LLAMA_CPP` names another folder in which node-llama-cpp is installed.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { MODEL_FILES } from '../../src/engines/embedded/index.ts'
import { createLlamaCppEngine } from '../../src/engines/llama-cpp/index.ts'
import { stageVerdict } from '../../src/guards/judge/formats/index.ts'
import { createJudgeGuard, judgeFormat, type JudgeFormat, verdictFor } from '../../src/guards/judge/index.ts'
import { createTextView } from '../../src/core/text/index.ts'
import { readCheckpoint, writeGguf } from '../../src/lab/checkpoints/index.ts'
import { checkpointOf, judgedTask } from '../../src/lab/distill/index.ts'
import { parseLabel, requestText, worldRows } from '../../src/lab/world/index.ts'
import { loadOnnxRuntime } from '../../src/nn/runtime/onnx-runtime.ts'
import type { CompletionEngine } from '../../src/spec/index.ts'
import { checkpointEngine } from './checkpoint-engine.ts'
import { TRADES, TRADE_ROWS, tradeGuard } from './invented.ts'
import { WORLD_FORMAT } from './world-format.ts'

const { values } = parseArgs({ options: { rows: { type: 'string', default: '40' } } })
const root = resolve(
  process.env['PARAPET_LLAMA_CPP'] ?? fileURLToPath(new URL('../../integration/llama-cpp', import.meta.url)),
)
if (!existsSync(join(root, 'node_modules', 'node-llama-cpp'))) {
  console.log('node-llama-cpp is not installed. Run: npm ci --prefix integration/llama-cpp')
  process.exit(1)
}
const entry = join(root, 'node_modules', 'node-llama-cpp', 'dist', 'index.js')
const load = (): Promise<unknown> =>
  import(pathToFileURL(existsSync(entry) ? entry : createRequire(join(root, 'x.js')).resolve('node-llama-cpp')).href)

let failed = 0
const check = (what: string, holds: boolean, detail = ''): void => {
  if (!holds) failed += 1
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}${detail === '' ? '' : ` (${detail})`}`)
}

const folder = mkdtempSync(join(tmpdir(), 'parapet-distill-'))
try {
  await tiny()
  await world(Number(values.rows))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(failed === 0 ? 'Distilled guards serve as judges.' : `${failed} checks failed.`)
process.exit(failed === 0 ? 0 : 1)

async function tiny(): Promise<void> {
  const runtime = await loadOnnxRuntime()
  const guard = await tradeGuard(runtime)
  const gguf = join(folder, 'trades.gguf')
  await writeGguf(gguf, checkpointOf(guard))
  const [served, here] = [createLlamaCppEngine({ gguf, load }), await checkpointEngine(runtime, guard)]
  const formats: readonly JudgeFormat[] = [judgeFormat('thinkguard', { clauses: TRADES }), judgeFormat('guardreasoner')]
  for (const format of formats) {
    let [right, same, reasoned, critiqued] = [0, 0, 0, 0]
    for (const row of TRADE_ROWS) {
      const [one, other] = [await judged(served, format, row.prompt), await judged(here, format, row.prompt)]
      right += Number(one.verdict === (row.labels[judgedTask(row)] === true ? 'positive' : 'negative'))
      same += Number(one.label === other.label)
      reasoned += Number(one.critique !== null && one.critique.text === other.critique?.text)
      critiqued += Number(one.critique !== null && one.critique.text !== '' && !one.critique.contradicts)
    }
    const of = `of ${TRADE_ROWS.length}`
    check(`${format.name}: verdicts of the labels it was taught`, right === TRADE_ROWS.length, `${right} ${of}`)
    check(
      `${format.name}: the same label as the checkpoint in this process`,
      same === TRADE_ROWS.length,
      `${same} ${of}`,
    )
    check(
      `${format.name}: reasons that do not contradict the label`,
      critiqued === TRADE_ROWS.length,
      `${critiqued} ${of}`,
    )
    console.log(
      `     the same words of reasons as in this process: ${reasoned} ${of}; 16 and 32 bits of the cache may differ`,
    )
  }
  const policy = createJudgeGuard({ engine: served, format: 'thinkguard', policy: TRADES })
  const text = createTextView('Forge a map')
  const report = await policy.check({
    stage: 'input',
    field: 'prompt',
    text,
    caller: {},
    signal: new AbortController().signal,
  })
  const critiques = await policy.critiques(report)
  check(
    'the guard of the pipeline finds a forbidden prompt',
    report.scores?.prompt_harm !== undefined && (report.scores.prompt_harm ?? 0) > 0.5,
  )
  check('and gives its critique, with the clause', critiques[0]?.clauses[0]?.id === 'T1', critiques[0]?.text)
  await served.dispose()
}

async function world(rows: number): Promise<void> {
  const gguf = join(folder, 'world.gguf')
  await writeGguf(gguf, await readCheckpoint(fileURLToPath(MODEL_FILES.chat)))
  const engine = createLlamaCppEngine({ gguf, load })
  let [all, right, critiqued, contradicts, unreadable] = [0, 0, 0, 0, 0]
  for (const row of worldRows({ split: 'test', seed: 7, counts: { judge: rows } })) {
    const truth = parseLabel(row.messages.at(-1)?.content ?? '')
    if (truth === null) continue
    const { verdict, critique } = await judged(engine, WORLD_FORMAT, requestText(row).replace(/^User: /, ''))
    all += 1
    right += Number(verdict === (truth.unsafe ? 'positive' : 'negative'))
    unreadable += Number(verdict === 'unparsable')
    critiqued += Number(critique !== null && critique.text !== '')
    contradicts += Number(critique?.contradicts === true)
  }
  check(
    'the world’s judge: right labels of its test split',
    right >= 0.8 * all,
    `${right} of ${all}, ${unreadable} not readable`,
  )
  check(
    'and a critique for each label',
    critiqued >= 0.9 * all,
    `${critiqued} of ${all}, ${contradicts} contradict the label`,
  )
  await engine.dispose()
}

async function judged(
  engine: CompletionEngine,
  format: JudgeFormat,
  prompt: string,
): Promise<{
  readonly verdict: string
  readonly label: string
  readonly critique: Awaited<ReturnType<ReturnType<typeof stageVerdict>['critique']>>
}> {
  const staged = stageVerdict(format, { prompt }, async (request) => (await engine.complete(request)).text)
  const reading = await staged.verdict()
  const label = reading.kind === 'label' ? JSON.stringify([reading.labels, reading.categories]) : 'none'
  return { verdict: verdictFor(reading, 'prompt_harm'), label, critique: await staged.critique() }
}
