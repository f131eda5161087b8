/** The page of the formats' sources says what the formats say of themselves. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DUOGUARD_SOURCE } from '../../src/guards/judge/formats/duoguard.ts'
import { JUDGE_FORMATS, judgeFormat } from '../../src/guards/judge/index.ts'

const page = readFileSync(new URL('../../docs/reference/judge-formats.md', import.meta.url), 'utf8')
const rows = page.split('\n').filter((line) => line.startsWith('| `'))
const sources = [
  ...JUDGE_FORMATS.map((name) => [name, judgeFormat(name).source] as const),
  ['duoguard', DUOGUARD_SOURCE] as const,
]

test.each(sources)('%s', (name, { follows, verified, open }) => {
  const from = follows.length === 0 ? 'Parapet’s own' : follows.join('; ')
  expect(rows).toContain(`| \`${name}\` | ${from} | ${verified ? '–' : open} |`)
})

test('and of no others', () => {
  expect(rows).toHaveLength(sources.length)
})
