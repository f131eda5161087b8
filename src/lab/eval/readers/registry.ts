/**
 * All readers by name, reading from disk, and finding out which reader a file is for.
 *
 * It downloads nothing. Formats with the same columns are never guessed between.
 */
import { readFileSync, statSync } from 'node:fs'
import { ParapetError } from '../../../spec/index.ts'
import type { EvaluationSet } from '../sample.ts'
import { aegis } from './aegis.ts'
import { agentDojo } from './agentdojo.ts'
import { beaverTails } from './beavertails.ts'
import { bipia } from './bipia.ts'
import { duoGuard } from './duoguard.ts'
import { guardReasoner } from './guardreasoner.ts'
import { harmBench } from './harmbench.ts'
import { hateCheck, multilingualHateCheck } from './hatecheck.ts'
import { injecAgent } from './injecagent.ts'
import { jailbreakBench } from './jailbreakbench.ts'
import { multiJail } from './multijail.ts'
import { openAiModeration } from './openai-moderation.ts'
import { orBench } from './or-bench.ts'
import { pkuSafeRlhf } from './pku-saferlhf.ts'
import { type LoadedFile, type Reader, type Verification, fits, loadFiles, readWith } from './reader.ts'
import { records } from './records.ts'
import { rtpLx } from './rtp-lx.ts'
import { simpleSafetyTests } from './simple-safety-tests.ts'
import { MAX_FILE_BYTES, type SourceFile } from './source-file.ts'
import { tensorTrust } from './tensor-trust.ts'
import { toxicChat } from './toxic-chat.ts'
import { wildGuard } from './wildguard.ts'
import { xsTest } from './xstest.ts'

const ALL: readonly Reader[] = [
  aegis,
  agentDojo,
  beaverTails,
  bipia,
  duoGuard,
  guardReasoner,
  harmBench,
  hateCheck,
  injecAgent,
  jailbreakBench,
  multiJail,
  multilingualHateCheck,
  openAiModeration,
  orBench,
  pkuSafeRlhf,
  records,
  rtpLx,
  simpleSafetyTests,
  tensorTrust,
  toxicChat,
  wildGuard,
  xsTest,
]

/** What the registry says of a reader, and the reader itself. */
export interface RegisteredReader {
  readonly description: string
  /** The files it accepts, as published. */
  readonly files: string
  readonly citation: string
  readonly licence: string
  /** How far the schema of each of its forms was checked, by the form's name. */
  readonly verified: Readonly<Record<string, Verification>>
  /** Evaluation sets of files that the caller has in memory. */
  readonly read: (files: readonly SourceFile[]) => readonly EvaluationSet[]
}

/** Every reader by the name that `--format` takes. */
export const READERS: ReadonlyMap<string, RegisteredReader> = new Map(
  ALL.map((reader) => [
    reader.name,
    {
      description: reader.description,
      files: reader.files,
      citation: reader.citation,
      licence: reader.licence,
      verified: Object.fromEntries(reader.forms.map(({ name, verified }) => [name, verified])),
      read: (files) => readWith(reader, loadFiles(files)),
    },
  ]),
)

/**
 * Name of the reader for the files, by their columns.
 *
 * @throws {ParapetError} `input_invalid` where no reader, or more than one, takes all of them.
 */
export function detectFormat(files: readonly SourceFile[]): string {
  return detect(loadFiles(files)).name
}

/**
 * Reads files from disk into evaluation sets.
 *
 * @param format name of a reader; undefined finds it by columns.
 * @throws {ParapetError} `configuration` for an unknown format or a file that cannot be read, `input_too_large`, `input_invalid`.
 */
export function readSets(format: string | undefined, paths: readonly string[]): readonly EvaluationSet[] {
  const named = ALL.find(({ name }) => name === format)
  if (format !== undefined && named === undefined)
    throw new ParapetError(
      'configuration',
      `There is no format "${format}". Use one of ${[...READERS.keys()].join(', ')}.`,
    )
  if (paths.length === 0) throw new ParapetError('configuration', 'There are no files to read. Name at least one.')
  const files = loadFiles(paths.map(loadFile))
  return readWith(named ?? detect(files), files)
}

function detect(files: readonly LoadedFile[]): Reader {
  const names = files.map(({ table }) => table.name).join(', ')
  const candidates = ALL.filter(({ forms }) => files.every(({ table }) => forms.some((form) => fits(form, table))))
  const [found, ...others] = candidates
  if (found === undefined || files.length === 0)
    throw new ParapetError(
      'input_invalid',
      `${names}: no known format has these columns. Name it with --format, one of ${[...READERS.keys()].join(', ')}, to learn which column differs.`,
    )
  if (others.length > 0)
    throw new ParapetError(
      'input_invalid',
      `${names}: several formats have these columns. Say which with ${candidates.map(({ name }) => `--format ${name}`).join(' or ')}.`,
    )
  return found
}

function loadFile(path: string): SourceFile {
  try {
    const { size } = statSync(path)
    if (size > MAX_FILE_BYTES)
      throw new ParapetError(
        'input_too_large',
        `${path} is larger than ${MAX_FILE_BYTES.toLocaleString('en-GB')} bytes. Split it by rows and give the parts.`,
      )
    return { name: path, bytes: readFileSync(path) }
  } catch (error) {
    if (ParapetError.isInstance(error)) throw error
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason'
    throw new ParapetError('configuration', `${path} cannot be read (${reason}). Check the path and its permissions.`)
  }
}
