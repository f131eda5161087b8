/** What the model card says of heads and languages is what the shipped files say, and a language that nobody named is untested. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readModelFile } from '../../src/nn/model-file.ts'
import { loadEmbeddedClassifier, MODEL_FILES } from '../../src/engines/embedded/index.ts'
import { CARD_LANGUAGES, coverageTable, measureCoverage } from './sections/coverage.ts'

const card = readFileSync(new URL('MODEL_CARD.md', MODEL_FILES.classifier), 'utf8')

/** Languages whose texts the deep tier's encoder never saw, as the card says below its table's heading. */
const UNSEEN: readonly string[] = ['zh', 'ja', 'ko']

/** Rows of the card's table by head; M, trained with what was translated or made, is trained to a file. */
function printed(): ReadonlyMap<string, readonly string[]> {
  const [, table = ''] = card.split(`| head | ${CARD_LANGUAGES.join(' | ')} |\n`)
  const lines = table.split('\n\n')[0]?.split('\n').slice(1) ?? []
  return new Map(
    lines.map((line) => {
      const [head = '', ...cells] = line.slice(2, -2).split(' | ')
      return [head.replace(' ', '_'), cells.map((cell) => (cell === 'M' ? 'T' : cell))]
    }),
  )
}

test.each(['fast', 'deep'] as const)(
  'the card and the %s tier say the same of every head and language',
  async (tier) => {
    const { card: files } = await loadEmbeddedClassifier(undefined, { deep: 'auto' })
    const { rows } = coverageTable(tier, (tier === 'fast' ? files.heads : files.deep) ?? {})
    expect(rows.map(([head]) => head)).toContain('S13')
    const expected = [...printed()].map(([head, cells]): [string, readonly string[]] => [
      head,
      cells.map((cell, index) => (tier === 'deep' && UNSEEN.includes(CARD_LANGUAGES[index] ?? '') ? '–' : cell)),
    ])
    expect(rows.map(([head = '', ...cells]) => [head, cells])).toEqual(expected)
  },
)

test('the card names the languages that each tier calibrates by themselves', () => {
  const said = card.replaceAll(/\s+/g, ' ')
  const calibrated = (file: string): ReadonlyMap<string, string> => {
    const { header } = readModelFile(readFileSync(new URL(file, MODEL_FILES.classifier)), file)
    const entries = Object.entries(header['calibration'] as Readonly<Record<string, object>>)
    return new Map(
      entries.flatMap(([output, languages]) => {
        const own = CARD_LANGUAGES.filter((language) => language in languages)
        return own.length === 0 ? [] : [[output, own.join(', ')] as const]
      }),
    )
  }
  const fast = calibrated('classifier.bin')
  const of = (output: string): string => `(${fast.get(output) ?? ''})`
  expect([...fast.keys()].toSorted()).toEqual(['S10', 'injection_direct', 'prompt_harm', 'toxicity'])
  expect(said).toContain(
    `own ones for prompt harm ${of('prompt_harm')}, toxicity ${of('toxicity')}, S10 ${of('S10')} and direct injections ${of('injection_direct')}`,
  )
  expect(calibrated('classifier-lite.bin')).toEqual(fast)
  expect(Object.fromEntries(calibrated('deep.bin'))).toEqual({
    ...{ prompt_harm: 'fr, pt, zh', toxicity: 'fr, pt, zh', S10: 'zh' },
  })
  expect(said).toContain(
    'others for prompt harm and toxicity in French, Portuguese and Chinese, and for S10 in Chinese',
  )
})

test('heads and hazards stand in their order; what a file does not name is untested', () => {
  const { head, rows } = coverageTable('fast', {
    S10: { de: 'trained' },
    S2: { en: 'transferred' },
    refusal: { ja: 'trained', xx: 'trained' },
  })
  expect(head).toEqual(['head', 'en', 'de', 'fr', 'es', 'it', 'pt', 'zh', 'ja', 'ko', 'ar', 'hi', 'ru'])
  expect(rows.slice(-2).map(([name, en, de]) => [name, en, de])).toEqual([
    ['S2', '~', '–'],
    ['S10', '–', 'T'],
  ])
  expect(rows.find(([name]) => name === 'refusal')?.[8]).toBe('T')
  expect(rows.find(([name]) => name === 'toxicity')?.slice(1)).toEqual(CARD_LANGUAGES.map(() => '–'))
})

test('a model of its own is told without the deep tier of the package', async () => {
  const fast = fileURLToPath(new URL('classifier-lite.bin', MODEL_FILES.classifier))
  const { tables } = await measureCoverage({ fast })
  expect(tables.map(({ caption }) => caption)).toEqual(['Coverage, fast'])
  expect((await measureCoverage({})).tables).toHaveLength(2)
})
