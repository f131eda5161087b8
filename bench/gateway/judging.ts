/**
 * What judging costs without a gateway around it: microseconds of each guard of the built-in policy, of a whole check and of a whole
 * turn, on texts that never repeat (so no cached verdict helps).
 *
 *   npm run build && npx tsx bench/gateway/judging.ts [--root FOLDER] [--against FOLDER] [--data DIR] [--rounds N] [--texts N]
 *
 * Measures what is built in `dist`. `--against` names another checkout of this repository, built too; both are then measured in turns
 * in the same process. `--data` adds the development sets. The figures are processor time, which other work on the machine disturbs
 * less than the clock, as medians over rounds of the mean of a round.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import type { Guard, GuardRequest, StreamPart, TextView } from '../../src/spec/index.ts'
import { textOf } from './texts.ts'

const { values } = parseArgs({
  options: {
    root: { type: 'string', default: fileURLToPath(new URL('../..', import.meta.url)) },
    against: { type: 'string' },
    data: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    texts: { type: 'string', default: '400' },
  },
})
const ROUNDS = Number(values.rounds)
const TEXTS = Number(values.texts)
const SYSTEM = 'You are the assistant of a small town. Answer briefly and politely, in the language of the question.'

interface Checkout {
  readonly name: string
  readonly view: (text: string) => TextView
  readonly guards: readonly Guard[]
  readonly check: (text: string) => Promise<unknown>
  readonly turn: (prompt: string, answer: string) => Promise<unknown>
}

async function load(name: string, folder: string): Promise<Checkout> {
  const from = async <Module>(path: string): Promise<Module> =>
    (await import(pathToFileURL(join(folder, 'dist', path.replace(/ts$/, 'js'))).href)) as Module
  const { createTextView } = await from<typeof import('../../src/core/text/index.ts')>('core/text/index.ts')
  const { createUnicodeGuard } =
    await from<typeof import('../../src/guards/unicode/index.ts')>('guards/unicode/index.ts')
  const { createLimitsGuard } = await from<typeof import('../../src/guards/limits/index.ts')>('guards/limits/index.ts')
  const { createSecretsGuard } =
    await from<typeof import('../../src/guards/secrets/index.ts')>('guards/secrets/index.ts')
  const { createPiiGuard } = await from<typeof import('../../src/guards/pii/index.ts')>('guards/pii/index.ts')
  const leak = await from<typeof import('../../src/guards/prompt-leak/index.ts')>('guards/prompt-leak/index.ts')
  const classifier = await from<typeof import('../../src/guards/classifier/index.ts')>('guards/classifier/index.ts')
  const embedded = await from<typeof import('../../src/engines/embedded/index.ts')>('engines/embedded/index.ts')
  const secretlint = await from<typeof import('../../src/engines/secretlint/index.ts')>('engines/secretlint/index.ts')
  const { createParapet } = await from<typeof import('../../src/compose/index.ts')>('compose/index.ts')
  const parapet = await createParapet()
  return {
    name,
    view: createTextView,
    guards: [
      createUnicodeGuard(),
      await createLimitsGuard({ characters: 1_000_000 }),
      createSecretsGuard({ id: 'secrets', linter: secretlint.createSecretLinter() }),
      createPiiGuard({ id: 'pii', mode: 'mask' }),
      leak.createPromptLeakGuard({ id: 'prompt-leak' }),
      classifier.createClassifierGuard({ engine: await embedded.loadEmbeddedClassifier() }),
    ],
    check: (text) => parapet.check({ prompt: text, stage: 'input' }),
    turn: async (prompt, answer) => {
      const messages = [
        { role: 'system', content: SYSTEM },
        { role: 'user', content: prompt },
      ] as const
      const stream = parapet.converse({ messages }, async () => answerParts(answer))
      // oxlint-disable-next-line no-unused-vars
      for await (const _ of stream);
      return stream.result
    },
  }
}

async function* answerParts(answer: string): AsyncGenerator<StreamPart> {
  yield { type: 'text', text: answer, last: true }
  yield { type: 'finish', reason: 'stop' }
}

const caller = {}
const { signal } = new AbortController()

function request(stage: 'input' | 'output', text: TextView): GuardRequest {
  return { stage, field: stage === 'input' ? 'prompt' : 'response', text, caller, signal, system: SYSTEM }
}

/** One figure: a name and a function that judges text number `index`. */
interface Case {
  readonly name: string
  readonly run: (checkout: Checkout, index: number, text: string) => unknown
}

function cases(checkout: Checkout, stage: 'input' | 'output'): readonly Case[] {
  const guards = checkout.guards.filter(
    ({ id, stages }) => stages.includes(stage) && (stage === 'input' || id !== 'limits'),
  )
  return [
    { name: 'text view', run: ({ view }, _, text) => view(text) },
    ...guards.map(({ id }) => ({
      name: id,
      run: (one: Checkout, _: number, text: string) =>
        one.guards.find((guard) => guard.id === id)?.check(request(stage, one.view(text))),
    })),
  ]
}

async function time(checkout: Checkout, one: Case, texts: readonly string[]): Promise<number> {
  const before = process.cpuUsage()
  for (const [index, text] of texts.entries()) {
    const made = one.run(checkout, index, text)
    if (made instanceof Promise) await made
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / texts.length
}

let next = 0
const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN

async function measure(
  title: string,
  rows: readonly Case[],
  make: () => readonly string[],
  checkouts: readonly Checkout[],
): Promise<void> {
  const times = new Map<string, number[]>()
  for (let round = -3; round < ROUNDS; round += 1) {
    for (const row of rows) {
      // Each checkout gets texts of its own, as new to its caches as to the other's.
      for (const checkout of round % 2 === 0 ? checkouts : checkouts.toReversed()) {
        const taken = await time(checkout, row, make())
        const key = `${row.name}\n${checkout.name}`
        if (round >= 0) times.set(key, [...(times.get(key) ?? []), taken])
      }
    }
  }
  process.stdout.write(`\n### ${title}\n\n| µs | ${checkouts.map(({ name }) => name).join(' | ')} |\n`)
  process.stdout.write(`|---|${checkouts.map(() => '---').join('|')}|\n`)
  for (const { name } of rows) {
    const cells = checkouts.map((checkout) => median(times.get(`${name}\n${checkout.name}`) ?? []).toFixed(1))
    process.stdout.write(`| ${name} | ${cells.join(' | ')} |\n`)
  }
}

const checkouts = [
  ...(values.against === undefined ? [] : [await load('before', resolve(values.against))]),
  await load(values.against === undefined ? 'here' : 'after', resolve(values.root)),
]
const [first] = checkouts
if (first === undefined) throw new Error('Nothing to measure.')

/** A text of so many characters, in memory as it comes out of a parser: in one piece, which cut and joined strings are not. */
function flatText(kind: 'prompt' | 'answer', length: number): string {
  return JSON.parse(JSON.stringify(textOf(kind, next++, length).slice(0, length))) as string
}

const prompts = (length: number) => (): readonly string[] =>
  Array.from({ length: TEXTS }, () => flatText('prompt', length))
const answers = (): readonly string[] => Array.from({ length: TEXTS }, () => flatText('answer', 300))
const check: Case = { name: 'check, all guards', run: (one, _, text) => one.check(text) }
const turn: Case = {
  name: 'turn, input and answer of 300 characters',
  run: (one, _, text) => one.turn(text, flatText('answer', 300)),
}
await measure('Prompts of 1,000 characters', [...cases(first, 'input'), check, turn], prompts(1000), checkouts)
await measure('Prompts of 300 characters', [...cases(first, 'input'), check, turn], prompts(300), checkouts)
await measure('Answers of 300 characters', cases(first, 'output'), answers, checkouts)
if (values.data !== undefined) {
  const rows = developmentTexts(values.data)
  const slice = (): readonly string[] =>
    Array.from({ length: TEXTS }, () => `${rows[next % rows.length] ?? ''} ${next++}`)
  await measure('Development sets, as prompts', [...cases(first, 'input'), check], slice, checkouts)
}
process.exit(0)

function developmentTexts(folder: string): readonly string[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.jsonl.gz'))
  const texts = files.toSorted().flatMap((file) =>
    gunzipSync(readFileSync(join(folder, file)))
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { readonly prompt: string }).prompt),
  )
  return texts.filter((text) => text !== '').filter((_, index) => index % 11 === 0)
}
