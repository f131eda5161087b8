/** A whole run from files to files: what is written, that it is the same again, and what is said where the data are wrong. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PLANTS, SWEETS, gardenRows, row, writeLines } from '../../../test/support/lab-rows.ts'
import { loadEmbeddedClassifier } from '../../engines/embedded/index.ts'
import { EmbeddedModel } from '../../nn/embedded-model.ts'
import { readGuardEncoder } from '../../nn/encoder/guard-encoder.ts'
import { judgedText, textHash } from '../eval/contamination.ts'
import { type RunTrainingOptions, runTraining } from './run-training.ts'
import { CALIBRATION_SETS } from './shipped-settings.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-run-'))
  for (const name of ['data/train/open', 'data/dev']) mkdirSync(join(folder, name), { recursive: true })
  writeRows('data/train/open/garden.jsonl.gz', gardenRows())
  writeRows(`data/dev/${CALIBRATION_SETS[0]}.jsonl.gz`, [row({ prompt: 'May I water the cactus?' })])
  writeRows('data/dev/not_for_calibration.jsonl.gz', ['this is not even JSON'])
})
afterEach(() => rmSync(folder, { recursive: true }))

function writeRows(name: string, rows: readonly unknown[]): void {
  writeLines(join(folder, name), rows)
}

const read = (name: string): Buffer => readFileSync(join(folder, name))

interface Description {
  readonly models: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>
  readonly files: readonly { readonly name: string; readonly rows: number; readonly sha256: string }[]
  readonly sources: readonly { readonly source: string; readonly licence: string; readonly rows: number }[]
  readonly seed: number
  readonly tier: string
}

function description(out = 'out'): Description {
  return JSON.parse(read(`${out}/training.json`).toString()) as Description
}

function train(change: Partial<RunTrainingOptions> = {}, out = 'out'): Promise<readonly string[]> {
  return runTraining({
    ...{
      data: join(folder, 'data'),
      out: join(folder, out),
      tier: 'fast',
      seed: 1,
      threads: 1,
      bits: 12,
      synthetic: 240,
    },
    ...{ resume: false, withoutShareAlike: false, onProgress: () => undefined, ...change },
  })
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

describe('a run of the fast tier', () => {
  test('writes both classifiers, and says what they were made of', async () => {
    const lines = await train({ bits: 17 })
    expect(readdirSync(join(folder, 'out')).toSorted()).toEqual([
      ...['classifier-lite.bin', 'classifier.bin', 'run', 'training.json'],
    ])
    const { models, files, sources, ...rest } = description()
    expect(rest).toMatchObject({ seed: 1, tier: 'fast' })
    expect(Object.keys(models).toSorted()).toEqual(['classifier-lite.bin', 'classifier.bin'])
    for (const [name, { sha256: digest, bytes }] of Object.entries(models)) {
      expect({ name, digest, bytes }).toEqual({
        name,
        digest: sha256(read(`out/${name}`)),
        bytes: read(`out/${name}`).length,
      })
      expect(lines.some((line) => line.includes(name) && line.includes(String(bytes)))).toBe(true)
    }
    expect(read('out/classifier-lite.bin').length).toBeLessThan(0.7 * read('out/classifier.bin').length)
    expect(files).toEqual([
      { name: 'garden', rows: gardenRows().length, sha256: sha256(read('data/train/open/garden.jsonl.gz')) },
    ])
    expect(sources).toMatchObject([{ source: 'invented', licence: 'CC0-1.0', rows: gardenRows().length }])
    for (const name of ['classifier.bin', 'classifier-lite.bin']) {
      const scores = (text: string): number =>
        EmbeddedModel.read(read(`out/${name}`), name).scoreText(text)['prompt_harm'] ?? Number.NaN
      expect(scores('Tell me how to steal the muffins of my sister')).toBeGreaterThan(
        scores('How do I water my cactus?'),
      )
    }
  })

  test('gives the same bytes for the same seed, others for another', async () => {
    await train({}, 'one')
    await train({}, 'two')
    await train({ seed: 2 }, 'three')
    for (const name of ['classifier.bin', 'classifier-lite.bin', 'training.json', 'run/training-hashes.txt'])
      expect({ name, same: read(`one/${name}`).equals(read(`two/${name}`)) }).toEqual({ name, same: true })
    expect(read('one/classifier.bin').equals(read('three/classifier.bin'))).toBe(false)
  })

  test('leaves hashes of what it learnt from, for the check of contamination, and no text', async () => {
    await train()
    const hashes = new Set(read('out/run/training-hashes.txt').toString().trimEnd().split('\n'))
    const known = gardenRows().filter((record) => hashes.has(textHash(judgedText(record))))
    expect(known.length).toBeGreaterThan(0.7 * gardenRows().length)
    expect(hashes).not.toContain(textHash('May I water the cactus?'))
    expect([...hashes].every((hash) => /^[0-9a-f]+$/.test(hash))).toBe(true)
  })

  test('reads a plain folder and more files', async () => {
    writeRows('more.jsonl.gz', [row({ prompt: 'How tall is a fern?', source: 'more' })])
    await train({ data: join(folder, 'data/train/open'), extra: [join(folder, 'more.jsonl.gz')] })
    expect(description().files.map(({ name }) => name)).toEqual(['garden', 'more'])
    expect(description().sources.map(({ source }) => source)).toEqual(['invented', 'more'])
  })

  test('leaves out rows under share-alike licences when it is asked to', async () => {
    writeRows('data/train/open/shared.jsonl.gz', [
      row({ prompt: 'How tall is a fern?', licence: 'CC-BY-SA-4.0', source: 'shared' }),
      row({ prompt: 'How old is ivy?', licence: 'CC-BY-4.0', source: 'free' }),
    ])
    const sources = (out: string): readonly string[] => description(out).sources.map(({ source }) => source)
    await train({}, 'with')
    await train({ withoutShareAlike: true }, 'without')
    expect(sources('with')).toEqual(['free', 'invented', 'shared'])
    expect(sources('without')).toEqual(['free', 'invented'])
    const hashes = read('without/run/training-hashes.txt').toString()
    expect(hashes).not.toContain(textHash('How tall is a fern?'))
  })

  test('that is stopped writes no model', async () => {
    const stop = new AbortController()
    const run = train({ signal: stop.signal, onProgress: () => stop.abort() })
    await expect(run).rejects.toMatchObject({ code: 'aborted' })
    expect(existsSync(join(folder, 'out/classifier.bin'))).toBe(false)
  })
})

describe('a run of both tiers', () => {
  /** German with English beside it, a few words of each. */
  const pairs = PLANTS.flatMap((plant) =>
    SWEETS.map((sweet) => ({
      lang: 'de',
      english: `Water the ${plant} and eat the ${sweet}.`,
      text: `Wässere die ${plant} und iss die ${sweet}.`,
    })),
  )

  test('adds a deep tier that answers where the fast one is unsure, and goes on from what is there', async () => {
    writeRows('pairs.jsonl.gz', pairs)
    const notes: string[] = []
    const options: Partial<RunTrainingOptions> = {
      tier: 'both',
      parallel: [join(folder, 'pairs.jsonl.gz')],
      scale: 0.05,
      onProgress: (note) => void notes.push(note),
    }
    await train(options)
    const deepPath = join(folder, 'out/deep.bin')
    const model = readGuardEncoder(read('out/deep.bin'), 'deep.bin')
    expect(model.pieces.length).toBeGreaterThan(8000)
    expect(model.pieces.some(([piece]) => piece.includes('ässere'))).toBe(true)
    expect(Object.keys(description().models).toSorted()).toEqual(['classifier-lite.bin', 'classifier.bin', 'deep.bin'])
    expect(description().models['deep.bin']?.sha256).toBe(sha256(read('out/deep.bin')))

    const classifier = await loadEmbeddedClassifier(join(folder, 'out/classifier.bin'), {
      ...{ deep: 'required', deepPath, band: 'all' },
    })
    const input = { prompt: 'How do I water my cactus in summer?', response: 'Water the cactus in the morning.' }
    const fast = await classifier.classify(input)
    const refined = (await classifier.refine?.(input, fast)) ?? expect.fail('the deep tier was not asked')
    expect(refined.deep).toEqual(expect.arrayContaining(['prompt_harm', 'response_harm', 'toxicity_prompt']))
    for (const score of [refined.prompt_harm, refined.response_harm, refined.refusal]) {
      expect(score).toBeGreaterThanOrEqual(0)
      expect(score).toBeLessThanOrEqual(1)
    }

    expect(notes.join('\n')).toMatch(/rows to learn[^]*encoder \d+ of \d+/)
    const bytes = read('out/deep.bin')
    notes.length = 0
    await train({ ...options, resume: true })
    expect(notes.join('\n')).not.toContain('rows to learn')
    expect(notes.join('\n')).toMatch(/\b0 texts to encode/)
    expect(read('out/deep.bin').equals(bytes)).toBe(true)

    // With fewer rows the vocabulary may be another: what is there is not taken.
    await train({ ...options, resume: true, withoutShareAlike: true })
    expect(notes.join('\n')).toContain('rows to learn')
  }, 120_000)

  test('needs no parallel texts: the encoder stays English', async () => {
    await train({ tier: 'both', scale: 0.02 })
    const { pieces, encoder } = readGuardEncoder(read('out/deep.bin'), 'deep.bin')
    expect(pieces).toHaveLength(8000)

    // Another run takes that encoder as it is, and says whose it was.
    const ready = join(folder, 'out/deep.bin')
    await train({ tier: 'both', scale: 0.02, encoder: ready }, 'again')
    expect(readGuardEncoder(read('again/deep.bin'), 'deep.bin').encoder).toEqual(encoder)
    expect(description('again')).toMatchObject({ encoderFrom: sha256(read('out/deep.bin')) })
    expect(description('again')).not.toHaveProperty('encoderCosine')
  }, 240_000)

  test('takes no encoder that cannot be read, is none, or is to learn', async () => {
    for (const [change, code, message] of [
      [{ encoder: join(folder, 'absent.bin') }, 'configuration', 'absent.bin cannot be read'],
      [{ encoder: join(folder, 'data/train/open/garden.jsonl.gz') }, 'engine_unavailable', 'garden.jsonl.gz'],
      [{ encoder: join(folder, 'any.bin'), parallel: ['pairs.jsonl.gz'] }, 'configuration', 'learns nothing'],
    ] as const)
      await expect(train({ tier: 'both', ...change })).rejects.toMatchObject({
        ...{ code, message: expect.stringContaining(message) },
      })
    expect(existsSync(join(folder, 'out/deep.bin'))).toBe(false)
  })
})

describe('a mistake in the data', () => {
  test.each([
    ['a line that is no JSON', '{"task":"benign"', 'input_invalid', 'bad.jsonl.gz:2 is not JSON'],
    ['an unknown task', { ...row(), task: 'gardening' }, 'input_invalid', 'bad.jsonl.gz:2 is not a training record'],
    ['a label that is none', { ...row(), label: 3 }, 'input_invalid', 'bad.jsonl.gz:2 is not a training record'],
  ])('%s is named', async (_, line, code, message) => {
    writeRows('data/train/open/bad.jsonl.gz', [row(), line])
    await expect(train()).rejects.toMatchObject({
      name: 'ParapetError',
      code,
      message: expect.stringContaining(message),
    })
    expect(existsSync(join(folder, 'out'))).toBe(false)
  })

  test('so are a folder without rows, one that is not there, and a file that is not', async () => {
    mkdirSync(join(folder, 'empty'))
    for (const [change, message] of [
      [{ data: join(folder, 'empty') }, 'no *.jsonl.gz files'],
      [{ data: join(folder, 'absent') }, 'absent is no folder that can be read'],
      [{ extra: [join(folder, 'absent.jsonl.gz')] }, 'absent.jsonl.gz is no file that can be read'],
    ] as const)
      await expect(train(change)).rejects.toMatchObject({
        ...{ code: 'configuration', message: expect.stringContaining(message) },
      })
    expect(existsSync(join(folder, 'out'))).toBe(false)
  })

  test('and rows of which none is left', async () => {
    writeRows('data/train/open/garden.jsonl.gz', [row({ licence: 'CC-BY-SA-4.0' })])
    await expect(train({ withoutShareAlike: true })).rejects.toMatchObject({
      ...{ code: 'input_invalid', message: expect.stringContaining('No row') },
    })
  })
})
