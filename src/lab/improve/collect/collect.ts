/**
 * From exported decisions and disagreements to a data set: consent, forgotten users, the reviewers' words, redaction, merging, the
 * hold-out, and what stands in sets that measure.
 *
 * A data set is made of the files given and of nothing else: what the gateway has deleted is gone with the next whole export. Files are
 * streamed; only rows that will be kept are in memory. A line that cannot be read ends it, and no data set is made.
 */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { ParapetError } from '../../../spec/index.ts'
import { createLanguageDetector, type LanguageDetector } from '../../../nn/runtime/language-detector.ts'
import type { EvaluationSample } from '../../eval/sample.ts'
import { rawRows, requireData } from '../../screen/read/open-data.ts'
import type { TrainingRecord } from '../../train/records.ts'
import type { ImprovementFolder } from '../improvement-folder.ts'
import { guardVersionAt } from '../versions/pointer.ts'
import { Copies } from './copies.ts'
import { consentFacts, hasConsent, type Consent, type Origin } from './consent.ts'
import { writeDataSet, type DataSetFacts, type PlacedRow } from './data-set.ts'
import { parseLine, type CollectedLine, type ExportedDecision, type ExportedDisagreement } from './decision-line.ts'
import { forgottenUsers, scrubDataSets } from './forgotten.ts'
import { Gatherer, type CollectedRow, type RowOrigin, type Said } from './gather.ts'
import { judgedItems, type JudgedItem } from './judged-items.ts'
import { opinionsOf } from './opinions.ts'
import type { NameFinder } from '../../../guards/pii/index.ts'
import { createRedactor, type Redactor } from './redaction.ts'
import { partOf, partOfUser, type Part } from './split.ts'

export interface CollectOptions {
  /** What `parapet export` wrote, and files of disagreements; packed by gzip or not. */
  readonly files: readonly string[]
  readonly consent: Consent
  /** Whose word counts, by the name of their key; null is everybody's. */
  readonly reviewers?: readonly string[] | null
  /** Also take what no user stands at, which no `forget` can find. */
  readonly anonymous?: boolean
  /** Texts of sets that measure; rows that repeat one are left out. */
  readonly pinned?: readonly Pick<EvaluationSample, 'prompt' | 'response'>[]
  /** Finds names of persons within sentences; null looks for none. Default: the optional package `compromise`, where it is installed. */
  readonly nameFinder?: NameFinder | null
  /** ISO 8601. */
  readonly at: string
  readonly onProgress?: (message: string) => void
  readonly signal?: AbortSignal
}

/** Lines between two looks at the signal. */
const BREATH = 1000

/**
 * Collects and writes the next data set.
 *
 * @throws ParapetError `input_invalid` with the line that cannot be read, or where no row is left; `aborted`
 */
export async function collectData(folder: ImprovementFolder, options: CollectOptions): Promise<DataSetFacts> {
  const release = folder.hold()
  try {
    const scrubbed = scrubDataSets(folder, options.at).rows
    const { redact, names } = await createRedactor(options.nameFinder)
    const collection = new Collection(folder, options, redact, await createLanguageDetector())
    const files = []
    for (const path of options.files) files.push(await collection.addFile(path))
    const { placed, counts, facts } = collection.finish()
    const told = { ...counts, scrubbedElsewhere: scrubbed }
    if (placed.length === 0)
      throw new ParapetError('input_invalid', `No row is left, so no data set was made. ${countsInWords(told)}`)
    const id = folder.nextId('data')
    return writeDataSet(folder, id, placed, { madeAt: options.at, files, counts: told, names, ...facts })
  } finally {
    release()
  }
}

/** Counts that are not nought, for people. */
export function countsInWords(counts: Readonly<Record<string, number>>): string {
  return Object.entries(COUNTS)
    .flatMap(([name, words]) => ((counts[name] ?? 0) === 0 ? [] : [`${counts[name]} ${words}`]))
    .join(', ')
    .concat('.')
}

/** What is counted, in words. */
export const COUNTS = {
  lines: 'lines read',
  noConsent: 'without consent',
  forgotten: 'of forgotten users',
  noUser: 'without a user (--anonymous takes them)',
  notReviewed: 'not reviewed',
  otherReviewers: 'words of people who are no reviewers',
  unclear: 'words that say nothing about harm',
  noText: 'without the text',
  otherGuard: 'about other guards than the classifier',
  whichText: 'where nobody says which text is meant (name it with --label)',
  redactionFailed: 'whose redaction failed',
  conflicts: 'texts on which the words contradict each other',
  duplicates: 'repetitions',
  inPinned: 'texts that stand in pinned sets, near-copies included',
  nearHeldOut: 'copies and near-copies of held-out texts',
  scrubbedElsewhere: 'rows of forgotten users taken out of earlier data sets',
} as const

type Count = Exclude<keyof typeof COUNTS, 'scrubbedElsewhere'>

const NO_ITEM = {
  'no-text': 'noText',
  'other-guard': 'otherGuard',
  'which-text': 'whichText',
  'contradicts-text': 'whichText',
} as const

class Collection {
  readonly #counts = Object.fromEntries(Object.keys(COUNTS).map((name) => [name, 0])) as Record<Count, number>
  readonly #masked: Record<string, number> = {}
  readonly #gatherer = new Gatherer()
  readonly #forgotten: ReadonlySet<string>
  /** Sides of users by their keyed hash. */
  readonly #sides = new Map<string, Part>()

  readonly folder: ImprovementFolder
  readonly options: CollectOptions
  readonly redact: Redactor
  readonly language: LanguageDetector

  constructor(folder: ImprovementFolder, options: CollectOptions, redact: Redactor, language: LanguageDetector) {
    this.folder = folder
    this.options = options
    this.redact = redact
    this.language = language
    this.#forgotten = forgottenUsers(folder)
  }

  async addFile(path: string): Promise<DataSetFacts['files'][number]> {
    await requireData(path)
    const name = basename(path)
    const hash = createHash('sha256')
    let lines = 0
    for await (const { line, bytes, problem } of rawRows(path, (piece) => hash.update(piece))) {
      if (bytes === null) throw new ParapetError('input_invalid', `${name}:${line}: ${problem ?? 'it cannot be read'}`)
      await this.#add(parseLine(bytes, `${name}:${line}`))
      lines += 1
      this.#counts.lines += 1
      if (lines % BREATH > 0) continue
      this.options.onProgress?.(`${name}: ${lines} lines`)
      if (this.options.signal?.aborted === true)
        throw new ParapetError('aborted', 'The collection was stopped. No data set was made.')
    }
    return { name, sha256: hash.digest('hex'), lines }
  }

  async #add(line: CollectedLine): Promise<void> {
    switch (line.kind) {
      case 'decision':
        return this.#addDecision(line.decision)
      case 'disagreement':
        return this.#addDisagreement(line.disagreement)
      case 'record': {
        const { record } = line
        if (!this.#admits({ source: record.source })) return
        const origin = { ...NO_ORIGIN, user: null }
        return this.#keep({ ...record, categories: record.categories }, judgeSaid(record.label), origin, record.lang)
      }
      default:
        return line satisfies never
    }
  }

  async #addDecision(decision: ExportedDecision): Promise<void> {
    if (!this.#admits(decision)) return
    const { reviewers = null } = this.options
    const { opinions, unclear, others } = opinionsOf(decision, reviewers === null ? null : new Set(reviewers))
    this.#counts.unclear += unclear
    this.#counts.otherReviewers += others
    if (opinions.length + unclear === 0) this.#counts.notReviewed += 1
    const { id, at, user = null, policyVersion } = decision
    const origin: RowOrigin = {
      ...{ decision: id, at, policyVersion, guardVersion: guardVersionAt(this.folder, at) },
      user: this.#userHash(user),
    }
    for (const opinion of opinions) {
      const items = judgedItems(decision, opinion)
      if (typeof items === 'string') {
        this.#counts[NO_ITEM[items]] += 1
        continue
      }
      const { reviewer } = opinion
      for (const item of items) {
        const hash = reviewer === null ? null : this.folder.hashOf('reviewer', reviewer)
        await this.#keep(item, { by: 'person', reviewer: hash, label: item.label }, origin)
      }
    }
  }

  async #addDisagreement({ label: task, judge, texts, caller }: ExportedDisagreement): Promise<void> {
    if (!this.#admits(caller)) return
    if (texts === null) {
      this.#counts.noText += 1
      return
    }
    const label = judge.harmful ? 1 : 0
    const { prompt, response, system } = texts
    const item: JudgedItem = { task, label, prompt, response, system, categories: [] }
    await this.#keep(item, judgeSaid(label), { ...NO_ORIGIN, user: this.#userHash(caller.user ?? null) })
  }

  /** Counts what is not taken. */
  #admits(origin: Origin): boolean {
    const { user } = origin
    const refusal = !hasConsent(this.options.consent, origin)
      ? 'noConsent'
      : typeof user === 'string' && this.#forgotten.has(this.folder.hashOf('user', user))
        ? 'forgotten'
        : typeof user !== 'string' && this.options.anonymous !== true
          ? 'noUser'
          : null
    if (refusal !== null) this.#counts[refusal] += 1
    return refusal === null
  }

  #userHash(user: string | null): string | null {
    if (user === null) return null
    const hash = this.folder.hashOf('user', user)
    this.#sides.set(hash, partOfUser(user, this.folder.settings.holdOut))
    return hash
  }

  /** A text of several users stands where the first who sent it does. */
  #partOf({ record, origins }: CollectedRow): Part {
    const [first] = origins
      .flatMap(({ user, at }) => (user === null ? [] : [{ user, at: at === null ? Infinity : Date.parse(at) }]))
      .toSorted((left, right) => left.at - right.at || (left.user < right.user ? -1 : 1))
    const side = first === undefined ? undefined : this.#sides.get(first.user)
    return side ?? partOf(record, this.folder.settings.holdOut)
  }

  /** Redacts, and keeps what could be redacted. */
  async #keep(item: JudgedItem, said: Said, origin: RowOrigin, known?: string): Promise<void> {
    const texts = await this.#redacted(item)
    if (texts === null) {
      this.#counts.redactionFailed += 1
      return
    }
    const { licence } = this.options.consent
    const { task, categories } = item
    const lang = known ?? this.language(texts.response ?? texts.prompt) ?? 'und'
    const source = said.by === 'person' ? 'reviewed traffic' : 'judged traffic'
    this.#gatherer.add({ task, lang, ...texts, categories, source, licence }, said, origin)
  }

  async #redacted(item: JudgedItem): Promise<Pick<TrainingRecord, 'prompt' | 'response' | 'system'> | null> {
    const masked: Record<string, number> = {}
    const clean = async (text: string | null): Promise<string | null | undefined> => {
      if (text === null) return null
      const result = await this.redact(text).catch(() => null)
      for (const [label, count] of Object.entries(result?.masked ?? {})) masked[label] = (masked[label] ?? 0) + count
      return result?.text
    }
    const [prompt, response, system] = [await clean(item.prompt), await clean(item.response), await clean(item.system)]
    if (typeof prompt !== 'string' || response === undefined || system === undefined) return null
    for (const [label, count] of Object.entries(masked)) this.#masked[label] = (this.#masked[label] ?? 0) + count
    return { prompt, response, system }
  }

  finish(): {
    readonly placed: readonly PlacedRow[]
    readonly counts: Readonly<Record<string, number>>
    readonly facts: Pick<DataSetFacts, 'consent' | 'masked' | 'agreement'>
  } {
    const { rows, duplicates, conflicts, judgesOverruled, agreement } = this.#gatherer.finish()
    const { pinned = [], consent } = this.options
    const known = new Copies(pinned)
    const clean = rows.filter(({ record }) => !known.hold(record))
    const sided = clean.map((row) => ({ ...row, part: this.#partOf(row) }))
    const heldOut = new Copies(sided.filter(({ part }) => part === 'held-out').map(({ record }) => record))
    const placed = sided.filter(({ part, record }) => part === 'held-out' || !heldOut.hold(record))
    const counts = {
      ...{ ...this.#counts, duplicates, conflicts, judgesOverruled },
      ...{ inPinned: rows.length - clean.length, nearHeldOut: clean.length - placed.length },
    }
    return { placed, counts, facts: { consent: { ...consentFacts(consent) }, masked: this.#masked, agreement } }
  }
}

const NO_ORIGIN: RowOrigin = { decision: null, at: null, user: null, policyVersion: null, guardVersion: null }

function judgeSaid(label: 0 | 1): Said {
  return { by: 'judge', reviewer: null, label }
}
