/** What a changed file does to every reader: a clear error that names the place, never a silent row more or less. */
import { gzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FIXTURES, type Fixture, fixtureFile } from '../../../../test/fixtures/eval/fixtures.ts'
import { ParapetError } from '../../../spec/index.ts'
import type { EvaluationSet } from '../sample.ts'
import { READERS } from './registry.ts'
import type { SourceFile } from './source-file.ts'

type Values = Record<string, unknown>

function read(fixture: Fixture, file: SourceFile): readonly EvaluationSet[] {
  const others = (fixture.with ?? []).map(fixtureFile)
  const reader = READERS.get(fixture.format)
  expect(reader).toBeDefined()
  return reader?.read([file, ...others]) ?? []
}

function rowsOf({ path }: Fixture): Values[] {
  const text = new TextDecoder().decode(fixtureFile(path).bytes)
  if (path.endsWith('.csv')) return parse(text, { columns: true })
  if (text.startsWith('[')) return JSON.parse(text) as Values[]
  if (text.startsWith('{\n')) return [JSON.parse(text) as Values]
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Values)
}

/** The fixture's container again, with other rows. */
function withRows({ path }: Fixture, rows: readonly Values[]): SourceFile {
  const columns = Object.keys(rows[0] ?? {})
  const cell = (value: unknown): string => `"${String(value).replaceAll('"', '""')}"`
  const text = path.endsWith('.csv')
    ? [columns, ...rows.map((row) => columns.map((column) => row[column]))]
        .map((row) => row.map(cell).join(','))
        .join('\n')
    : rows.map((row) => JSON.stringify(row)).join('\n')
  return { name: path, bytes: new TextEncoder().encode(text) }
}

/** Changes one column: everywhere in a CSV, in the first row of JSON. */
function withColumn(fixture: Fixture, change: (row: Values) => Values): SourceFile {
  const rows = rowsOf(fixture)
  return withRows(
    fixture,
    fixture.path.endsWith('.csv') ? rows.map(change) : rows.map((row, index) => (index === 0 ? change(row) : row)),
  )
}

function failure(run: () => unknown): ParapetError {
  try {
    run()
  } catch (error) {
    if (ParapetError.isInstance(error)) return error
    throw error
  }
  throw new Error('The file was read without an error.')
}

describe.each(FIXTURES)('$format $path', (fixture) => {
  const columns = Object.keys(rowsOf(fixture)[0] ?? {})
  const required = columns.filter((column) => !fixture.optional.includes(column))

  test('survives a rewrite of its container', () => {
    const texts = (sets: readonly EvaluationSet[]): unknown =>
      sets.map(({ name, samples }) => [name, samples.map(({ prompt, response, label }) => [prompt, response, label])])
    expect(texts(read(fixture, withRows(fixture, rowsOf(fixture))))).toEqual(
      texts(read(fixture, fixtureFile(fixture.path))),
    )
  })

  test('gives well-formed samples', () => {
    for (const { task, samples, name } of read(fixture, fixtureFile(fixture.path))) {
      expect(name).toMatch(/^[a-z0-9]+(?:_[a-z0-9]+)*$/)
      for (const sample of samples) {
        expect(sample.task).toBe(task)
        expect([0, 1]).toContain(sample.label)
        expect(Intl.getCanonicalLocales(sample.language)).toEqual([sample.language])
        expect(sample.prompt === '' && sample.response === null).toBe(false)
        expect(sample.response === null).toBe(
          task === 'prompt_harm' || (sample.prompt !== '' && !['response_harm', 'refusal'].includes(task)),
        )
      }
    }
  })

  test.each(required)('refuses a file without %s', (column) => {
    const file = withColumn(fixture, (row) =>
      Object.fromEntries(Object.entries(row).filter(([name]) => name !== column)),
    )
    expect(failure(() => read(fixture, file)).message).toContain(fixture.path)
  })

  test.each(columns)('refuses %s under another name', (column) => {
    const file = withColumn(fixture, (row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name === column ? `${name}_renamed` : name, value]),
      ),
    )
    expect(failure(() => read(fixture, file)).message).toContain(fixture.path)
  })

  test('refuses an unknown column and names it, its line and what is known', () => {
    const file = withColumn(fixture, (row) => ({ ...row, surprise: 'x' }))
    const { message, code } = failure(() => read(fixture, file))
    expect(code).toBe('input_invalid')
    expect(message).toMatch(/:[12], column "surprise": expected one of ".*found an unknown column/)
  })

  test.each(fixture.labels)('refuses a %s that means nothing, at its line', (column) => {
    const file = withColumn(fixture, (row) => ({ ...row, [column]: 'perhaps!' }))
    const { message } = failure(() => read(fixture, file))
    expect(message).toContain(`${fixture.path}:`)
    expect(message).toContain(`column "${column}"`)
    expect(message).toContain('perhaps!')
  })

  test('reads a gzip of the same bytes into the same samples', () => {
    const plain = fixtureFile(fixture.path)
    const zipped = { name: `${fixture.path}.gz`, bytes: gzipSync(plain.bytes) }
    const samples = (file: SourceFile): unknown => read(fixture, file).map(({ name, samples }) => [name, samples])
    expect(samples(zipped)).toEqual(samples(plain))
    expect(failure(() => read(fixture, { ...zipped, bytes: zipped.bytes.subarray(0, -9) })).message).toMatch(/gzip/)
  })

  test('gives sets with samples, or a ParapetError that quotes no text, whatever is cut off or overwritten', () => {
    const { bytes, name } = fixtureFile(fixture.path)
    const texts = read(fixture, { bytes, name })
      .flatMap(({ samples }) => samples.flatMap(({ prompt, response }) => [prompt, response ?? '']))
      .filter((text) => text.length > 24)
    fc.assert(
      fc.property(fc.nat(bytes.length), fc.nat(bytes.length - 1), fc.nat(255), (length, at, byte) => {
        const changed = Uint8Array.from(bytes)
        changed[at] = byte
        try {
          const sets = read(fixture, { name, bytes: changed.subarray(0, length) })
          expect(sets.length).toBeGreaterThan(0)
          expect(sets.every(({ samples }) => samples.length > 0)).toBe(true)
        } catch (error) {
          if (!ParapetError.isInstance(error)) throw error
          expect(['input_invalid', 'input_too_large']).toContain(error.code)
          expect(texts.filter((text) => error.message.includes(text))).toEqual([])
        }
      }),
      { numRuns: 60 },
    )
  })
})

test('every reader has a fixture', () => {
  const covered = new Set(FIXTURES.map(({ format }) => format))
  expect([...READERS.keys()].filter((name) => !covered.has(name))).toEqual([])
})

describe('inside a row', () => {
  const change = (path: string, from: string, to: string): SourceFile => {
    const text = new TextDecoder().decode(fixtureFile(path).bytes)
    expect(text).toContain(from)
    return { name: path, bytes: new TextEncoder().encode(text.replace(from, to)) }
  }
  test.each([
    ['beavertails', 'beavertails.jsonl', '"animal_abuse"', '"animal"', 'category.animal_abuse'],
    ['rtp_lx', 'rtp_lx.json', '"Toxicity": 1.3333333333333333', '"Toxicity": 7', 'Annotations.Toxicity'],
    ['rtp_lx', 'rtp_lx.json', '"Insult"', '"Insults"', 'Annotations.Insult'],
    ['harmbench', 'harmbench_val_set.json', '"test_case"', '"case"', 'rude_note[0].test_case'],
    ['harmbench', 'harmbench_val_set.json', '"human_2": 0', '"human_2": 2', 'rude_note[0].human_2'],
    ['harmbench', 'harmbench_val_set.json', '"experiment"', '"trial"', 'rude_note[0].trial'],
    ['jailbreakbench', 'jailbreakbench.json', '"jailbroken": true', '"jailbroken": null', 'jailbreaks[0].jailbroken'],
    ['jailbreakbench', 'jailbreakbench.json', '"goal"', '"aim"', 'jailbreaks[0].goal'],
    [
      'pku_saferlhf',
      'pku_saferlhf.jsonl',
      '"Violence": false',
      '"Violence": "no"',
      'response_0_harm_category.Violence',
    ],
    ['openai_moderation', 'openai_moderation.jsonl', '"HR": 1', '"HR": 3', 'HR'],
    ['openai_moderation', 'openai_moderation.jsonl', ', "S": 0, "H": 0}', '}', 'S'],
    ['xstest', 'xstest_prompts.csv', 'contrast_homonyms,unsafe', 'contrast_homonyms,safe', 'label'],
    ['multijail', 'multijail.csv', '[]', 'none', 'tags'],
    ['records', 'records.jsonl', '"benign"', '"agent"', 'task'],
    [
      'records',
      'records.jsonl',
      '"label": 0, "categories": [], "source": "me/set:a.json"',
      '"label": 1, "categories": [], "source": "me/set:a.json"',
      'label',
    ],
    ['guardreasoner', 'guardreasoner/0_9_safe_rlhf.json', 'Response: harmful', 'Response: ambiguous', 'output'],
    ['guardreasoner', 'guardreasoner/0_8_toxic_chat.json', 'Human user:', 'User:', 'input'],
    ['agentdojo', 'agentdojo.json', '"role": "tool"', '"part": "tool"', 'messages[3].role'],
  ])('%s: %s with %s as %s is an error at %s', (format, path, from, to, column) => {
    expect(failure(() => READERS.get(format)?.read([change(path, from, to)])).message).toContain(`column "${column}"`)
  })

  test.each([
    ['or_bench', 'or-bench-hard-1k.csv', 'prompts.csv'],
    ['duoguard', 'duoguard/eval_data_De/openai.json', 'eval_data_De/flags.json'],
    ['duoguard', 'duoguard/eval_data_Fr/rtp_lx_prompt.json', 'eval_data_Fr/data.json'],
    ['jailbreakbench', 'jailbreakbench_benign-behaviors.csv', 'behaviors.csv'],
  ])('%s: %s under the name %s hides the label, so it is refused', (format, path, name) => {
    expect(failure(() => READERS.get(format)?.read([{ ...fixtureFile(path), name }])).message).toContain('another name')
  })

  test('an id that stands twice is refused', () => {
    const text = new TextDecoder().decode(fixtureFile('xstest_prompts.csv').bytes).replace('\n26,', '\n1,')
    const file = { name: 'xstest_prompts.csv', bytes: new TextEncoder().encode(text) }
    expect(failure(() => READERS.get('xstest')?.read([file])).message).toContain('id "1" stands twice')
  })

  test('the same file given twice is refused', () => {
    const file = fixtureFile('xstest_prompts.csv')
    expect(failure(() => READERS.get('xstest')?.read([file, { ...file, name: 'copy.csv' }])).message).toContain(
      'the same file',
    )
  })
})
