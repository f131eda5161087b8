/**
 * Rows a second of the fast tier, by workers, beside the limit: reading the same file and parsing every line. Workers share a file by chunks and each
 * reads all of it, so what the chunks of others cost a worker is measured too: it says whether ranges of bytes would bring anything. By the
 * clock, two hyperthreads of one core are no two processors, and other programs count; rows a second of processor time tell the two apart.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rowChunks } from '../../src/lab/screen/row-chunks.ts'
import { runScreen } from '../../src/lab/screen/index.ts'
import { cleanRows, linesOf } from './world-sets.ts'

/** Invented everyday answers of about the length of instruction data. */
const SENTENCES = [
  'Warm the milk slowly and stir it with a wooden spoon.',
  'The train leaves at nine and arrives shortly before noon.',
  'A good title is short, clear and a little surprising.',
  'First sort the list, then compare neighbours one by one.',
  'Most gardens need more light than water in early spring.',
  'You can write the sum as seven plus five, which is twelve.',
]

export function ordinary(count: number): string {
  return Array.from({ length: count }, (_, at) => {
    const said = Array.from(
      { length: 10 },
      (_unused, place) => SENTENCES[(at * 7 + place * (at % 5)) % SENTENCES.length],
    )
    const messages = [
      { role: 'user', content: `Question ${at}: what should I know about topic ${at % 97}?` },
      { role: 'assistant', content: said.join(' ') },
    ]
    return `${JSON.stringify({ messages })}\n`
  }).join('')
}

export async function measureSpeed(options: {
  readonly folder: string
  readonly rows: number
  readonly workers: readonly number[]
  readonly print: (line: string) => void
}): Promise<void> {
  const { folder, rows, workers, print } = options
  print(
    '| rows | bytes a row | workers | rows/s, all | rows/s a worker, checks | rows a second of processor time, checks | read + JSON.parse, rows/s | a worker / limit | reading others’ chunks, % of a worker |',
  )
  print('|---|---|---|---|---|---|---|---|---|')
  const world = linesOf(cleanRows('train', 21, Math.ceil(rows / 6)).slice(0, rows))
  for (const [name, text] of [
    ['world', world],
    ['ordinary', ordinary(rows)],
  ] as const) {
    const data = join(folder, `${name}.jsonl`)
    writeFileSync(data, text)
    const count = text.split('\n').length - 1
    const limit = parseRate(data, count)
    const passedOver = await scanRate(data, count)
    for (const number of workers) {
      let [first, last, before, done, busyBefore, busy] = [0, 0, 0, 0, 0, 0]
      const started = performance.now()
      await runScreen({
        ...{
          data: [data],
          out: join(folder, `${name}-${number}`),
          workers: number,
          threads: 1,
          seed: 1,
          resume: false,
        },
        ...{ outside: [], falseAlarms: 0.01 },
        onProgress: (message) => {
          const seen = /^checks: (\d+)/.exec(message)?.[1]
          if (seen === undefined) return
          done = Number(seen)
          last = performance.now()
          // The first chunks load models and warm the compiler.
          busy = processorSeconds()
          if (first === 0 && done >= count / 4) [first, before, busyBefore] = [last, done, busy]
        },
      })
      const rate = count / ((performance.now() - started) / 1000)
      const steady = (done - before) / ((last - first) / 1000) / number
      print(
        `| ${count} (${name}) | ${Math.round(text.length / count)} | ${number} | ${rate.toFixed(0)} | ${steady.toFixed(0)} | ${((done - before) / (busy - busyBefore)).toFixed(0)} | ${limit.toFixed(0)} | ${(steady / limit).toFixed(4)} | ${((100 * (number - 1) * steady) / passedOver).toFixed(1)} |`,
      )
    }
  }
}

function parseRate(path: string, rows: number): number {
  const times = Array.from({ length: 3 }, () => {
    const started = performance.now()
    for (const line of readFileSync(path, 'utf8').split('\n')) if (line !== '') JSON.parse(line)
    return (performance.now() - started) / 1000
  })
  return rows / Math.min(...times)
}

/** Rows a second that a worker passes over because another judges them. */
async function scanRate(path: string, rows: number): Promise<number> {
  const started = performance.now()
  for await (const _ of rowChunks({ path, form: null }, () => false)) throw new Error('No chunk was wanted.')
  return rows / ((performance.now() - started) / 1000)
}

/** Of all threads: what other programs take of a shared machine does not count. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
