/**
 * A measurement without its questions, which are the same for all models of a run: `run.json` has them once. With the questions every
 * row is whole again, and every headline is worked out from it.
 */
import { ParapetError } from '../../../spec/errors.ts'
import type { SafetyReport } from '../../victim/measure-safety.ts'
import { type SafetyHeadline, type SafetyRow, headlineOf } from '../../victim/safety-rows.ts'

/** Of one world row: all of a safety row but what a model answered. */
export type AskedQuestion = Omit<SafetyRow, 'condition' | 'answers'>

export interface MeasuredModel {
  readonly sha256: string
  readonly headline: SafetyHeadline
  readonly answered: readonly (Pick<SafetyRow, 'set' | 'id' | 'answers'> & { readonly condition?: string })[]
}

export function withoutQuestions({ sha256, headline, rows }: SafetyReport): MeasuredModel {
  return {
    ...{ sha256, headline },
    answered: rows.map(({ set, id, condition, answers }) => ({
      ...{ set, id, answers },
      ...(condition === undefined ? {} : { condition }),
    })),
  }
}

/** The questions of a report, each once, by set and id. */
export function questionsOf({ rows }: SafetyReport): readonly AskedQuestion[] {
  const questions = new Map<string, AskedQuestion>()
  for (const { condition: _, answers: __, ...question } of rows) questions.set(keyOf(question), question)
  return [...questions.values()]
}

/** Whole rows again. Throws `input_invalid` where a question is missing. */
export function wholeRows(
  questions: readonly AskedQuestion[],
  { answered }: Pick<MeasuredModel, 'answered'>,
): readonly SafetyRow[] {
  const known = new Map(questions.map((question) => [keyOf(question), question]))
  return answered.map((row) => {
    const question = known.get(keyOf(row))
    if (question === undefined)
      throw new ParapetError('input_invalid', `The run has no question ${keyOf(row)}: its file was changed.`)
    return { ...question, ...row }
  })
}

/** The figures of a measurement, from its rows alone. */
export function rederived(questions: readonly AskedQuestion[], measured: MeasuredModel): SafetyHeadline {
  return headlineOf(wholeRows(questions, measured))
}

const keyOf = ({ set, id }: Pick<SafetyRow, 'set' | 'id'>): string => `${set} ${id}`
