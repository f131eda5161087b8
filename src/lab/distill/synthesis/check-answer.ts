/**
 * Does what a teacher wrote agree with the gold label, and is it of the form that the run-time formats read? Nothing is mended: an answer
 * is good, or there is one reason why it is not. The check of critiques is Parapet's own: none is known of the paper's.
 */
import { GUARDREASONER_LABELS, parseGuardReasonerAnswer, readCritique } from '../../../guards/judge/formats/index.ts'
import { guardReasonerReasoning, guardReasonerWord } from '../../../guards/judge/formats/guardreasoner-answer.ts'
import { labelReading } from '../../../guards/judge/index.ts'
import { ANSWER_KEYS } from '../examples/answer-block.ts'
import { GUARD_TASKS, judgeInputOf } from '../rows/guarded-row.ts'
import type { CritiqueQuestion, ReasoningQuestion, TeacherAnswer } from '../teachers/teacher.ts'

/**
 * `filtered`: the server withheld it. `cut`: tokens ran out. `empty`. `refused`: the teacher declined. `unparsable`: not of the form.
 * `disagrees`: another label than the gold one. `silent`: names none of the broken clauses. `invented`: quotes what is not there.
 * `error`: the engine failed.
 */
export const FAULTS = [
  'filtered',
  'cut',
  'empty',
  'refused',
  'unparsable',
  'disagrees',
  'silent',
  'invented',
  'error',
] as const
export type Fault = (typeof FAULTS)[number]

/** Openings of a teacher that declines; it may still name a label in them. */
const DECLINES =
  /^\W*(?:i(?:['’]m| am) (?:sorry|unable|not able)|sorry\b|i (?:can(?:['’]t|not)|won['’]t|will not|must decline)|as an ai\b|unfortunately, i\b)/iu

/** Steps a task: GuardReasoner asks its teacher for one to ten. */
const MOST_STEPS = 10

/** Null where the critique is good. */
export function critiqueFault(answer: TeacherAnswer, question: CritiqueQuestion): Fault | null {
  const common = formFault(answer)
  if (common !== null) return common
  const { row, task, unsafe, broken, policy } = question
  const reading = (label: boolean): Parameters<typeof readCritique>[1] =>
    labelReading(
      { [task]: label },
      { categories: broken.map(({ id, title, hazards = [] }) => ({ id, title, hazards })) },
    )
  const against = (label: boolean): ReturnType<typeof readCritique> =>
    readCritique(answer.text, reading(label), judgeInputOf(row), policy)
  const gold = against(unsafe)
  if (gold.contradicts) return 'disagrees'
  // It opens with a label only where it contradicts one of the two.
  if (!against(!unsafe).contradicts) return 'unparsable'
  if (unsafe && gold.silent) return 'silent'
  return gold.invented.length > 0 ? 'invented' : null
}

/** Null where the reasoning is good. */
export function reasoningFault(answer: TeacherAnswer, { row, labels }: ReasoningQuestion): Fault | null {
  const common = formFault(answer)
  if (common !== null) return common
  const { text } = answer
  const answered = row.response !== undefined
  for (const task of GUARD_TASKS) {
    const key = ANSWER_KEYS[task]
    const word = guardReasonerWord(text, key)
    if (word === null) return 'unparsable'
    const label = parseGuardReasonerAnswer(text, key, 'strict')
    const [positive, negative] = GUARDREASONER_LABELS[key]
    const gold = labels[task]
    if (gold !== null && label !== (gold ? positive : negative)) return 'disagrees'
    if (task !== 'prompt_harm' && !answered && label !== null) return 'disagrees'
  }
  return stepsAreRight(guardReasonerReasoning(text) ?? '') && text.trimEnd().endsWith(lastLine(text))
    ? null
    : 'unparsable'
}

function formFault({ text, finish }: TeacherAnswer): Fault | null {
  if (finish === 'filtered') return 'filtered'
  if (text.trim() === '') return 'empty'
  if (DECLINES.test(text)) return 'refused'
  return finish === 'length' ? 'cut' : null
}

/** Three tasks in order, each with one to ten steps. */
function stepsAreRight(reasoning: string): boolean {
  const [before = '', ...tasks] = reasoning.split(/^# Task (?=[123]\b)/mu)
  if (before.trim() !== '' || tasks.length !== 3) return false
  return tasks.every((task, at) => {
    const steps = task.match(/^## Reasoning Step \d+/gmu)?.length ?? 0
    return task.startsWith(String(at + 1)) && steps >= 1 && steps <= MOST_STEPS
  })
}

/** The last label line of the answers, behind which nothing may stand. */
function lastLine(text: string): string {
  return /Response:[^\n]*/giu.exec(text.slice(text.lastIndexOf('Answers:')))?.[0].trimEnd() ?? '\u0000'
}
