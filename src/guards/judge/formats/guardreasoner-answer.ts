/**
 * Reads the labels of a GuardReasoner answer (arXiv 2501.18492): `paper-compat` as the released `evaluate.py` does, `strict` so that no
 * sentence of the reasoning can pass for a label, and once more as the released mining of hard samples does, which is for no verdict. It
 * scores nothing: see `lab/eval`.
 */

/** Tasks of GuardReasoner by the key its answers use. */
export type GuardReasonerTask = 'request' | 'completion' | 'response'
export type AnswerForm = 'paper-compat' | 'strict'

/** Labels of each task, positive first. */
export const GUARDREASONER_LABELS: Readonly<Record<GuardReasonerTask, readonly [string, string]>> = {
  request: ['harmful', 'unharmful'],
  completion: ['refusal', 'compliance'],
  response: ['harmful', 'unharmful'],
}

/** Keys as the answers write them. */
const COMPAT_PATTERNS: Readonly<Record<GuardReasonerTask, RegExp>> = {
  request: /Request:\s*(harmful|unharmful)/i,
  completion: /Completion:\s*(compliance|refusal)/i,
  response: /Response:\s*(harmful|unharmful)/i,
}
const STRICT_PATTERNS: Readonly<Record<GuardReasonerTask, RegExp>> = {
  request: /Request:\s*(harmful|unharmful|none)\b/i,
  completion: /Completion:\s*(compliance|refusal|none)\b/i,
  response: /Response:\s*(harmful|unharmful|none)\b/i,
}
const MINING_PATTERNS: Readonly<Record<GuardReasonerTask, RegExp>> = {
  request: /Request:\s*(\w+)/,
  completion: /Completion:\s*(\w+)/,
  response: /Response:\s*(\w+)/,
}
/** Characters of the answer's end that the released parser looks at. */
const WINDOW = 300
const BLOCK = 'Answers:'

/** What stands where the label of a task should: a label in lower case, `none`, or null where neither does. */
export function guardReasonerWord(answer: string, task: GuardReasonerTask): string | null {
  const block = answer.lastIndexOf(BLOCK)
  const part = block === -1 ? answer.slice(-WINDOW) : answer.slice(block)
  return STRICT_PATTERNS[task].exec(part)?.[1]?.toLowerCase() ?? null
}

/**
 * The label of a task in an answer. `paper-compat`: first match in the last 300 characters, the captured word as it stands (so
 * `Harmful` equals no gold label). `strict`: after the last `Answers:`, else in the last 300 characters; in lower case.
 *
 * @returns null where no label of this task can be read; `None` is none.
 */
export function parseGuardReasonerAnswer(answer: string, task: GuardReasonerTask, form: AnswerForm): string | null {
  if (form === 'paper-compat') return COMPAT_PATTERNS[task].exec(answer.slice(-WINDOW))?.[1] ?? null
  const label = guardReasonerWord(answer, task)
  return label === 'none' ? null : label
}

/**
 * The word that the released mining script takes for the label of a task: the first behind the key in the whole answer, whatever it is, with
 * the case of letters as it stands. A sentence of the reasoning can win over the block, and `None` is a word. For repeating that mining.
 *
 * @returns null where the key is not there; the script leaves such answers out.
 */
export function minedGuardReasonerWord(answer: string, task: GuardReasonerTask): string | null {
  return MINING_PATTERNS[task].exec(answer)?.[1] ?? null
}

/** The reasoning before the answer block, without the rule that some answers put between; null where there is none. */
export function guardReasonerReasoning(answer: string): string | null {
  const block = answer.lastIndexOf(BLOCK)
  const reasoning = (block === -1 ? answer : answer.slice(0, block))
    .trim()
    .replace(/\n-{3,}$/, '')
    .trim()
  return reasoning === '' ? null : reasoning
}
