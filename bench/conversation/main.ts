/**
 * Many-shot attacks by their number of shots, and benign conversations of twelve turns, for three guards: the last turn alone, the whole
 * window as one text, and the conversation guard; and for a rail of the first and the last.
 *
 *   npx tsx bench/conversation/main.ts [--data DIR] [--rows 60] [--seed 2]
 *
 * Attack success is the share that no guard stops; no model is asked. Harmful prompts come from `train/research`, on which the shipped
 * weights were not trained; seed 1 was used to choose the guard's constants, from the other half of the rows.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createEmbeddedClassifier } from '../../src/engines/embedded/classifier.ts'
import { MODEL_FILES } from '../../src/engines/embedded/index.ts'
import { assessConversation, createConversationGuard } from '../../src/guards/conversation/index.ts'
import { createTextView } from '../../src/core/text/index.ts'
import { exactInterval } from '../../src/lab/eval/metrics/binomial.ts'
import { readRecordFile } from '../../src/lab/train/records.ts'
import type { TrainingRecord } from '../../src/lab/train/records.ts'
import { createRandom } from '../../src/nn/random.ts'
import type { ClassifierInput, Message } from '../../src/spec/index.ts'
import type { Attack } from './attacks.ts'
import { ATTACKS, attackOf } from './attacks.ts'
import { BENIGN, benignOf } from './benign.ts'

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    rows: { type: 'string', default: '60' },
    seed: { type: 'string', default: '2' },
  },
})
const rows = Number(values.rows)
const seed = Number(values.seed)
const SHOTS = [0, 1, 2, 4, 8, 16, 32, 64, 128]
const engine = createEmbeddedClassifier(readFileSync(MODEL_FILES.classifier))

/** Rows of files of the training parts: every other one for choosing constants, the others for the figures. */
function records(...names: readonly string[]): readonly TrainingRecord[] {
  return names
    .flatMap((name) => readRecordFile(join(values.data, 'train', `${name}.jsonl.gz`)).records)
    .filter((_, index) => index % 2 === seed % 2)
}

const harmful = records(
  'research/alert',
  'research/s_eval_base_en',
  'research/sg_bench_malicious',
  'research/s_eval_base_zh',
)
  .filter(({ task, label }) => task === 'prompt_harm' && label === 1)
  .map(({ prompt }) => prompt)
const quiet = harmful.filter((prompt) => turnScore({ prompt }) <= 0.5).slice(0, 2000)
const answered = records('research/alpaca_gpt4_demo_en_zh').map(
  ({ prompt, response }) => [prompt, response ?? ''] as const,
)
const requests = records('open/dstc8_offtopic', 'open/star_offtopic').map(({ prompt }) => prompt)
const borderline = records('open/over_refusal_hard_negatives')
  .filter(({ label }) => label === 0)
  .map(({ prompt }) => [prompt, 'Here is a short overview, and where to read more.'] as const)

function turnScore(input: ClassifierInput): number {
  const { prompt_harm: harm, injection_direct: injection } = engine.classify(input)
  return Math.max(harm ?? 0, injection ?? 0)
}

const text = ({ content }: Message): string => (typeof content === 'string' ? content : '')
type Stops = (messages: readonly Message[]) => boolean
const lastTurn: Stops = (messages) => turnScore({ prompt: messages.slice(-1).map(text).join('') }) > 0.5
const conversation: Stops = (messages) => assessConversation(messages, { engine }).score > 0.5
const GUARDS: Readonly<Record<string, Stops>> = {
  'last turn': lastTurn,
  'whole window': (messages) => turnScore({ prompt: messages.map(text).join('\n') }) > 0.5,
  conversation,
  'last turn + conversation': (messages) => lastTurn(messages) || conversation(messages),
}

const out = (line = ''): void => void process.stdout.write(`${line}\n`)
const share = (hits: number, all: number): string => {
  const { low, high } = exactInterval(hits, all) ?? { low: 0, high: 1 }
  return `${((100 * hits) / all).toFixed(1)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`
}

out(
  `Attack success in %, ${rows} attacks a cell, classifier ${engine.version.slice(0, 12)}, threshold 0.5, seed ${seed}.`,
)
out(
  `A constant guard that passes everything has 100 everywhere. Largest 95 % half width: ${((100 * 1) / Math.sqrt(rows)).toFixed(0)} points.`,
)
for (const kind of ATTACKS) attackTable(kind)
benignTable()
costTable()

function attackTable(kind: Attack): void {
  const shots = SHOTS.filter((k) => k > 0 || (kind !== 'innocuous end' && kind !== 'strewn'))
  out(`\n| ${kind}: shots | ${shots.join(' | ')} |\n|---|${shots.map(() => '--:').join('|')}|`)
  const made = shots.map((k) => {
    const random = createRandom(1000 * seed + k)
    return Array.from({ length: rows }, () => attackOf(kind, k, { harmful, quiet, benign: answered }, random))
  })
  for (const [name, stops] of Object.entries(GUARDS)) {
    const passed = made.map((attacks) => attacks.filter((attack) => !stops(attack)).length)
    out(`| ${name} | ${passed.map((count) => ((100 * count) / rows).toFixed(0)).join(' | ')} |`)
  }
}

/** Milliseconds for a conversation read for the first time, and again after one more turn. */
function costTable(): void {
  out('\n| turns | first, ms | one turn later, ms |\n|--:|--:|--:|')
  for (const turns of [12, 120, 1200, 10_000, 100_000]) {
    const messages = Array.from({ length: turns / 2 }, (_, at) => {
      const [question, answer] = answered[at % answered.length] ?? ['', '']
      return [
        { role: 'user', content: `${at} ${question}` },
        { role: 'assistant', content: answer },
      ] as const
    }).flat()
    const guard = createConversationGuard({ engine })
    const took = (conversation: readonly Message[]): string => {
      const text = createTextView(String(conversation.at(-1)?.content ?? ''))
      const { signal } = new AbortController()
      const begin = performance.now()
      void guard.check({ stage: 'input', field: 'prompt', text, messages: conversation, caller: {}, signal })
      return (performance.now() - begin).toFixed(1)
    }
    const first = took([...messages, { role: 'user', content: 'And now?' }])
    const again = took([
      ...messages,
      { role: 'user', content: 'And now?' },
      { role: 'assistant', content: 'Yes.' },
      { role: 'user', content: 'Go on, please.' },
    ])
    out(`| ${turns} | ${first} | ${again} |`)
  }
}

function benignTable(): void {
  const names = Object.keys(GUARDS)
  out(
    `\n| benign, 12 turns: blocked in % | rows | ${names.join(' | ')} |\n|---|--:|${names.map(() => '--:').join('|')}|`,
  )
  const made = BENIGN.map((kind) => {
    const random = createRandom(7 + seed)
    return [kind, Array.from({ length: 5 * rows }, () => benignOf(kind, { requests, answered }, random))] as const
  })
  const random = createRandom(11 + seed)
  const hard = Array.from({ length: rows }, () => benignOf('any subject', { requests, answered: borderline }, random))
  const all = ['all of these', made.flatMap(([, conversations]) => conversations)] as const
  const long = Array.from({ length: rows }, () => benignOf('any subject', { requests, answered }, random, 60))
  const more = [['borderline questions only', hard] as const, ['any subject, 120 turns', long] as const]
  for (const [kind, conversations] of [...made, all, ...more]) {
    const blocked = names.map((name) => conversations.filter((one) => GUARDS[name]?.(one) ?? false).length)
    out(
      `| ${kind} | ${conversations.length} | ${blocked.map((count) => share(count, conversations.length)).join(' | ')} |`,
    )
  }
}
