/**
 * The words for decisions and guards, in one place, so that the same thing is called the same everywhere on the page.
 *
 * Blocked, failed and timed out have words of their own: a block is a judgement, a failure is the absence of one.
 */
import type { Decision, GuardResult } from '../data/words.ts'

/** Weakest first; what the pipeline calls severity. */
export const DECISIONS: readonly Decision[] = ['pass', 'flag', 'modify', 'timeout', 'error', 'hold', 'refuse', 'block']

interface Words {
  readonly word: string
  /** What it means for the text. */
  readonly meaning: string
}

const WORDS: Readonly<Record<Decision, Words>> = {
  pass: { word: 'Passed', meaning: 'The text may go on as it is.' },
  flag: { word: 'Flagged', meaning: 'The text may go on; what was found is on record.' },
  modify: { word: 'Modified', meaning: 'The text may go on, with the places found replaced.' },
  refuse: { word: 'Refused', meaning: 'The text stays here; the policy answers in its own words.' },
  hold: { word: 'Held', meaning: 'The text waits for a human.' },
  block: { word: 'Blocked', meaning: 'The text was read and is not allowed.' },
  error: { word: 'Failed', meaning: 'Not judged: a guard failed, and the policy stops there.' },
  timeout: { word: 'Timed out', meaning: 'Not judged: a guard did not answer in time, and the policy stops there.' },
}

export function wordOf(decision: Decision): string {
  return WORDS[decision].word
}

export function meaningOf(decision: Decision): string {
  return WORDS[decision].meaning
}

/** A string that came over the wire, as a decision; unknown ones (of a newer gateway) are shown as failed. */
export function toDecision(value: string): Decision {
  return DECISIONS.find((decision) => decision === value) ?? 'error'
}

/** What one guard asked for, in a word. */
export function guardWord({ status, decision }: Pick<GuardResult, 'status' | 'decision'>): string {
  switch (status) {
    case 'cancelled':
      return 'Cancelled'
    case 'error':
      return decision === 'error' ? 'Failed' : 'Failed, let pass'
    case 'timeout':
      return decision === 'timeout' ? 'Timed out' : 'Timed out, let pass'
    case 'judged':
      return decision === 'retry' ? 'Ask again' : wordOf(decision)
    default:
      return status satisfies never
  }
}

const STAGES: Readonly<Record<GuardResult['stage'], string>> = {
  input: 'input',
  retrieval: 'document',
  tool_call: 'tool call',
  tool_result: 'tool result',
  output: 'answer',
}

export function stageWord(stage: GuardResult['stage']): string {
  return STAGES[stage]
}

/** The order in which the page lists scores, with their names. */
export const HEADS = [
  ['injection', 'Injection'],
  ['prompt_harm', 'Harm in the prompt'],
  ['response_harm', 'Harm in the answer'],
  ['toxicity', 'Toxicity'],
  ['refusal', 'Refusal'],
] as const

/** The family of a label (what stands before its first dot), as far as the page gives it a look of its own. */
export function familyOf(label: string): 'private' | 'secret' | 'hidden' | 'harm' | 'other' {
  const [first = ''] = label.split('.', 1)
  if (first === 'pii') return 'private'
  if (first === 'secret' || first === 'prompt_leak') return 'secret'
  if (first === 'unicode') return 'hidden'
  if (HEADS.some(([head]) => head === first) || /^S\d+$/.test(first)) return 'harm'
  return 'other'
}
