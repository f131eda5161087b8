/** Candidates: the same from the same, gone on with after a stop, and never half there. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gardenRows, row, writeLines } from '../../../../test/support/lab-rows.ts'
import { runTraining } from '../../train/run-training.ts'
import { writeDataSet } from '../collect/data-set.ts'
import { ImprovementFolder } from '../improvement-folder.ts'
import { guardVersionAt, movePointer, readPointer } from './pointer.ts'
import { startImproving } from './start.ts'
import { trainVersion, type TrainVersionOptions } from './train-version.ts'
import { listVersions, readVersion } from './version.ts'

const AT = '2026-11-27T10:00:00.000Z'

let root = ''
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'parapet-versions-'))
  mkdirSync(join(root, 'rows'))
  writeLines(join(root, 'rows/garden.jsonl.gz'), gardenRows())
  const { base: data, at: _, ...small } = options()
  await runTraining({ ...small, data, out: join(root, 'guard'), resume: false, withoutShareAlike: false })
})
afterAll(() => rmSync(root, { recursive: true }))

/** A folder whose first version is a small guard, with one collected row. */
async function begun(name: string): Promise<ImprovementFolder> {
  await startImproving({ folder: join(root, name), guard: join(root, 'guard'), at: AT })
  const folder = ImprovementFolder.open(join(root, name))
  const said = [{ by: 'person', reviewer: null, label: 0 }] as const
  const one = { row: '1', part: 'rows', by: 'person', said, origins: [] } as const
  const facts = { madeAt: AT, files: [], consent: {}, counts: {}, masked: {}, agreement: { texts: 0, agreed: 0 } }
  writeDataSet(folder, 'd1', [{ ...one, record: row({ task: 'prompt_harm', prompt: 'May I eat my ivy?' }) }], facts)
  return folder
}

function options(change: Partial<TrainVersionOptions> = {}): TrainVersionOptions {
  return {
    ...{ base: join(root, 'rows'), tier: 'fast', seed: 1, threads: 1, bits: 12, synthetic: 20, at: AT },
    ...{ onProgress: () => undefined, ...change },
  }
}

describe('a candidate', () => {
  test(
    'is the same to the byte in two folders, another with another seed, and says what it was made of',
    { timeout: 20_000 },
    async () => {
      const [one, other] = [await begun('one'), await begun('other')]
      const first = await trainVersion(one, options())
      await trainVersion(other, options())
      const bytesOf = (folder: ImprovementFolder, id: string): Buffer =>
        readFileSync(join(folder.versions(id), 'classifier.bin'))
      expect(bytesOf(one, 'v2').equals(bytesOf(other, 'v2'))).toBe(true)
      const third = await trainVersion(one, options({ seed: 2 }))
      expect(third).toMatchObject({ known: false, manifest: { id: 'v3', parent: 'v1' } })
      expect(bytesOf(one, 'v3').equals(bytesOf(one, 'v2'))).toBe(false)
      expect(await trainVersion(one, options())).toEqual({ manifest: first.manifest, known: true })
      expect(first.manifest.origin).toMatchObject({
        ...{
          kind: 'trained',
          seed: 1,
          data: { id: 'd1', rows: 1 },
          base: [{ name: 'garden', rows: gardenRows().length }],
        },
      })
      expect(readPointer(one).version).toBe('v1')
    },
  )

  test('that was stopped leaves no version, and the same command makes it', { timeout: 20_000 }, async () => {
    const folder = await begun('stopped')
    const controller = new AbortController()
    const onProgress = (): void => controller.abort()
    await expect(trainVersion(folder, options({ onProgress, signal: controller.signal }))).rejects.toMatchObject({
      code: 'aborted',
    })
    expect(folder.ids('versions')).toEqual(['v1'])
    // As a kill in the middle of writing leaves it.
    mkdirSync(folder.versions('v2.unfinished'))
    writeFileSync(join(folder.versions('v2.unfinished'), 'classifier.bin'), 'half')
    expect((await trainVersion(folder, options())).manifest.id).toBe('v2')
    expect(readdirSync(folder.versions()).toSorted()).toEqual(['v1', 'v2'])
  })

  test('whose manifest is of another version, or that lacks a file, is damaged', { timeout: 20_000 }, async () => {
    const folder = await begun('damaged')
    await trainVersion(folder, options())
    const manifest = readFileSync(join(folder.versions('v2'), 'version.json'), 'utf8')
    writeFileSync(join(folder.versions('v2'), 'version.json'), manifest.replace('"id": "v2"', '"id": "v7"'))
    expect(() => readVersion(folder, 'v2')).toThrow(/of another/)
    writeFileSync(join(folder.versions('v2'), 'version.json'), manifest.slice(0, 40))
    expect(() => readVersion(folder, 'v2')).toThrow(/not JSON/)
    writeFileSync(join(folder.versions('v2'), 'version.json'), manifest)
    rmSync(join(folder.versions('v2'), 'training-hashes.txt'))
    expect(listVersions(folder).map(({ id, problem }) => [id, problem !== null])).toEqual([
      ['v1', false],
      ['v2', true],
    ])
  })
})

test('without a guard the shipped one is the first version', async () => {
  const { models, origin } = await startImproving({ folder: join(root, 'shipped'), at: AT })
  const shipped = JSON.parse(readFileSync(new URL('../../../../models/manifest.json', import.meta.url), 'utf8')) as {
    readonly models: Readonly<Record<string, { readonly sha256: string }>>
  }
  expect(origin).toEqual({ kind: 'given', name: 'shipped' })
  expect(models['classifier.bin']?.sha256).toBe(shipped.models['classifier.bin']?.sha256)
  expect(Object.keys(models)).toContain('deep.bin')
})

test('a decision is of the version that was current when it was made', async () => {
  const folder = await begun('history')
  const { models } = readPointer(folder)
  movePointer(folder, { id: 'v2', models }, { at: '2026-11-28T10:00:00.000Z', kind: 'promoted', reason: 'p1' })
  expect(guardVersionAt(folder, '2026-11-27T09:59:59.000Z')).toBeNull()
  expect(guardVersionAt(folder, '2026-11-27T10:00:00.000Z')).toBe('v1')
  expect(guardVersionAt(folder, '2026-11-28T12:00:00.000+02:00')).toBe('v2')
})

test('a beginning that was cut off begins again', async () => {
  const path = join(root, 'cut-off')
  const folder = ImprovementFolder.create(path)
  mkdirSync(folder.versions('v1'), { recursive: true })
  writeFileSync(join(folder.versions('v1'), 'classifier.bin'), 'half')
  expect(() => readPointer(folder)).toThrow(/improve start begins again/)
  expect((await startImproving({ folder: path, guard: join(root, 'guard'), at: AT })).id).toBe('v1')
  expect(listVersions(folder)).toMatchObject([{ id: 'v1', problem: null }])
  await expect(startImproving({ folder: path, guard: join(root, 'guard'), at: AT })).rejects.toThrow(/already/)
})
