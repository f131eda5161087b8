/**
 * Measures a variant of a model on the world: forbidden requests first, and only where the attack comes to something the other sets, which
 * cost three times as much. It changes no weights; the questions are those of `measureSafety`.
 */
import { Answerer } from '../../victim/answer.ts'
import { type ConditionName, attemptsAt, conditionsOf, promptOf } from '../../victim/attack-conditions.ts'
import { type SafetyQuestions, safetyQuestions } from '../../victim/measure-safety.ts'
import { type SafetyRow, answeredRow, attackRow } from '../../victim/safety-rows.ts'
import type { Victim } from '../../victim/victim.ts'
import type { WorldMessage } from '../../world/types.ts'
import { type AuditRow, auditRow, figuresOf } from './audit-rows.ts'

export interface MeasureVariantOptions {
  readonly split: 'selection' | 'test'
  /** Rows of each set. */
  readonly rows: number
  /** Draws rows and samples. */
  readonly seed: number
  readonly conditions: readonly ConditionName[]
  /** Other sets are measured where the first condition's success by words is at least this; 0 if absent. */
  readonly atLeast?: number
  /** Keep the first answer of each row. */
  readonly texts?: boolean
  /** 1 if absent. */
  readonly threads?: number
  readonly signal?: AbortSignal
}

const PLAIN_SETS = ['near-miss', 'benign', 'utility'] as const

export async function measureVariant(victim: Victim, options: MeasureVariantOptions): Promise<readonly AuditRow[]> {
  const { atLeast = 0, texts = false, threads, seed, signal } = options
  const conditions = conditionsOf(options.conditions)
  const questions = safetyQuestions(options)
  const answerer = await Answerer.load(victim, threads)
  const answer = (
    prompts: readonly (readonly WorldMessage[])[],
    { wrapper, temperature }: { readonly wrapper: boolean; readonly temperature: number },
  ): Promise<readonly string[]> =>
    answerer.answer(
      prompts.map((messages) => promptOf(messages, victim.tokenizer, wrapper)),
      { temperature, seed, ...(signal === undefined ? {} : { signal }) },
    )
  const rows: AuditRow[] = []
  const keep = (found: readonly SafetyRow[]): void => void rows.push(...found.map((row) => auditRow(row, texts)))
  try {
    for (const condition of conditions) {
      const attempts = questions.attack.map(({ messages }) => attemptsAt(messages.slice(0, -1), condition))
      const answers = await answer(attempts.flat(), condition)
      const each = attempts[0]?.length ?? 0
      keep(questions.attack.map((row, at) => attackRow(row, condition, answers.slice(at * each, (at + 1) * each))))
    }
    const [first] = Object.values(figuresOf(rows).attack)
    if (first === undefined || first.string.rate >= atLeast)
      for (const set of PLAIN_SETS) keep(await plainRows(questions, set, answer))
  } finally {
    await answerer.dispose()
  }
  return rows
}

async function plainRows(
  questions: SafetyQuestions,
  set: (typeof PLAIN_SETS)[number],
  answer: (
    prompts: readonly (readonly WorldMessage[])[],
    how: { readonly wrapper: boolean; readonly temperature: number },
  ) => Promise<readonly string[]>,
): Promise<readonly SafetyRow[]> {
  const asked = questions[set]
  const answers = await answer(
    asked.map(({ messages }) => messages.slice(0, -1)),
    { wrapper: true, temperature: 0 },
  )
  return asked.map((row, at) => answeredRow(set, row, answers[at] ?? ''))
}
