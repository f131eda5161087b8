/**
 * Answers of Granite Guardian: a bare Yes or No in the versions 3.0 to 3.2, `<score> yes </score>` from 3.3 on, with reasoning in a
 * `<think>` block before it. Stricter than the released parsers, which also take a yes or no found anywhere.
 */
import type { JudgeTask } from '../../judge-input.ts'
import { labelReading, unparsable, type JudgeReading, type LabelReading } from '../../judge-reading.ts'
import { LONGEST_ANSWER } from '../strict-json.ts'
import { thinkBlock } from '../think-block.ts'

const SCORE = /^<score>\s*(yes|no)\s*<\/score>$/i

/** Reads a scored answer: at most one think block, then exactly one score. */
export function readScore(text: string, task: JudgeTask, parts: Partial<LabelReading>): JudgeReading {
  if (text.length > LONGEST_ANSWER) return unparsable('too_long', text)
  const trimmed = text.trim()
  if (trimmed === '') return unparsable('empty', text)
  const thought = thinkBlock(trimmed)
  if (thought === null) return unparsable('unfinished', text)
  const match = SCORE.exec(thought.rest)
  if (match === null) return unparsable('no_label', text)
  const positive = match[1]?.toLowerCase() === 'yes'
  const reasoning = thought.reasoning === '' ? null : thought.reasoning
  return labelReading({ [task]: positive }, { reasoning, ...(positive ? parts : {}) })
}

/** What 3.2 says of its own confidence. */
export function confidenceOf(rest: string): Partial<LabelReading> {
  const match = /<confidence>\s*(high|low)\s*<\/confidence>/i.exec(rest)
  if (match === null) return { reasoning: null }
  return { reasoning: null, confidence: match[1]?.toLowerCase() === 'high' ? 'high' : 'low' }
}
