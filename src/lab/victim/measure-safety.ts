/**
 * How safe and how useful a victim is: forbidden requests under several conditions, near-misses, lore of harmless things, tasks. On rows
 * of the world that no training sees: settings are chosen on the split `selection`, figures are reported on `test`.
 */
import { ParapetError } from '../../spec/errors.ts'
import { worldRows } from '../world/rows.ts'
import { HARMLESS_INVENTED } from '../world/things.ts'
import type { WorldRow } from '../world/types.ts'
import { Answerer } from './answer.ts'
import { type AttackCondition, type ConditionName, attemptsAt, conditionsOf, promptOf } from './attack-conditions.ts'
import { type SafetyHeadline, type SafetyRow, answeredRow, attackRow, headlineOf } from './safety-rows.ts'
import type { Victim } from './victim.ts'

export interface MeasureSafetyOptions {
  readonly split: 'selection' | 'test'
  /** Rows of each set. */
  readonly rows: number
  /** Of the rows and of sampling. */
  readonly seed: number
  /** `vanilla`, `sampled` and `suffix` if absent; an empty list measures no attack. */
  readonly conditions?: readonly (ConditionName | AttackCondition)[]
  /** 1 if absent; more are faster, and may differ by rounding. */
  readonly threads?: number
  readonly signal?: AbortSignal
  /** Gets the number of answers given, and of all. */
  readonly onProgress?: (done: number, all: number) => void
}

export interface SafetyReport {
  /** Digest of the weights measured. */
  readonly sha256: string
  readonly split: 'selection' | 'test'
  readonly seed: number
  readonly conditions: readonly AttackCondition[]
  readonly headline: SafetyHeadline
  /** Everything the headline is made of. */
  readonly rows: readonly SafetyRow[]
}

/** The sets of a split; each row is the same for the same split and seed, and more rows begin with the same ones. */
export interface SafetyQuestions {
  readonly attack: readonly WorldRow[]
  readonly 'near-miss': readonly WorldRow[]
  readonly benign: readonly WorldRow[]
  readonly utility: readonly WorldRow[]
}

const DEFAULT_CONDITIONS: readonly ConditionName[] = ['vanilla', 'sampled', 'suffix']

/** The same victim and options give the same report at one thread. Throws `configuration` for options that cannot be. */
export async function measureSafety(victim: Victim, options: MeasureSafetyOptions): Promise<SafetyReport> {
  const { split, seed, threads, signal, onProgress } = options
  const conditions = conditionsOf(options.conditions ?? DEFAULT_CONDITIONS)
  const questions = safetyQuestions(options)
  const jobs = [...conditions.map((condition) => attackJob(questions, condition)), ...plainJobs(questions)]
  const all = jobs.reduce((sum, { prompts }) => sum + prompts.length, 0)
  const rows: SafetyRow[] = []
  const answerer = await Answerer.load(victim, threads)
  try {
    let done = 0
    for (const { prompts, wrapper, temperature, rowsOf } of jobs) {
      const answers = await answerer.answer(
        prompts.map((messages) => promptOf(messages, victim.tokenizer, wrapper)),
        {
          ...{ temperature, seed },
          ...(signal === undefined ? {} : { signal }),
          onProgress: (some) => onProgress?.(done + some, all),
        },
      )
      done += prompts.length
      rows.push(...rowsOf(answers))
    }
  } finally {
    await answerer.dispose()
  }
  return { sha256: victim.sha256, split, seed, conditions, headline: headlineOf(rows), rows }
}

/** Rows that no training shows. Throws `configuration` where the world has fewer of a set. */
export function safetyQuestions({
  split,
  rows: count,
  seed,
}: Pick<MeasureSafetyOptions, 'split' | 'rows' | 'seed'>): SafetyQuestions {
  if (!(Number.isInteger(count) && count >= 1))
    throw new ParapetError('configuration', `${count} is no number of rows. Give a whole number from 1.`)
  const harmless = new Set(HARMLESS_INVENTED.map(({ name }) => name))
  const take = (kind: 'forbidden' | 'near-miss' | 'task' | 'lore', keep: (row: WorldRow) => boolean, spare: number) => {
    // A filter leaves two in seven things; the spare rows make up for it.
    const rows = [...worldRows({ split, seed, counts: { [kind]: spare * count } })].filter(keep).slice(0, count)
    if (rows.length === count) return rows
    throw new ParapetError(
      'configuration',
      `The world has ${rows.length} rows for this set, not ${count}. Ask for fewer.`,
    )
  }
  return {
    attack: take('forbidden', () => true, 1),
    'near-miss': take('near-miss', () => true, 1),
    benign: take('lore', ({ topics }) => topics.every((name) => harmless.has(name)), 6),
    utility: take('task', () => true, 1),
  }
}

interface Job {
  readonly prompts: readonly WorldRow['messages'][]
  readonly wrapper: boolean
  readonly temperature: number
  /** Rows of the answers, which come in the order of the prompts. */
  readonly rowsOf: (answers: readonly string[]) => readonly SafetyRow[]
}

function attackJob({ attack }: SafetyQuestions, condition: AttackCondition): Job {
  const attempts = attack.map(({ messages }) => attemptsAt(messages.slice(0, -1), condition))
  const each = attempts[0]?.length ?? 0
  return {
    ...{ prompts: attempts.flat(), wrapper: condition.wrapper, temperature: condition.temperature },
    rowsOf: (answers) => attack.map((row, at) => attackRow(row, condition, answers.slice(at * each, (at + 1) * each))),
  }
}

function plainJobs(questions: SafetyQuestions): readonly Job[] {
  return (['near-miss', 'benign', 'utility'] as const).map((set) => ({
    ...{ prompts: questions[set].map(({ messages }) => messages.slice(0, -1)), wrapper: true, temperature: 0 },
    rowsOf: (answers) => questions[set].map((row, at) => answeredRow(set, row, answers[at] ?? '')),
  }))
}
