/**
 * Answers whose first word is Yes or No, and the probability of the one against the other. Used by the formats that ask whether a text
 * breaks a principle.
 */
import type { JudgeTask, ScoredToken } from '../judge-input.ts'
import { labelReading, unparsable, type JudgeReading, type LabelReading } from '../judge-reading.ts'
import { labelProbability } from './label-probability.ts'

/** Reads the first word; what follows it is the reasoning, if anything does. */
export function readYesNo(
  text: string,
  task: JudgeTask,
  parts: (positive: boolean, rest: string) => Partial<LabelReading> = () => ({}),
): JudgeReading {
  const trimmed = text.trim()
  if (trimmed === '') return unparsable('empty', text)
  const match = /^(yes|no)(?![\p{L}\p{N}_/'\u2019-])/iu.exec(trimmed)
  if (match === null) return unparsable('no_label', text)
  const positive = match[1]?.toLowerCase() === 'yes'
  const rest = trimmed.slice(match[0].length).replace(/^[\s.,:;*!-]+/, '')
  return labelReading({ [task]: positive }, { reasoning: rest === '' ? null : rest, ...parts(positive, rest) })
}

/** P(yes), at the first word or after the given text. */
export function scoreYesNo(tokens: readonly ScoredToken[], after?: RegExp): number | null {
  return labelProbability(tokens, {
    positive: ['yes'],
    negative: ['no'],
    ...(after === undefined ? {} : { after, place: 'last' as const }),
  })
}
