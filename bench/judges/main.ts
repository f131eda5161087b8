/**
 * What a verdict costs: the embedded guard's tiers, the small world's judge by a label alone, with a critique of everything, and with a
 * critique of what it calls unsafe, in plain TypeScript and in llama.cpp.
 *
 *   npm ci --prefix integration/llama-cpp
 *   npm run bench:judges [-- --rows 60] [--seed 1]
 *
 * Rows are of the world's test split, of the kind `judge`; the same texts for all. The embedded guard knows nothing of invented things, so
 * only its time is shown. Small models: a guard model of eight billion parameters costs thousands of times as much a token.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createChatModel, MODEL_FILES } from '../../src/engines/embedded/index.ts'
import { createLlamaCppEngine } from '../../src/engines/llama-cpp/index.ts'
import { readCheckpoint, writeGguf } from '../../src/lab/checkpoints/index.ts'
import { checkAnswer, requestText, type WorldRow, worldRows } from '../../src/lab/world/index.ts'
import { CRITIQUE_SYSTEM, JUDGE_SYSTEM, parseLabel } from '../../src/lab/world/judge-format.ts'
import type { ChatMessage, CompletionUsage } from '../../src/spec/index.ts'
import { openTier, TIER_NAMES } from '../model/tiers.ts'
import { formatTable, percent } from '../model/table.ts'

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
})
const MAX_TOKENS = 70
const door = new URL('../../integration/llama-cpp/', import.meta.url)
if (!existsSync(new URL('node_modules/node-llama-cpp', door))) {
  process.stderr.write('node-llama-cpp is not installed. Run: npm ci --prefix integration/llama-cpp\n')
  process.exit(1)
}

interface Answered {
  readonly text: string
  readonly usage: CompletionUsage | null
}
type Ask = (messages: readonly ChatMessage[]) => Promise<Answered>

const rows = [...worldRows({ split: 'test', seed: Number(values.seed), counts: { judge: Number(values.rows) } })]
const chatFile = fileURLToPath(MODEL_FILES.chat)
const folder = mkdtempSync(join(tmpdir(), 'parapet-judges-'))
try {
  const table: (readonly string[])[] = []
  for (const name of TIER_NAMES) table.push(await embedded(name))
  const model = await createChatModel(readFileSync(chatFile), chatFile)
  table.push(
    ...(await judged('TypeScript', async (messages) => {
      let [text, usage]: [string, CompletionUsage | null] = ['', null]
      for await (const part of model.generate(messages, { maxTokens: MAX_TOKENS, temperature: 0, seed: 0 }))
        if (part.type === 'text') text += part.text
        else usage = part.usage ?? null
      return { text, usage }
    })),
  )
  const gguf = join(folder, 'world.gguf')
  await writeGguf(gguf, await readCheckpoint(chatFile))
  const { loadNodeLlamaCpp } = (await import(fileURLToPath(new URL('node-llama-cpp.ts', door)))) as {
    readonly loadNodeLlamaCpp: () => Promise<unknown>
  }
  const engine = createLlamaCppEngine({ gguf, load: loadNodeLlamaCpp })
  await engine.prepare()
  table.push(
    ...(await judged('llama.cpp', (messages) =>
      engine.complete({ chat: { messages }, completion: null, stop: [], maxTokens: MAX_TOKENS }),
    )),
  )
  await engine.dispose()
  const head = [
    'verdict',
    'run by',
    'right',
    'calls',
    'prompt tokens',
    'of them computed',
    'answer tokens',
    'ms, median',
  ]
  process.stdout.write(
    `${formatTable({ caption: `Cost of a verdict, mean of ${rows.length} texts`, head, rows: table })}\n`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function embedded(name: (typeof TIER_NAMES)[number]): Promise<readonly string[]> {
  const tier = await openTier(name, {})
  if (tier === null) return [`embedded, ${name}`, 'not installed', '–', '–', '–', '–', '–', '–']
  // The first text loads what is loaded on first use.
  await tier.score({ prompt: 'A first text.' })
  const times: number[] = []
  for (const row of rows) times.push((await tier.score({ prompt: requestText(row) })).milliseconds)
  return [`embedded, ${name}`, 'Parapet', '–', '–', '–', '–', '–', median(times).toFixed(2)]
}

/** The three ways of asking. The second of two calls has another instruction, so nothing of the first is spared. */
async function judged(runBy: string, ask: Ask): Promise<readonly (readonly string[])[]> {
  const asked = (row: WorldRow, system: string): readonly ChatMessage[] => [
    { role: 'system', content: system },
    { role: 'user', content: requestText(row) },
  ]
  const label = async (row: WorldRow): Promise<readonly Answered[]> => [await ask(asked(row, JUDGE_SYSTEM))]
  const all = async (row: WorldRow): Promise<readonly Answered[]> => [await ask(asked(row, CRITIQUE_SYSTEM))]
  const staged = async (row: WorldRow): Promise<readonly Answered[]> => {
    const first = await ask(asked(row, JUDGE_SYSTEM))
    return parseLabel(first.text)?.unsafe === false ? [first] : [first, await ask(asked(row, CRITIQUE_SYSTEM))]
  }
  return [
    await costOf('judge, label', runBy, label),
    await costOf('judge, critique of all', runBy, all),
    await costOf('judge, critique where unsafe', runBy, staged),
  ]
}

async function costOf(
  name: string,
  runBy: string,
  verdict: (row: WorldRow) => Promise<readonly Answered[]>,
): Promise<readonly string[]> {
  const times: number[] = []
  const answers: Answered[] = []
  let right = 0
  for (const row of rows) {
    const started = performance.now()
    const given = await verdict(row)
    times.push(performance.now() - started)
    answers.push(...given)
    right += Number(checkAnswer(row, given[0]?.text ?? ''))
  }
  const mean = (of: (usage: CompletionUsage) => number): string =>
    (answers.reduce((sum, { usage }) => sum + (usage === null ? Number.NaN : of(usage)), 0) / rows.length).toFixed(1)
  return [
    name,
    runBy,
    percent(right / rows.length),
    (answers.length / rows.length).toFixed(2),
    mean(({ promptTokens }) => promptTokens),
    mean(({ promptTokens, cachedTokens = 0 }) => promptTokens - cachedTokens),
    mean(({ completionTokens }) => completionTokens),
    median(times).toFixed(1),
  ]
}

function median(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN
}
