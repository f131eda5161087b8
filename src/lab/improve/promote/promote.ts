/**
 * Runs the current version and a candidate on the pinned sets, judges the conditions, and moves the pointer where all of them hold. What
 * was found is written either way, before anything moves.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ParapetError } from '../../../spec/index.ts'
import { judgedText, textHash } from '../../eval/contamination.ts'
import { Copies, wordHash } from '../collect/copies.ts'
import type { EvaluationSample } from '../../eval/sample.ts'
import { countDecisions, decisionMetrics } from '../../eval/metrics/decisions.ts'
import { writeRunFolder } from '../../eval/run-folder.ts'
import { runEvaluation, type EvaluationOutcome } from '../../eval/run.ts'
import type { Subject } from '../../eval/subject.ts'
import { DATA_FILES, readDataSet, type DataSetFacts } from '../collect/data-set.ts'
import { readRecordFile } from '../../train/records.ts'
import { readChecked, replaceFolder, type ImprovementFolder } from '../improvement-folder.ts'
import { renderPromotionReport } from '../report/promotion-report.ts'
import { movePointer, readPointer } from '../versions/pointer.ts'
import { openVersion, type VersionManifest } from '../versions/version.ts'
import { falseAlarms, judgeGates, type GateFacts, type GateOptions } from './gates.ts'
import { changeOf, changesBy, pairsOf, type JudgedPair } from './paired-rows.ts'
import { readPins, type Pin, type PinnedSet } from './pins.ts'
import { conclusionOf, type Promotion } from './promotion.ts'

export interface PromoteOptions {
  readonly candidate: string
  readonly pins: string
  readonly gates: GateOptions
  /** Only compare: nothing moves. */
  readonly compareOnly: boolean
  /** ISO 8601. */
  readonly at: string
  readonly onProgress?: (message: string) => void
  readonly signal?: AbortSignal
}

/** The record of the comparison, which lies in `promotions/` with the report and the bench's run folder. */
export async function promoteVersion(folder: ImprovementFolder, options: PromoteOptions): Promise<Promotion> {
  const { candidate: id, at } = options
  const release = folder.hold()
  try {
    const { version } = readPointer(folder)
    if (id === version) throw new ParapetError('configuration', `${id} is current. Name a candidate.`)
    const { pins, sets } = readPins(options.pins)
    const current = await openVersion(folder, version)
    const candidate = await openVersion(folder, id)
    const outcome = await measure(sets, [candidate.subject, current.subject], options)
    const pairs = pairsOf(sets, outcome.predictions, { current: version, candidate: id })
    const data = dataOf(folder, candidate.manifest)
    const facts = factsOf(sets, outcome, candidate.subject, version, collectedCopies(folder, data))
    const { gates, gain } = judgeGates(pairs, facts, options.gates)
    const passed = gates.every((gate) => gate.passed)
    const promotion: Promotion = {
      ...{ format: 1, id: folder.nextId('promotions'), at, passed },
      outcome: options.compareOnly ? 'compared' : passed ? 'promoted' : 'refused',
      ...{ current: version, candidate: candidate.manifest, data },
      tries: triesOf(folder, pins, id),
      ...{ pins, options: options.gates, threshold: 0.5, gain, gates },
      ...slicesOf(pairs, sets),
    }
    await writePromotion(folder, promotion, outcome)
    if (promotion.outcome === 'promoted') {
      // Looked at again: what was measured must be what becomes current.
      const { manifest } = await openVersion(folder, id)
      movePointer(folder, manifest, { at, kind: 'promoted', reason: promotion.id })
    }
    return promotion
  } finally {
    release()
  }
}

function measure(
  sets: readonly PinnedSet[],
  subjects: readonly Subject[],
  { gates, onProgress, signal, at }: PromoteOptions,
): Promise<EvaluationOutcome> {
  let told = ''
  return runEvaluation({
    ...{ subjects, sets: sets.map(({ set }) => set), seed: gates.seed, startedAt: at },
    thresholds: { default: { kind: 'fixed', value: 0.5 } },
    onProgress: ({ subject, set }) => {
      const message = `${subject} on ${set}`
      if (message !== told) onProgress?.(message)
      told = message
    },
    ...(signal === undefined ? {} : { signal }),
  })
}

function factsOf(
  sets: readonly PinnedSet[],
  { run, predictions }: EvaluationOutcome,
  candidate: Subject,
  current: string,
  copies: Copies | null,
): GateFacts {
  const unjudged = run.results.find(
    (result) => result.status === 'not_judged' && [candidate.name, current].includes(result.subject),
  )
  if (unjudged !== undefined)
    throw new ParapetError(
      'configuration',
      `The guard does not judge what ${unjudged.set} measures. Take that file out of the pins.`,
    )
  const failuresOf = (name: string): number =>
    predictions.filter(({ subject, outcome }) => subject === name && outcome !== 'scored').length
  const hashes = candidate.trainingHashes
  return {
    failures: { current: failuresOf(current), candidate: failuresOf(candidate.name) },
    learnt: sets.map(({ set }) => {
      const isKnown = (sample: EvaluationSample): boolean => {
        const text = judgedText(sample)
        return (
          hashes?.has(textHash(text)) === true || hashes?.has(wordHash(text)) === true || copies?.hold(sample) === true
        )
      }
      return { set: set.name, texts: hashes === undefined ? null : set.samples.filter(isKnown).length }
    }),
  }
}

/** What the candidate learnt of the collected rows, for near-copies; null where the data set is gone. */
function collectedCopies(folder: ImprovementFolder, data: DataSetFacts | null): Copies | null {
  return data === null ? null : new Copies(readRecordFile(join(folder.data(data.id), DATA_FILES.rows)).records)
}

/** Comparisons on any of these target sets until now, this one included, and how many candidates they were of. */
function triesOf(folder: ImprovementFolder, pins: readonly Pin[], candidate: string): Promotion['tries'] {
  const targets = new Set(pins.flatMap(({ role, sha256 }) => (role === 'target' ? [sha256] : [])))
  const earlier = folder
    .ids('promotions')
    .map((id) => readChecked(join(folder.promotions(id), 'promotion.json'), recordSchema))
    .filter((record) => record.pins.some(({ role, sha256 }) => role === 'target' && targets.has(sha256)))
  const candidates = new Set([...earlier.map((record) => record.candidate.id), candidate])
  return { comparisons: earlier.length + 1, candidates: candidates.size }
}

const recordSchema = z.object({
  candidate: z.object({ id: z.string() }),
  pins: z.array(z.object({ role: z.string(), sha256: z.string() })),
})

function dataOf(folder: ImprovementFolder, { origin }: VersionManifest): DataSetFacts | null {
  if (origin.kind !== 'trained') return null
  try {
    return readDataSet(folder, origin.data.id)
  } catch (error) {
    if (ParapetError.isInstance(error)) return null
    throw error
  }
}

function slicesOf(
  pairs: readonly JudgedPair[],
  sets: readonly PinnedSet[],
): Pick<Promotion, 'falseAlarms' | 'sets' | 'languages' | 'categories' | 'constants'> {
  const targets = pairs.filter(({ role }) => role === 'target')
  const constant = (flagged: boolean): number | null =>
    decisionMetrics(countDecisions(targets.map(({ label }) => ({ label, flagged })))).f1
  return {
    falseAlarms: falseAlarms(pairs),
    sets: sets.map(({ set, role }) => {
      const own = pairs.filter((pair) => pair.set === set.name)
      return { ...changeOf(set.name, own), role, sha256: set.sha256 }
    }),
    languages: changesBy(pairs, ({ language }) => [language]),
    categories: changesBy(pairs, (pair) => pair.categories),
    constants: { flagAll: constant(true), flagNone: constant(false) },
  }
}

async function writePromotion(
  folder: ImprovementFolder,
  promotion: Promotion,
  outcome: EvaluationOutcome,
): Promise<void> {
  const path = folder.promotions(promotion.id)
  mkdirSync(folder.promotions(), { recursive: true })
  const draft = folder.draftOf(path)
  await writeRunFolder(join(draft, 'bench'), outcome)
  const record = { ...promotion, conclusion: conclusionOf(promotion) }
  writeFileSync(join(draft, 'promotion.json'), `${JSON.stringify(record, null, 2)}\n`)
  writeFileSync(join(draft, 'report.html'), renderPromotionReport(promotion))
  replaceFolder(path, draft)
}
