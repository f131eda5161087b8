/** False alarms of the shipped guards on ordinary rows: with default thresholds, and with half of the rows as reference. For reporting only. */
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { exactInterval } from '../../src/lab/eval/metrics/binomial.ts'
import { runScreen } from '../../src/lab/screen/index.ts'

interface RecordRow {
  readonly prompt: string
  readonly response: string | null
  readonly label: number
}

export async function measureOrdinary(options: {
  readonly folder: string
  readonly bytes: Uint8Array
  readonly print: (line: string) => void
  readonly write: (path: string, text: string) => void
}): Promise<void> {
  const { folder, bytes, print, write } = options
  const rows = gunzipSync(bytes)
    .toString('utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as RecordRow]))
    .filter(({ response, label }) => label === 0 && response !== null && response !== '')
    .slice(0, 4000)
  const lines = (part: number): string =>
    rows
      .filter((_, at) => at % 2 === part)
      .map(({ prompt, response }) => `${JSON.stringify({ instruction: prompt, output: response })}\n`)
      .join('')
  const [data, reference] = [join(folder, 'ordinary-set.jsonl'), join(folder, 'ordinary-reference.jsonl')]
  write(data, lines(0))
  write(reference, lines(1))
  print('\n| thresholds | ordinary rows | flagged | % | 95 % | by check |')
  print('|---|---|---|---|---|---|')
  for (const [name, given] of [
    ['default', {}],
    ['fitted at 1 %', { reference }],
  ] as const) {
    const { tally } = await runScreen({
      ...{
        data: [data],
        out: join(folder, 'ordinary'),
        falseAlarms: 0.01,
        outside: [],
        workers: 1,
        threads: 1,
        seed: 1,
      },
      ...{ resume: false, onProgress: () => undefined, ...given },
    })
    const interval = exactInterval(tally.flagged, tally.rows)
    const range = interval === null ? '' : `${(100 * interval.low).toFixed(1)}–${(100 * interval.high).toFixed(1)}`
    const by = tally.checks.flatMap(({ check, flagged }) => (flagged === 0 ? [] : [`${check} ${flagged}`])).join(', ')
    print(
      `| ${name} | ${tally.rows} | ${tally.flagged} | ${((100 * tally.flagged) / tally.rows).toFixed(2)} | ${range} | ${by} |`,
    )
  }
}
