/**
 * The answer of the Llama Guard family: `safe`, or `unsafe` and a line of category codes. The label alone decides; codes that are
 * missing, unknown or beside `safe` change nothing.
 */
import type { JudgeTask, PolicyClause, ScoredToken } from '../../judge-input.ts'
import { labelReading, unparsable, type JudgeReading, type LabelReading } from '../../judge-reading.ts'
import { nameClauses } from '../clauses.ts'
import { labelProbability } from '../label-probability.ts'

/** Reads an answer about one task. Case of label and codes does not matter, spaces and empty lines around them neither. */
export function readSafeUnsafe(text: string, task: JudgeTask, clauses: readonly PolicyClause[]): JudgeReading {
  const lines = text
    .replace(/(?:<\|(?:eot_id|eot|eom_id|end_of_text)\|>|<\/s>)\s*$/, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const [first = '', second = '', ...rest] = lines
  if (first === '') return unparsable('empty', text)
  const label = first.toLowerCase()
  if (label !== 'safe' && label !== 'unsafe') return unparsable('no_label', text)
  const { categories, remarks } = nameClauses(clauses, second.split(','))
  const trailing = rest.length === 0 ? [] : [{ kind: 'trailing_text' } as const]
  if (label === 'unsafe') return labelReading({ [task]: true }, { categories, remarks: [...remarks, ...trailing] })
  const beside = second === '' ? [] : [{ kind: 'categories_of_safe' } as const]
  return labelReading({ [task]: false }, { remarks: [...beside, ...trailing] })
}

/** The answer that reads as this reading does; codes in their order. */
export function writeSafeUnsafe(reading: LabelReading): string {
  if (!Object.values(reading.labels).includes(true)) return 'safe'
  return ['unsafe', reading.categories.map(({ id }) => id).join(',')].filter((line) => line !== '').join('\n')
}

/** P(unsafe) at the first word (model cards of Llama Guard 2 and 3). */
export function scoreSafeUnsafe(tokens: readonly ScoredToken[]): number | null {
  return labelProbability(tokens, { positive: ['unsafe'], negative: ['safe'] })
}
