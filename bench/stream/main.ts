/**
 * What guarding a stream costs: characters held back, the delay that means at a model's speed, throughput, and whether the cost
 * per character stays the same however long the stream is. Run with `npx tsx bench/stream/main.ts`; prints JSON.
 *
 * The baseline is the same source read by the same loop with no guard in between, in the same run. Guards are those that run
 * without a model file; the embedded classifier is measured in `bench/checks`.
 */
import { createJudge } from '../../src/core/pipeline/index.ts'
import { compilePolicy } from '../../src/core/policy/index.ts'
import { GuardedParts } from '../../src/core/stream/guard-parts.ts'
import { guardParts } from '../../src/core/stream/index.ts'
import { createPiiGuard } from '../../src/guards/pii/index.ts'
import { createPromptLeakGuard } from '../../src/guards/prompt-leak/index.ts'
import { createSecretsGuard } from '../../src/guards/secrets/index.ts'
import { createUnicodeGuard } from '../../src/guards/unicode/index.ts'
import type { Clock, Guard, StreamPart } from '../../src/spec/index.ts'

const WINDOWS = [50, 200, 800]
const TOKEN = 4
const TOKENS_PER_SECOND = 100
const SENTENCES = [
  'The harbour was quiet in the morning, and the boats lay side by side. ',
  'Write to ann@example.org if the parcel of 12 May has not arrived. ',
  'A function returns early when its input is empty; see the third example. ',
  'Nobody had expected 1,250 visitors, least of all the cook. ',
]

const clock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
}

const guards: readonly Guard[] = await Promise.all([
  createUnicodeGuard({ id: 'unicode' }),
  createSecretsGuard({ id: 'secrets', entropy: true }),
  createPiiGuard({ id: 'pii', mode: 'mask' }),
  createPromptLeakGuard({ id: 'prompt-leak', canaries: ['canary-7f3a-91'] }),
])

function judgeFor(window: number, list: readonly Guard[] = guards) {
  const compiled = compilePolicy({
    parapet: 1,
    guards: Object.fromEntries(list.map(({ id }) => [id, { use: id }])),
    rails: { output: list.map(({ id }) => id) },
    stream: { window },
  })
  return createJudge({ policy: () => compiled, guards: new Map(list.map((guard) => [guard.id, guard])), clock })
}

function textOf(length: number): string {
  let text = ''
  for (let index = 0; text.length < length; index += 1) text += SENTENCES[index % SENTENCES.length] ?? ''
  return text.slice(0, length)
}

async function* tokens(text: string, size: number): AsyncGenerator<StreamPart> {
  for (let at = 0; at < text.length; at += size) yield { type: 'text', text: text.slice(at, at + size) }
}

async function timeOf(stream: AsyncIterable<unknown>): Promise<number> {
  const started = performance.now()
  // oxlint-disable-next-line no-unused-vars
  for await (const _ of stream);
  return performance.now() - started
}

/** The best of a few runs: what remains is the work, not the machine's other business. */
async function best(run: () => Promise<number>, times = 3): Promise<number> {
  let least = Infinity
  for (let index = 0; index < times; index += 1) least = Math.min(least, await run())
  return least
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits))

/** Characters that have arrived and not left, seen after each token of a source that pauses after each. */
async function holdBack(window: number, length: number, list: readonly Guard[]) {
  const text = textOf(length)
  let given = 0
  let left = 0
  const held: number[] = []
  const source = (async function* (): AsyncGenerator<StreamPart> {
    for (let at = 0; at < text.length; at += TOKEN) {
      if (at > 0) {
        // Longer than the pause after which waiting text is judged.
        await new Promise((resolve) => setTimeout(resolve, 6))
        held.push(given - left)
      }
      given = Math.min(at + TOKEN, text.length)
      yield { type: 'text', text: text.slice(at, given) }
    }
  })()
  const mask = /\[[A-Z._]+\]/g
  const producer = new GuardedParts(source, { judge: judgeFor(window, list) })
  let most = 0
  for (let part = await producer.produce(); part !== null; part = await producer.produce()) {
    most = Math.max(most, producer.source.answer.retained)
    // A mask stands for the e-mail address of the sample.
    if (part.type === 'text') left += part.text.replace(mask, 'ann@example.org').length
  }
  held.sort((a, b) => a - b)
  const mean = held.reduce((sum, value) => sum + value, 0) / held.length
  const p95 = held[Math.floor(held.length * 0.95)] ?? 0
  const ms = (characters: number): number => round((characters / TOKEN) * (1000 / TOKENS_PER_SECOND))
  return {
    characters: { mean: round(mean), p95, most: held.at(-1) ?? 0 },
    delayMs: { mean: ms(mean), p95: ms(p95) },
    retainedCharacters: most,
  }
}

async function throughput(window: number, size: number) {
  const text = textOf(200_000)
  const judge = judgeFor(window)
  const plain = await best(() => timeOf(tokens(text, size)))
  const guarded = await best(() => timeOf(guardParts(tokens(text, size), { judge })))
  const unjudged = await best(() => timeOf(guardParts(tokens(text, size), { judge: judgeFor(window, []) })))
  return {
    piece: size,
    plainMBs: round(text.length / plain / 1000),
    noGuardsMBs: round(text.length / unjudged / 1000),
    guardedMBs: round(text.length / guarded / 1000),
    ratio: round(guarded / plain),
    microsecondsPerToken: round(((guarded - plain) / (text.length / size)) * 1000, 3),
  }
}

async function linearity(window: number) {
  const judge = judgeFor(window)
  const rows = []
  for (const length of [10_000, 100_000, 1_000_000]) {
    const ms = await best(() => timeOf(guardParts(tokens(textOf(length), TOKEN), { judge })))
    rows.push({ length, nsPerCharacter: round((ms / length) * 1e6, 1) })
  }
  const [short, , long] = rows
  return { rows, ratio: round((long?.nsPerCharacter ?? 0) / (short?.nsPerCharacter ?? 1)) }
}

await timeOf(guardParts(tokens(textOf(300_000), TOKEN), { judge: judgeFor(200) }))
const report = {
  sample: {
    text: 'four invented sentences in rotation, one e-mail address in 270 characters',
    token: TOKEN,
    tokensPerSecond: TOKENS_PER_SECOND,
  },
  guards: guards.map(({ id, maxSpan }) => ({ id, maxSpan })),
  windows: [] as unknown[],
}
for (const window of WINDOWS) {
  report.windows.push({
    window,
    holdBack: await holdBack(window, 4000, guards),
    holdBackByGuard: Object.fromEntries(
      await Promise.all(
        guards.map(async (guard) => [guard.id, (await holdBack(window, 2000, [guard])).characters] as const),
      ),
    ),
    throughput: [await throughput(window, TOKEN), await throughput(window, 64)],
    linearity: await linearity(window),
  })
}
console.log(JSON.stringify(report, null, 2))
