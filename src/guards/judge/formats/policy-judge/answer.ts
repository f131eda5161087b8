/**
 * The policy judge's answer: its JSON Schema for engines that can hold a model to it, and a parser that trusts no engine to have done
 * so. A code fence around the object is tolerated and nothing else; a clause that the policy does not have makes the answer unparsable.
 */
import type { JudgeTask, PolicyClause } from '../../judge-input.ts'
import { labelReading, unparsable, type JudgeReading } from '../../judge-reading.ts'
import { namedClause } from '../clauses.ts'
import { LONGEST_ANSWER, parseJsonObject, stringList } from '../strict-json.ts'

const FIELDS = ['label', 'clauses', 'confidence', 'quotes', 'critique'] as const
const MOST_QUOTES = 20
const LONGEST_QUOTE = 1_000
const LONGEST_CRITIQUE = 4_000

/** JSON Schema 2020-12; the order of the properties is the order of the answer. */
export function answerSchema(clauses: readonly PolicyClause[]): Readonly<Record<string, unknown>> {
  return {
    type: 'object',
    properties: {
      label: { enum: ['violation', 'no_violation'] },
      clauses: { type: 'array', items: { enum: clauses.map(({ id }) => id) }, maxItems: clauses.length },
      confidence: { type: 'number', minimum: 0, maximum: 1 },
      quotes: { type: 'array', items: { type: 'string', maxLength: LONGEST_QUOTE }, maxItems: MOST_QUOTES },
      critique: { type: 'string', maxLength: LONGEST_CRITIQUE },
    },
    required: FIELDS,
    additionalProperties: false,
  }
}

/** Reads an answer. Ids count with their case. */
export function readPolicyAnswer(text: string, task: JudgeTask, clauses: readonly PolicyClause[]): JudgeReading {
  if (text.trim() === '') return unparsable('empty', text)
  if (text.length > LONGEST_ANSWER) return unparsable('too_long', text)
  const answer = parseJsonObject(text)
  if (answer === null) return unparsable('not_json', text)
  const keys = Object.keys(answer)
  if (keys.length !== FIELDS.length || !FIELDS.every((field) => keys.includes(field)))
    return unparsable('wrong_fields', text)
  const { label, confidence, critique } = answer
  const [ids, quotes] = [stringList(answer['clauses']), stringList(answer['quotes'])]
  if (label !== 'violation' && label !== 'no_violation') return unparsable('no_label', text)
  if (ids === null || quotes === null || typeof critique !== 'string' || !isShare(confidence))
    return unparsable('wrong_fields', text)
  if (quotes.length > MOST_QUOTES || critique.length > LONGEST_CRITIQUE) return unparsable('too_long', text)
  const found = ids.map((id) => clauses.find((clause) => clause.id === id))
  if (found.includes(undefined)) return unparsable('unknown_clause', text)
  const broken = new Set(found.filter((clause) => clause !== undefined))
  // A label and a list that say different things leave no answer.
  if ((label === 'violation') !== broken.size > 0) return unparsable('inconsistent', text)
  return labelReading(
    { [task]: label === 'violation' },
    { categories: [...broken].map(namedClause), confidence, critique: critique.trim() || null, quotes },
  )
}

function isShare(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1
}
