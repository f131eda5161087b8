/**
 * Asks about every clause of a policy on its own and puts the verdicts together: a text is harmful where any clause is broken, and clean
 * only where every clause was judged and none is. The order of the clauses has no part in it. Labels and probabilities come from
 * `ask-once.ts`, clause by clause.
 */
import type { CompletionOptions } from '../../../spec/index.ts'
import { ParapetError } from '../../../spec/index.ts'
import type { Judge, JudgeAnswer, Question, TaskScore } from '../ask-judge.ts'
import { askOnce } from '../ask-once.ts'
import type { JudgeFormat } from '../formats/format.ts'
import { namedClause } from '../formats/clauses.ts'
import type { NamedClause } from '../judge-reading.ts'
import { labelReading } from '../judge-reading.ts'
import { togetherCritiques } from './clause-critiques.ts'

/** What became of one clause. */
export interface ClauseVerdict {
  readonly clause: NamedClause
  /** `failed`: nobody knows; never the same as kept. */
  readonly verdict: 'broken' | 'kept' | 'failed'
  /** 0…1, above one half exactly where broken; null where it failed. */
  readonly score: number | null
  /** Of the clause being broken, as the tokens say; null where there are none that decide. */
  readonly probability: number | null
  /** Why there is no verdict; null where there is one. */
  readonly failure: unknown
}

interface AskedClause extends ClauseVerdict {
  readonly answer: JudgeAnswer | null
  readonly task: TaskScore | null
}

/** Clauses of one text asked about at once. The engine has bounds of its own. */
const AT_ONCE = 8

/**
 * One verdict for each format, in their order; each format has one clause. The first is asked alone, so that those after it find the
 * prefix they share. Never rejects: what went wrong stands with its clause. Once the signal has fired nothing more is asked.
 */
export async function judgeClauses(
  judge: Omit<Judge, 'format'>,
  formats: readonly JudgeFormat[],
  question: Question,
  options: CompletionOptions,
): Promise<readonly ClauseVerdict[]> {
  return (await askedClauses(judge, formats, question, options)).map(
    ({ answer: _answer, task: _task, ...verdict }) => verdict,
  )
}

/**
 * The answer of a whole policy. Where a clause is broken and another failed, the text is as harmful as the one nobody judged may be.
 * Rejects as the first clause did that has no verdict, where none is broken.
 */
export async function askClauses(
  judge: Judge,
  formats: readonly JudgeFormat[],
  question: Question,
  options: CompletionOptions,
): Promise<JudgeAnswer> {
  const asked = await askedClauses(judge, formats, question, options)
  const failed = asked.find(({ verdict }) => verdict === 'failed')
  const broken = asked.filter(({ verdict }) => verdict === 'broken').toSorted(byScore)
  if (failed !== undefined && broken.length === 0) throw failed.failure
  const worst = asked.toSorted(byScore)[0]?.task
  if (worst === null || worst === undefined)
    throw new ParapetError('guard_failed', 'The judge policy gave no verdict: it has no clause.')
  const answers = broken.flatMap(({ answer }) => answer ?? [])
  return {
    scores: [failed === undefined ? worst : { ...worst, score: 1 }],
    reading: labelReading({ [worst.task]: broken.length > 0 }, { categories: broken.map(({ clause }) => clause) }),
    clauses: asked,
    reasonsCameAlong: false,
    critique: (later) => togetherCritiques(answers, later),
  }
}

/** Highest first; a clause without a verdict last. Equal ones by their ids, not their places. */
function byScore(one: AskedClause, other: AskedClause): number {
  const difference = (other.score ?? -1) - (one.score ?? -1)
  return difference === 0 ? (one.clause.id < other.clause.id ? -1 : 1) : difference
}

async function askedClauses(
  judge: Omit<Judge, 'format'>,
  formats: readonly JudgeFormat[],
  question: Question,
  options: CompletionOptions,
): Promise<readonly AskedClause[]> {
  const asked: AskedClause[] = []
  const left = formats.entries()
  const next = async (): Promise<boolean> => {
    const { done, value } = left.next()
    if (done === true) return false
    const [place, format] = value
    asked[place] = await askClause({ ...judge, format }, question, options)
    return true
  }
  await next()
  const worker = async (): Promise<void> => {
    while (await next());
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return asked
}

async function askClause(judge: Judge, question: Question, options: CompletionOptions): Promise<AskedClause> {
  const [clause] = judge.format.clauses.map(namedClause)
  const named = clause ?? { id: judge.format.name, title: '', hazards: [] }
  try {
    if (options.signal?.aborted === true) throw new ParapetError('aborted', 'The question was taken back.')
    const answer = await askOnce(judge, question, options)
    const task = answer.scores[0] ?? null
    if (task === null) throw new ParapetError('guard_failed', `The judge ${judge.format.name} gave no score.`)
    const verdict = task.score > 0.5 ? 'broken' : 'kept'
    return { clause: named, verdict, score: task.score, probability: task.probability, failure: null, answer, task }
  } catch (failure) {
    return { clause: named, verdict: 'failed', score: null, probability: null, failure, answer: null, task: null }
  }
}
