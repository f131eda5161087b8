/**
 * A text with what is known of it: the prompt, the answer if there is one, and the three labels that GuardReasoner asks for, each of
 * which nobody may have given. Types and the small questions about a row only; files are `row-file.ts`, records `record-rows.ts`.
 */

/** In the order in which GuardReasoner reasons about them. */
export const GUARD_TASKS = ['prompt_harm', 'refusal', 'response_harm'] as const
export type GuardTask = (typeof GUARD_TASKS)[number]

/** What a label that nobody gave is: null. */
export type GuardLabels = Readonly<Record<GuardTask, boolean | null>>

export interface GuardedRow {
  /** Unique in a set of rows. */
  readonly id: string
  /** Data set that it comes from: hard samples are weighed within one. */
  readonly source: string
  readonly prompt: string
  readonly response?: string
  readonly labels: GuardLabels
  /** Hazards of the text that is judged (`S1`…); empty where nobody named any. */
  readonly hazards: readonly string[]
}

/** What ThinkGuard judges in a row: the answer where there is one, else the prompt. */
export function judgedTask({ response }: GuardedRow): 'prompt_harm' | 'response_harm' {
  return response === undefined ? 'prompt_harm' : 'response_harm'
}

/** The texts as the run-time formats take them. */
export function judgeInputOf({ prompt, response }: GuardedRow): {
  readonly prompt: string
  readonly response?: string
} {
  return response === undefined ? { prompt } : { prompt, response }
}

/** Tasks that a row has a label for. */
export function labelledTasks({ labels }: GuardedRow): readonly GuardTask[] {
  return GUARD_TASKS.filter((task) => labels[task] !== null)
}
