/**
 * A candidate: the trainer of `parapet lab train` on base data and collected rows, its models in a version of their own. Nothing becomes
 * current here.
 *
 * The unfinished run is kept by its fingerprint, so that a deep tier whose training was killed goes on where it was; the fast tier has no
 * middle and begins again. The same data, options and seed give the version that is there already.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ParapetError } from '../../../spec/index.ts'
import { readRecordFile, readRecordFiles, type RecordFile, type TrainingRecord } from '../../train/records.ts'
import { runTraining } from '../../train/run-training.ts'
import { CALIBRATION_SETS } from '../../train/shipped-settings.ts'
import { judgedText, textHash } from '../../eval/contamination.ts'
import { wordHash } from '../collect/copies.ts'
import { DATA_FILES, readDataSet } from '../collect/data-set.ts'
import { scrubDataSets } from '../collect/forgotten.ts'
import { RUN, type ImprovementFolder } from '../improvement-folder.ts'
import { readPointer } from './pointer.ts'
import {
  HASHES_FILE,
  listVersions,
  openVersion,
  readModels,
  type VersionFiles,
  type VersionManifest,
  writeVersion,
} from './version.ts'

export interface TrainVersionOptions {
  /** As `--data` of `parapet lab train`. */
  readonly base: string
  /** Id of a data set; the newest if absent. */
  readonly data?: string
  /** How often each collected row counts. Default 1. */
  readonly repeat?: number
  readonly tier: 'fast' | 'both'
  /** Take the encoder of this deep.bin instead of training one. */
  readonly encoder?: string
  readonly seed: number
  readonly threads: number
  /** log2 of the fast tier's buckets. */
  readonly bits?: number
  /** Invented examples of each kind. */
  readonly synthetic?: number
  /** Factor of the number of texts the deep tier learns from. */
  readonly scale?: number
  readonly at: string
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

export interface TrainedVersion {
  readonly manifest: VersionManifest
  /** It was there already. */
  readonly known: boolean
}

/** Trains the next version. Throws as the trainer does, and `configuration` where no rows were collected. */
export async function trainVersion(folder: ImprovementFolder, options: TrainVersionOptions): Promise<TrainedVersion> {
  const release = folder.hold()
  try {
    scrubDataSets(folder, options.at)
    const id = options.data ?? folder.ids('data').at(-1)
    if (id === undefined)
      throw new ParapetError('configuration', 'Nothing has been collected yet. Collect first: parapet improve collect.')
    const facts = readDataSet(folder, id)
    if (facts.rows.rows === 0)
      throw new ParapetError(
        'configuration',
        `All rows of ${id} are held out: there is nothing to train on. Collect more.`,
      )
    const rows = join(folder.data(id), DATA_FILES.rows)
    const settings = settingsOf(options)
    const files = baseFiles(options.base)
    const base = files.map(({ name, records, sha256: hash }) => ({ name, rows: records.length, sha256: hash }))
    const fingerprint = sha256(JSON.stringify([base, facts.sha256[DATA_FILES.rows], settings, options.seed]))
    const before = listVersions(folder).find(
      ({ manifest }) => manifest?.origin.kind === 'trained' && manifest.origin.fingerprint === fingerprint,
    )?.manifest
    if (before !== undefined && before !== null) return { manifest: before, known: true }
    const work = folder.versions(`${RUN}${fingerprint.slice(0, 16)}`)
    await runTraining({
      ...{ data: options.base, out: work, extra: Array.from({ length: options.repeat ?? 1 }, () => rows) },
      ...{ tier: options.tier, seed: options.seed, threads: options.threads },
      ...{ resume: existsSync(work), withoutShareAlike: false, onProgress: options.onProgress },
      ...(options.encoder === undefined ? {} : { encoder: options.encoder }),
      ...(options.bits === undefined ? {} : { bits: options.bits }),
      ...(options.synthetic === undefined ? {} : { synthetic: options.synthetic }),
      ...(options.scale === undefined ? {} : { scale: options.scale }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    const known = [...files, readRecordFile(rows)].flatMap(({ records }) => records)
    const manifest = writeVersion(folder, withHashes(readModels(work), known), {
      parent: readPointer(folder).version,
      madeAt: options.at,
      origin: {
        ...{ kind: 'trained', fingerprint, base, options: settings, seed: options.seed },
        data: { id, rows: facts.rows.rows, sha256: facts.sha256[DATA_FILES.rows] ?? '' },
      },
    })
    await openVersion(folder, manifest.id)
    rmSync(work, { recursive: true, force: true })
    return { manifest, known: false }
  } finally {
    release()
  }
}

function settingsOf(options: TrainVersionOptions): Readonly<Record<string, string | number | null>> {
  const { tier, repeat = 1, bits = null, synthetic = null, scale = null, threads, encoder } = options
  return {
    ...{ tier, repeat, bits, synthetic, scale, threads },
    encoder: encoder === undefined ? null : sha256(readEncoder(encoder)),
  }
}

function readEncoder(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new ParapetError('configuration', `${path} cannot be read. Give the deep.bin of an earlier run.`, { cause })
  }
}

/**
 * Hashes of everything the version saw: what it learnt, and what set its thresholds, which a trainer's own list leaves out. Beside the
 * hash of a text stands that of its words, so that another comma hides nothing.
 */
function withHashes({ models, files }: VersionFiles, records: readonly TrainingRecord[]): VersionFiles {
  const learnt = Buffer.from(files[HASHES_FILE] ?? '')
    .toString()
    .split('\n')
  const seen = records.flatMap(({ prompt, response }) => {
    const text = judgedText({ prompt, response })
    return [textHash(text), wordHash(text)]
  })
  const hashes = [...new Set([...learnt, ...seen])].filter((line) => line !== '').toSorted()
  return { models, files: { ...files, [HASHES_FILE]: Buffer.from(`${hashes.join('\n')}\n`) } }
}

/** Calibration files count too: thresholds come from them. */
function baseFiles(path: string): readonly RecordFile[] {
  const open = join(path, 'train/open')
  const calibration = CALIBRATION_SETS.map((name) => join(path, 'dev', `${name}.jsonl.gz`)).filter((file) =>
    existsSync(file),
  )
  return [...readRecordFiles(existsSync(open) ? open : path), ...calibration.map(readRecordFile)]
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
