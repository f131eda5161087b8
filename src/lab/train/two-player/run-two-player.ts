/**
 * One two-player training from records to files: what `parapet lab two-player` does. Every round is kept when it is finished (and proposals
 * of slow generators by batches of seeds), so a run that was killed goes on and ends with the same files; classifiers are not kept, they are
 * trained again from S(t).
 *
 * The folder gets `run.json`, `report.html`, `set-<arm>-<seed>.jsonl.gz` (S(T) in the record form), `added-<arm>-<seed>.jsonl.gz` (without the
 * seed) and `pairs-<seed>.jsonl` for `parapet lab export`.
 */
import { createHash } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { ParapetError } from '../../../spec/errors.ts'
import { judgedText, textHash } from '../../eval/contamination.ts'
import { holdFolder } from '../../jobs/hold-folder.ts'
import { RunStore } from '../../jobs/run-store.ts'
import { type RecordFile, readRecordFiles } from '../records.ts'
import { writeAtomically } from '../write-atomically.ts'
import { type ArmData, TwoPlayerArm } from './two-player-arm.ts'
import { CLASSIFIER_SETTINGS, type ClassifierSettings } from './label-classifier.ts'
import { labelUnmapped } from './label-unmapped.ts'
import { type LanguageSet, readLanguageSets } from './measure-languages.ts'
import { type Arm, ARMS } from './play-round.ts'
import type { GeneratorFactory, SeedRow } from './proposal.ts'
import { gatherSeed, type SeedOptions } from './seed-rows.ts'
import { summarise } from './summarise.ts'
import { renderTwoPlayerReport } from './report/two-player-report.ts'
import type { ArmRecord, TwoPlayerRun } from './two-player-run.ts'
import { writeRows, writePairs } from './write-rows.ts'

export interface RunTwoPlayerOptions {
  /** Folder of `*.jsonl.gz` in the record form, or one with `train/open/`. */
  readonly data: string
  /** Labelled sets to measure on; none gives figures on held-out rows only. */
  readonly evaluate: readonly string[]
  /** Names of those by which settings were chosen: they are measured, but nothing is concluded from them. */
  readonly selection?: readonly string[]
  readonly out: string
  /** Languages of proposals; the seed has these and English. */
  readonly languages: readonly string[]
  readonly rounds: number
  readonly seeds: readonly number[]
  readonly arms: readonly Arm[]
  /** English rows of the seed. */
  readonly english: number
  readonly shares?: Readonly<Record<string, number>>
  readonly seedsPerRound: number
  /** k: proposals of each seed and language. */
  readonly count: number
  readonly temperature: number
  readonly classifier?: Partial<ClassifierSettings>
  /** Makes the generator, given texts of the training rows by language. `id` is part of the run's identity. */
  readonly generator: (
    texts: (language: string) => readonly string[],
  ) => Promise<{ readonly id: string; readonly make: GeneratorFactory }>
  readonly resume: boolean
  readonly onProgress: (message: string) => void
  readonly signal?: AbortSignal
}

/** Plays, measures and writes. */
export async function runTwoPlayer(options: RunTwoPlayerOptions): Promise<TwoPlayerRun> {
  checkOptions(options)
  const release = holdFolder(options.out)
  try {
    return await play(options)
  } finally {
    release()
  }
}

async function play(options: RunTwoPlayerOptions): Promise<TwoPlayerRun> {
  const { out, languages, rounds, seeds, arms, onProgress, signal, resume, selection = [] } = options
  const isSelection = (set: string): boolean => selection.includes(set)
  const files = trainingFiles(options.data)
  const all = [...new Set(['en', ...languages])]
  const sets = readLanguageSets(options.evaluate, all)
  if (sets.length > 0 && sets.every(({ set }) => isSelection(set)))
    throw new ParapetError('configuration', 'All sets are for selection. Evaluate on one more, to conclude from.')
  const settings = { ...CLASSIFIER_SETTINGS, ...options.classifier }
  const { id, make } = await options.generator((language) => textsOf(files, language))
  const unfinished = join(out, 'run')
  if (!resume && existsSync(unfinished))
    throw new ParapetError('configuration', `${unfinished} holds an unfinished run. Resume it, or remove it first.`)
  const store = new RunStore(unfinished, identityOf(options, { files, sets, settings, id }), resume)
  // What is evaluated must not be learnt from, wherever it came from.
  const evaluated = new Set(sets.flatMap(({ samples }) => samples.map(({ text }) => textHash(text))))
  const records: ArmRecord[] = []
  let first: ArmData | undefined
  let about: TwoPlayerRun['generator'] | undefined
  let leftOut = 0
  for (const seed of seeds) {
    const data = armData({ files, options, all, settings, seed, evaluated })
    first ??= data
    const sizes = new Map<number, Readonly<Record<string, number>>>()
    // The static arm takes its size from the game's rounds.
    for (const arm of ARMS.filter((one) => arms.includes(one))) {
      const played = new TwoPlayerArm({
        ...{ arm, seed, data, settings, sets, store, sizes, make, evaluated, onProgress },
        ...{
          languages,
          rounds,
          seedsPerRound: options.seedsPerRound,
          count: options.count,
          temperature: options.temperature,
        },
        ...(signal === undefined ? {} : { signal }),
      })
      const result = await played.run()
      about ??= result.generator
      leftOut += result.leftOut
      records.push({ arm, seed, rounds: result.rounds })
      writeRows(join(out, `set-${arm}-${seed}.jsonl.gz`), [...data.rows, ...result.added])
      writeRows(join(out, `added-${arm}-${seed}.jsonl.gz`), result.added)
      if (arm === 'game') writePairs(join(out, `pairs-${seed}.jsonl`), result.pairs)
      await setImmediate()
    }
  }
  if (first === undefined || about === undefined) throw new RangeError('at least one seed was played')
  onProgress('comparing rounds and arms')
  const run: TwoPlayerRun = {
    ...{ formatVersion: 1, paper: 'arXiv 2502.05163', seeds, rounds, languages },
    ...{ count: options.count, seedsPerRound: options.seedsPerRound, temperature: options.temperature },
    ...{ classifier: settings, generator: about, leftOut },
    data: {
      files: files.map(({ name, sha256 }) => ({ name, sha256 })),
      seedRows: countRows(first.rows),
      ...{ found: first.found, heldOut: first.heldOut.reduce((sum, { samples }) => sum + samples.length, 0) },
    },
    sets: sets.map(({ set, language, task, samples, sha256 }) => ({
      set,
      language,
      task,
      rows: samples.length,
      sha256,
      selection: isSelection(set),
    })),
    arms: records,
    ...summarise({
      records,
      ...{ sets: sets.length > 0 ? sets : first.heldOut, selection, store },
      languages: all,
      onHeldOut: sets.length === 0,
    }),
  }
  writeAtomically(join(out, 'run.json'), Buffer.from(`${JSON.stringify(run, null, 1)}\n`))
  writeAtomically(join(out, 'report.html'), Buffer.from(renderTwoPlayerReport(run)))
  rmSync(unfinished, { recursive: true })
  return run
}

function armData(given: {
  readonly files: readonly RecordFile[]
  readonly options: RunTwoPlayerOptions
  readonly all: readonly string[]
  readonly settings: ClassifierSettings
  readonly seed: number
  readonly evaluated: ReadonlySet<string>
}): ArmData {
  const { files, options, all, settings, seed, evaluated } = given
  const seedOptions: SeedOptions = {
    ...{ english: options.english, languages: all, seed },
    ...(options.shares === undefined ? {} : { shares: options.shares }),
  }
  const { rows, heldOut } = gatherSeed(files, seedOptions)
  const own = rows.filter(({ text }) => !evaluated.has(textHash(text)))
  const { rows: labelled, found } = labelUnmapped(own, settings, seed)
  return { rows: labelled, found, heldOut: heldOutSets(heldOut, all) }
}

/** The held-out rows as sets, one a language that has both labels. */
function heldOutSets(rows: readonly SeedRow[], languages: readonly string[]): readonly LanguageSet[] {
  return languages.flatMap((language): readonly LanguageSet[] => {
    const samples = rows.filter((row) => row.language === language).map(({ text, label }) => ({ text, label }))
    const both = new Set(samples.map(({ label }) => label)).size === 2
    return both ? [{ set: 'held-out training rows', task: 'prompt_harm', language, sha256: '', samples }] : []
  })
}

function trainingFiles(data: string): readonly RecordFile[] {
  const open = join(data, 'train/open')
  return readRecordFiles(existsSync(open) ? open : data)
}

function textsOf(files: readonly RecordFile[], language: string): readonly string[] {
  return files.flatMap(({ records }) =>
    records.filter(({ lang }) => lang === language).map(({ prompt, response }) => judgedText({ prompt, response })),
  )
}

function countRows(rows: readonly SeedRow[]): TwoPlayerRun['data']['seedRows'] {
  const counts: Record<string, { harmful: number; harmless: number }> = {}
  for (const { language, label } of rows) {
    const count = (counts[language] ??= { harmful: 0, harmless: 0 })
    count[label === 1 ? 'harmful' : 'harmless']++
  }
  return counts
}

/** All that decides the results; folders do not. */
function identityOf(
  options: RunTwoPlayerOptions,
  parts: {
    readonly files: readonly RecordFile[]
    readonly sets: readonly LanguageSet[]
    readonly settings: ClassifierSettings
    readonly id: string
  },
): string {
  const { languages, rounds, seeds, arms, english, shares, seedsPerRound, count, temperature, selection } = options
  const decisive = { languages, rounds, seeds, arms, english, shares, seedsPerRound, count, temperature, selection }
  const files = parts.files.map(({ name, sha256 }) => [name, sha256])
  const sets = parts.sets.map(({ set, language, sha256 }) => [set, language, sha256])
  const told = { decisive, files, sets, settings: parts.settings, generator: parts.id }
  return createHash('sha256').update(JSON.stringify(told)).digest('hex')
}

function checkOptions(options: RunTwoPlayerOptions): void {
  const refuse = (why: string): never => {
    throw new ParapetError('configuration', why)
  }
  const { languages, rounds, seeds, arms, english, seedsPerRound, count, temperature } = options
  const whole = { rounds, english, seedsPerRound, count }
  for (const [name, value] of Object.entries(whole))
    if (!(Number.isInteger(value) && value >= 1)) refuse(`${name} must be a whole number of at least 1, not ${value}.`)
  if (!(temperature > 0 && temperature < Infinity)) refuse(`The temperature must be above 0, not ${temperature}.`)
  if (languages.length === 0 || new Set(languages).size < languages.length)
    refuse('Name each language once, and at least one.')
  if (seeds.length === 0 || new Set(seeds).size < seeds.length) refuse('Give each seed once, and at least one.')
  if (arms.length === 0) refuse(`Name at least one arm of ${ARMS.join(', ')}.`)
  if (arms.includes('static') && !arms.includes('game'))
    refuse('The static arm adds as many rows as the game did, so it needs the game beside it.')
}
