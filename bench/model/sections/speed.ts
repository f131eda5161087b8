/**
 * Speed of both tiers, each beside a limit measured in the same run: one pass over the bytes that have to be read anyhow.
 *
 * One thread. The machine's other work is in the figures, which is why the limits are too.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createDeepTier, createEmbeddedClassifier } from '../../../src/engines/embedded/index.ts'
import { percentile } from '../../../src/lab/eval/metrics/latency.ts'
import { loadOnnxRuntime } from '../../../src/nn/runtime/onnx-runtime.ts'
import type { DevData } from '../dev-data.ts'
import type { SectionResult } from '../section.ts'
import type { Table } from '../table.ts'
import { decimal } from '../table.ts'
import type { ModelPaths } from '../tiers.ts'
import { deepPathOf, fastPathOf } from '../tiers.ts'

const TEXT_SETS = ['duoguard_openai', 'duoguard_toxicchat', 'clinc_oos_test', 'apeach_ko', 'cold_test'] as const
const BYTES = 1024
const TEXTS = 500
const WARM_UP_MS = 500
const MEASURED_MS = 2000
const PROCESSES = 5
const DEEP_RUNS = 15
const TOKENS = [60, 128] as const

/** Microseconds of single calls, and calls a second over the whole time. */
interface CallTimes {
  readonly p50: number | null
  readonly p99: number | null
  readonly perSecond: number
  /** Calls a second of processor time, which other work on the machine does not shorten. */
  readonly perProcessorSecond: number
}

interface DeepTimes {
  readonly runtime: 'node' | 'web'
  readonly tokens: number
  /** Medians and 99th percentile; null where the runtime does not load. */
  readonly p50: number | null
  readonly p99: number | null
}

export async function measureSpeed(paths: ModelPaths, data: DevData): Promise<SectionResult> {
  const fastFile = fastPathOf(paths)
  const texts = kilobytes(data)
  const engine = createEmbeddedClassifier(readFileSync(fastFile))
  const fast =
    texts.length === 0 ? null : timeCalls(texts, (text) => engine.classify({ prompt: text }).prompt_harm ?? 0)
  const prompt =
    texts.length === 0 ? null : timeCalls(texts, (text) => engine.read?.(text).scores.prompt_harm ?? Number.NaN)
  const limit = texts.length === 0 ? null : timeCalls(texts, sumOfUnits)
  const loads = Array.from({ length: PROCESSES }, () => loadInFreshProcess(fastFile))
  const load = percentile(
    loads.map((one) => one.load),
    0.5,
  )
  const pass = percentile(
    loads.map((one) => one.pass),
    0.5,
  )
  const deepFile = deepPathOf(paths)
  const deep = deepFile === null ? null : await timeDeep(readFileSync(deepFile))
  return {
    tables: [
      fast === null || prompt === null || limit === null ? null : callTable(texts.length, { prompt, fast, limit }),
      {
        caption: `Loading the fast tier from bytes: medians of ${PROCESSES} fresh processes, ms`,
        head: ['', 'ms', 'times the limit'],
        rows: [
          ['load', decimal(load, 1), ratioCell(load, pass)],
          ['limit: one pass over the bytes', decimal(pass, 1), '1'],
        ],
      },
      deep === null ? null : deepTable(deep),
    ].filter((table) => table !== null),
    aims: [],
    notes: [
      ...(texts.length === 0 ? [`Calls: skipped, none of ${TEXT_SETS.join(', ')} is there.`] : []),
      ...(deep === null ? ['Deep tier: no model file, not measured.'] : []),
    ],
    figures: { fast, prompt, limit, load, pass, deep },
  }
}

/** Texts of 1,024 bytes in several languages, cut from the sets in turn. */
function kilobytes(data: DevData): readonly string[] {
  const pieces = TEXT_SETS.map((set) => {
    const bytes = Buffer.from((data.rows(set) ?? []).map(({ prompt }) => prompt).join('\n'))
    // A character that the cut went through is left out.
    return Array.from({ length: Math.floor(bytes.length / BYTES) }, (_, at) =>
      bytes
        .subarray(at * BYTES, (at + 1) * BYTES)
        .toString('utf8')
        .replaceAll('\uFFFD', ''),
    )
  })
  const longest = Math.max(...pieces.map(({ length }) => length))
  const inTurn = Array.from({ length: longest }, (_, at) => pieces.flatMap((own) => own[at] ?? []))
  return inTurn.flat().slice(0, TEXTS)
}

/** The result of every call is summed up, so that no call can be left out. */
function timeCalls(texts: readonly string[], call: (text: string) => number): CallTimes {
  let sum = 0
  const timesWithin = (milliseconds: number): readonly number[] => {
    const times: number[] = []
    const end = performance.now() + milliseconds
    for (let at = 0; performance.now() < end; at = (at + 1) % texts.length) {
      const started = process.hrtime.bigint()
      sum += call(texts[at] ?? '')
      times.push(Number(process.hrtime.bigint() - started) / 1000)
    }
    return times
  }
  timesWithin(WARM_UP_MS)
  const before = process.cpuUsage()
  const times = timesWithin(MEASURED_MS)
  const { user, system } = process.cpuUsage(before)
  if (Number.isNaN(sum)) throw new Error('A call gave no number.')
  const total = times.reduce((all, time) => all + time, 0)
  return {
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    perSecond: (1e6 * times.length) / total,
    perProcessorSecond: (1e6 * times.length) / (user + system),
  }
}

function sumOfUnits(text: string): number {
  let sum = 0
  for (let at = 0; at < text.length; at++) sum = (sum + text.charCodeAt(at)) | 0
  return sum
}

function callTable(
  count: number,
  { prompt, fast, limit }: Readonly<Record<'prompt' | 'fast' | 'limit', CallTimes>>,
): Table {
  const line = (name: string, times: CallTimes): readonly string[] => [
    name,
    decimal(times.p50, 1),
    decimal(times.p99, 1),
    times.perSecond.toFixed(0),
    times.perProcessorSecond.toFixed(0),
    ratioCell(times.p50, limit.p50),
  ]
  return {
    caption: `Fast tier on ${count} texts of 1 kB, one thread, ${MEASURED_MS / 1000} s after ${WARM_UP_MS / 1000} s of warm-up`,
    head: ['', 'p50 µs', 'p99 µs', 'texts a second', 'a second of processor time', 'median, times the limit'],
    rows: [line('a prompt', prompt), line('a document', fast), line('limit: one pass over the characters', limit)],
  }
}

function loadInFreshProcess(file: string): { readonly load: number; readonly pass: number } {
  const child = fileURLToPath(new URL('../load-child.ts', import.meta.url))
  // The arguments of this process hold the loader that reads TypeScript.
  const printed = execFileSync(process.execPath, [...process.execArgv, child, file], { encoding: 'utf8' })
  return JSON.parse(printed) as { readonly load: number; readonly pass: number }
}

interface Deep {
  readonly times: readonly DeepTimes[]
  /** Milliseconds for one pass over the model's bytes. */
  readonly pass: number
}

async function timeDeep(bytes: Uint8Array): Promise<Deep> {
  const times: DeepTimes[] = []
  for (const prefer of ['node', 'web'] as const) {
    const tier = createDeepTier(bytes, { runtime: () => loadOnnxRuntime({ prefer }), withoutRuntime: 'fast' })
    // The other runtime stands in for a missing one, which would be measured twice.
    const loaded = (await tier.open()) === prefer
    for (const tokens of TOKENS) {
      const runs: number[] = []
      for (let run = 0; loaded && run < DEEP_RUNS; run++) runs.push((await tier.milliseconds(tokens)) ?? Number.NaN)
      times.push({ runtime: prefer, tokens, p50: percentile(runs, 0.5), p99: percentile(runs, 0.99) })
    }
  }
  const started = performance.now()
  let sum = 0
  for (let at = 0; at < bytes.length; at++) sum = (sum + (bytes[at] ?? 0)) | 0
  return { times, pass: Number.isNaN(sum) ? Number.NaN : performance.now() - started }
}

function deepTable({ times, pass }: Deep): Table {
  return {
    caption: `Deep tier, one text, one thread, ${DEEP_RUNS} runs; limit: one pass over the model's bytes, ${decimal(pass, 1)} ms`,
    head: ['runtime', 'tokens', 'p50 ms', 'p99 ms', 'median, times the limit'],
    rows: times.map(({ runtime, tokens, p50, p99 }) => [
      `onnxruntime-${runtime}`,
      String(tokens),
      p50 === null ? 'not loadable' : decimal(p50, 1),
      decimal(p99, 1),
      ratioCell(p50, pass),
    ]),
  }
}

function ratioCell(value: number | null, limit: number | null): string {
  return value === null || limit === null || limit === 0 ? '–' : (value / limit).toFixed(1)
}
