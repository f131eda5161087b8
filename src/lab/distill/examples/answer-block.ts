/** The answers that end GuardReasoner's output, as its released data write them: what the run-time parser reads. */
import { GUARDREASONER_LABELS, type GuardReasonerTask } from '../../../guards/judge/formats/index.ts'
import type { GuardLabels, GuardTask } from '../rows/guarded-row.ts'

/** The key of each task in the block. */
export const ANSWER_KEYS: Readonly<Record<GuardTask, GuardReasonerTask>> = {
  prompt_harm: 'request',
  refusal: 'completion',
  response_harm: 'response',
}

/** `None` for a label that is null. */
export function answerWord(task: GuardTask, label: boolean | null): string {
  const [positive, negative] = GUARDREASONER_LABELS[ANSWER_KEYS[task]]
  return label === null ? 'None' : label ? positive : negative
}

/** The space behind `Answers:` is in the released data. */
export function answerBlock({ prompt_harm, refusal, response_harm }: GuardLabels): string {
  return [
    'Answers: ',
    `Request: ${answerWord('prompt_harm', prompt_harm)}`,
    `Completion: ${answerWord('refusal', refusal)}`,
    `Response: ${answerWord('response_harm', response_harm)}`,
  ].join('\n')
}
